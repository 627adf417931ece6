import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { type Courier, DeliveryFailed } from './courier.ts';
import { type Kept, KeptJobs, type Next } from './kept-jobs.ts';
import { Target } from './target.ts';

const Delivery = z.object({
  target: Target,
  text: z.string(),
  /** What a dead-letter queue gets, where that is not the text itself. */
  original: z.string().optional(),
  sender: z.object({
    service: z.enum(['events.amazonaws.com', 'scheduler.amazonaws.com']),
    sourceArn: z.string(),
    traceId: z.string().optional(),
  }),
  /** Scheduler: which run of the schedule this is. */
  run: z.object({ executionId: z.string(), scheduledTime: z.string() }).optional(),
});

/** One event on its way to one target. */
export type Delivery = Readonly<z.infer<typeof Delivery>>;

export interface DeliveriesParts {
  readonly clock: Clock;
  readonly courier: Courier;
  readonly stateFile: string;
  /** Hears of what was given up without a dead-letter queue that took it. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Everything on its way to a target: tried until it is there, or the target's retry policy ends it, and then put in its
 * dead-letter queue. Pauses between two tries double from a second up to ten minutes, without AWS's jitter.
 */
export class Deliveries {
  private readonly parts: DeliveriesParts;
  private readonly jobs: KeptJobs<Delivery>;

  constructor(parts: DeliveriesParts) {
    this.parts = parts;
    const { clock, stateFile, onFault } = parts;
    this.jobs = new KeptJobs({
      clock,
      stateFile,
      schema: Delivery,
      onFault,
      attempt: (kept) => this.attempt(kept),
    });
  }

  start(): void {
    this.jobs.start();
  }

  close(): void {
    this.jobs.close();
  }

  /** In this order, as far as they are due now; kept before this returns. */
  add(...deliveries: readonly { readonly delivery: Delivery; readonly dueAt?: number }[]): void {
    if (deliveries.length === 0) return;
    this.jobs.add(
      ...deliveries.map(({ delivery: job, dueAt }) => ({ job, ...(dueAt === undefined ? {} : { dueAt }) })),
    );
  }

  private async attempt({ job, addedAt, dueAt, tries }: Kept<Delivery>): Promise<Next<Delivery>> {
    const { target, sender, text } = job;
    try {
      await this.parts.courier.deliver(target, withAttempt(text, job, tries + 1), sender);
      return 'over';
    } catch (error) {
      if (!(error instanceof DeliveryFailed)) throw error;
      const retryAt = this.parts.clock.now() + Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** tries);
      const since = tries === 0 ? dueAt : addedAt;
      if (!error.isRetriable) return this.giveUp(job, tries, error);
      if (tries >= target.maximumRetries) return this.giveUp(job, tries, error, 'MaximumRetryAttempts');
      if (retryAt > since + target.maximumAgeMs) {
        return this.giveUp(job, tries, error, 'MaximumEventAgeInSeconds');
      }
      return { retryAt };
    }
  }

  private giveUp(job: Delivery, retries: number, failure: DeliveryFailed, exhausted?: string): 'over' {
    const { target, sender } = job;
    const what = `${sender.sourceArn} did not reach ${target.arn}: ${failure.message}`;
    if (target.deadLetterArn === undefined) {
      this.parts.onFault(new Error(what));
      return 'over';
    }
    const body = job.original ?? withAttempt(job.text, job, retries + 1);
    const attributes = attributesOf(job, retries, failure, exhausted);
    try {
      // EventBridge itself puts it there, whatever the target's role; Scheduler works as the role
      const roleArn = sender.service === 'scheduler.amazonaws.com' ? target.roleArn : undefined;
      this.parts.courier.send(target.deadLetterArn, body, roleArn, sender, attributes);
    } catch (error) {
      if (!(error instanceof DeliveryFailed)) throw error;
      this.parts.onFault(new Error(`${what}; nor its dead-letter queue: ${error.message}`));
    }
    return 'over';
  }
}

const LONGEST_PAUSE_MS = 600_000;

/** EventBridge user guide, "Using dead-letter queues"; Scheduler user guide, "Configuring a dead-letter queue". */
function attributesOf(
  { target, sender, run }: Delivery,
  retries: number,
  failure: DeliveryFailed,
  exhausted: string | undefined,
): Record<string, string> {
  const ofScheduler = sender.service === 'scheduler.amazonaws.com';
  return {
    [ofScheduler ? 'SCHEDULE_ARN' : 'RULE_ARN']: sender.sourceArn,
    TARGET_ARN: target.arn,
    ERROR_CODE: CODES[failure.why][ofScheduler ? 1 : 0],
    ERROR_MESSAGE: failure.message,
    RETRY_ATTEMPTS: String(retries),
    ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: exhausted }),
    ...(run && {
      EXECUTION_ID: run.executionId,
      SCHEDULED_TIME: run.scheduledTime,
      IS_PAYLOAD_TRUNCATED: 'false',
    }),
  };
}

/** EventBridge's code, then Scheduler's: the target API's own. */
const CODES: Readonly<Record<DeliveryFailed['why'], readonly [string, string]>> = {
  'no-permission': ['NO_PERMISSIONS', 'AccessDeniedException'],
  'no-target': ['NO_RESOURCE', 'ResourceNotFoundException'],
  unusable: ['ERROR_FROM_TARGET', 'KmsDisabled'],
  'no-json': ['INVALID_JSON', 'InvalidRequestContentException'],
};

/** Scheduler's context attribute that differs between attempts. */
function withAttempt(text: string, { run }: Delivery, attempt: number): string {
  return run ? text.replaceAll('<aws.scheduler.attempt-number>', String(attempt)) : text;
}
