import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Door } from './door.ts';

/** Runs `door` each hour. A run that failed is not tried again: the next one does all there is to do. */
export function everyHour(door: Door): void {
  new Rule(door, 'EveryHour', {
    description: `Runs the door ${door.node.id} each hour`,
    schedule: Schedule.rate(Duration.hours(1)),
    targets: [new LambdaFunction(door.function, { retryAttempts: 0 })],
  });
}
