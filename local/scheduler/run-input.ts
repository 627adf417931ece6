import type { Account } from '../account.ts';
import type { Schedule } from './schedule.ts';

/** One run of a schedule. */
export interface Run {
  readonly scheduleArn: string;
  readonly executionId: string;
  /** ISO 8601, in seconds. */
  readonly scheduledTime: string;
}

/**
 * What the target gets: the schedule's Input with its context attributes filled in (Scheduler user guide, "Adding context
 * attributes"; the attempt's number is filled in with each attempt), or an event that says which schedule it was.
 */
export function runInput({ Target: { Input } }: Schedule, run: Run, { accountId, region }: Account): string {
  if (Input !== undefined) {
    return Input.replaceAll('<aws.scheduler.schedule-arn>', run.scheduleArn)
      .replaceAll('<aws.scheduler.scheduled-time>', run.scheduledTime)
      .replaceAll('<aws.scheduler.execution-id>', run.executionId);
  }
  return JSON.stringify({
    version: '0',
    id: run.executionId,
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: accountId,
    time: run.scheduledTime,
    region,
    resources: [run.scheduleArn],
    detail: '{}',
  });
}
