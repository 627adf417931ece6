import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Door } from './door.ts';
import type { ParkedQueue } from './parked-queue.ts';

export interface DailyProps {
  readonly door: Door;
  /** Hour of the day in UTC. */
  readonly hour: number;
  /** Where a run is noted that failed three times. */
  readonly parked: ParkedQueue;
}

/** Runs a door once a day; a run that fails is tried twice more, and then noted. */
export class Daily extends Construct {
  constructor(scope: Construct, id: string, { door, hour, parked }: DailyProps) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: `Runs the door ${door.node.id} once a day`,
      schedule: Schedule.cron({ hour: String(hour), minute: '0' }),
      targets: [new LambdaFunction(door.function, { maxEventAge: Duration.hours(6), retryAttempts: 2 })],
    });
    parked.noteFailures(this, door);
  }
}
