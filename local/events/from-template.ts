import { join } from 'node:path';
import type { Judging } from '../event-sources/poller.ts';
import type { LambdaService } from '../lambda/service.ts';
import { SchedulerService } from '../scheduler/service.ts';
import type { SqsService } from '../sqs/service.ts';
import { principalOf } from '../template/principals.ts';
import type { Resource } from '../template/resource.ts';
import { Courier, type Sender } from './courier.ts';
import { Deliveries } from './deliveries.ts';
import { EventInvocations } from './event-invocations.ts';
import { EventBridgeService } from './service.ts';

/** EventBridge and Scheduler of a run, and what carries their events. */
export interface Events {
  readonly buses: EventBridgeService;
  readonly schedules: SchedulerService;
  readonly invocations: Pick<EventInvocations, 'invoke'>;
  /** Takes up what the last run left, and follows every schedule. */
  start(): void;
  close(): void;
}

/** Every bus, rule, schedule and asynchronous invocation's settings of the template. */
export function eventsOf(
  parts: Judging & {
    readonly functions: LambdaService;
    readonly queues: SqsService;
    readonly resources: readonly Resource[];
    /** Where what must outlive a run is kept. */
    readonly directory: string;
    readonly onFault?: (error: unknown) => void;
  },
): Events {
  const { account, clock, judge, functions, queues, resources, onFault = console.error } = parts;
  const file = (name: string) => join(parts.directory, name);
  const assume = (roleArn: string, { service, sourceArn }: Sender) =>
    principalOf(roleArn, resources, account, sessionOf(sourceArn), service, sourceArn);

  const roleOf = (functionArn: string) => {
    const found = functionNamed(functionArn, resources);
    if (!found) throw new Error(`no function ${functionArn} in the template`);
    const { properties, ref } = found;
    return principalOf(String(properties.Role), resources, account, ref, 'lambda.amazonaws.com');
  };
  const stateFile = file('event-invocations.json');
  const invocations = new EventInvocations({
    ...{ account, clock, judge, functions, queues, roleOf, stateFile, onFault },
  });
  const permit: LambdaService['permit'] = (permission) => functions.permit(permission);
  const courier = new Courier({ account, clock, judge, invocations, queues, permit, assume });
  const deliveries = new Deliveries({ clock, courier, stateFile: file('deliveries.json'), onFault });
  const buses = new EventBridgeService({ account, clock, deliveries, stateFile: file('events.json') });
  const schedules = new SchedulerService({
    ...{ account, clock, deliveries, stateFile: file('scheduler.json') },
    requireTrust: (roleArn, sourceArn) =>
      void assume(roleArn, { service: 'scheduler.amazonaws.com', sourceArn }),
  });

  const each = (type: string, take: (resource: Resource) => void) => {
    for (const resource of resources) if (resource.type === type) take(resource);
  };
  each('AWS::Lambda::Function', (resource) => invocations.addFunction(resource));
  each('AWS::Lambda::EventInvokeConfig', (resource) => {
    const found = functionNamed(String(resource.properties.FunctionName), resources);
    if (!found)
      throw new Error(`${resource.stack}.${resource.logicalId}: its function is not in the template`);
    invocations.addConfig(resource, found.attributes.Arn ?? '');
  });
  each('AWS::Events::EventBus', (resource) => buses.addBus(resource));
  each('AWS::Events::EventBusPolicy', (resource) => buses.addBusPolicy(resource));
  each('AWS::Events::Rule', (resource) => buses.addRule(resource, resources));
  each('AWS::Scheduler::ScheduleGroup', (resource) => schedules.addGroup(resource));
  each('AWS::Scheduler::Schedule', (resource) => schedules.addSchedule(resource, resources));

  const inOrder = [invocations, deliveries, buses, schedules];
  return {
    buses,
    schedules,
    invocations,
    start: () => {
      for (const part of inOrder) part.start();
    },
    close: () => {
      for (const part of inOrder.toReversed()) part.close();
    },
  };
}

/** By name or ARN. */
function functionNamed(named: string, resources: readonly Resource[]): Resource | undefined {
  return resources.find(
    ({ type, ref, attributes }) =>
      type === 'AWS::Lambda::Function' && (ref === named || attributes.Arn === named),
  );
}

function sessionOf(sourceArn: string): string {
  return sourceArn.replace(/^.*\//, '').slice(0, 64);
}
