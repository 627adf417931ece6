import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Door } from './door.ts';

/** Runs `door` each minute. A run that failed is not tried again: the next one does all there is to do. */
export function everyMinute(door: Door): void {
  new Rule(door, 'EveryMinute', {
    description: `Runs the door ${door.node.id} each minute`,
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaFunction(door.function, { retryAttempts: 0 })],
  });
}
