import { Aws } from 'aws-cdk-lib';
import type { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';

/** Which events a trail takes; an event is taken by any of its selectors. */
export type Selector = CfnTrail.AdvancedEventSelectorProperty;

/** Every call that makes, changes or asks of resources, those of KMS among them. */
export const managementEvents: Selector = {
  name: 'Management events',
  fieldSelectors: [{ field: 'eventCategory', equalTo: ['Management'] }],
};

/** Calls on a table's items; where a deployment is named, of whoever works in none of its roles. */
export function tableEvents(tableArn: string, exceptDeployment?: string): Selector {
  return dataEvents(
    'AWS::DynamoDB::Table',
    { field: 'resources.ARN', equalTo: [tableArn] },
    exceptDeployment,
  );
}

/** Reads of a table's stream, by whoever works in none of the deployment's roles. */
export function streamEvents(streamArn: string, exceptDeployment: string): Selector {
  return dataEvents(
    'AWS::DynamoDB::Stream',
    { field: 'resources.ARN', equalTo: [streamArn] },
    exceptDeployment,
  );
}

/** Calls on a bucket's objects. An AWS service that calls for itself has no ARN, and so is not among those that begin with one. */
export function bucketEvents(bucketArn: string, withServices: boolean): Selector {
  const selector = dataEvents('AWS::S3::Object', { field: 'resources.ARN', startsWith: [`${bucketArn}/`] });
  if (withServices) return selector;
  const anybody = { field: 'userIdentity.arn', startsWith: ['arn:'] };
  return { fieldSelectors: [...(selector.fieldSelectors as Fields), anybody] };
}

type Fields = CfnTrail.AdvancedFieldSelectorProperty[];

function dataEvents(type: string, arn: Fields[number], exceptDeployment?: string): Selector {
  return {
    fieldSelectors: [
      { field: 'eventCategory', equalTo: ['Data'] },
      { field: 'resources.type', equalTo: [type] },
      arn,
      ...(exceptDeployment === undefined
        ? []
        : [{ field: 'userIdentity.arn', notStartsWith: sessionsOf(exceptDeployment) }]),
    ],
  };
}

/** What the ARNs of sessions of a deployment's own roles begin with: CloudFormation names a role by its stack. */
function sessionsOf(deployment: string): string[] {
  return ['Data', 'Audit', 'Messaging'].map(
    (stack) => `arn:${Aws.PARTITION}:sts::${Aws.ACCOUNT_ID}:assumed-role/${deployment}-${stack}-`,
  );
}
