import type { Account } from '../account.ts';
import { principalOf } from '../template/principals.ts';
import type { Resource } from '../template/resource.ts';
import type { EventSources } from './event-sources.ts';
import type { MappedFunction } from './mapping.ts';

/** Every event source mapping of the template, each with its function's own role. */
export function addMappings(
  eventSources: EventSources,
  resources: readonly Resource[],
  account: Account,
): void {
  for (const resource of resources) {
    if (resource.type !== 'AWS::Lambda::EventSourceMapping') continue;
    eventSources.add(resource, functionOf(resource, resources, account));
  }
}

/** By name or ARN. */
function functionOf(mapping: Resource, resources: readonly Resource[], account: Account): MappedFunction {
  const named = String(mapping.properties.FunctionName);
  const found = resources.find(
    ({ type, ref, attributes }) =>
      type === 'AWS::Lambda::Function' && (ref === named || attributes.Arn === named),
  );
  if (!found) {
    throw new Error(`${mapping.stack}.${mapping.logicalId}: no function ${named} in the template`);
  }
  const { ref: name, properties, attributes } = found;
  return {
    arn: attributes.Arn ?? '',
    name,
    timeoutSeconds: Number(properties.Timeout ?? 3),
    principal: principalOf(String(properties.Role), resources, account, name, 'lambda.amazonaws.com'),
  };
}
