import { z } from 'zod';
import { type Judging, refusalOf } from '../event-sources/poller.ts';
import type { Principal } from '../iam/policy.ts';
import type { Functions, Invocation, Invoker } from '../lambda/invoke.ts';
import { senderIdOf } from '../sqs/sending.ts';
import type { SqsService } from '../sqs/service.ts';
import type { Resource } from '../template/resource.ts';
import { type Kept, KeptJobs, type Next } from './kept-jobs.ts';

const Event = z.object({
  functionArn: z.string(),
  /** JSON. */
  text: z.string(),
  invoker: z.object({ service: z.string(), sourceArn: z.string(), traceId: z.string().optional() }),
});
type Event = z.infer<typeof Event>;

/** What an AWS::Lambda::EventInvokeConfig, or a function's DeadLetterConfig, says of one function. */
interface Settings {
  readonly maximumRetries: number;
  readonly maximumAgeMs: number;
  /** ARNs of queues. */
  readonly onFailure?: string;
  readonly deadLetters?: string;
}

/** Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation". */
const DEFAULTS: Settings = { maximumRetries: 2, maximumAgeMs: 21_600_000 };
const MINUTE_MS = 60_000;

export interface EventInvocationsParts extends Judging {
  readonly functions: Functions;
  readonly queues: SqsService;
  /** The execution role's session of a function of the template. */
  readonly roleOf: (functionArn: string) => Principal;
  /** Where events that a function failed at wait for their next try. */
  readonly stateFile: string;
  readonly onFault: (error: unknown) => void;
}

/**
 * Asynchronous invocation: nobody waits for the answer, and an event that a function fails at is tried again after one
 * minute and after two more, then goes to the function's on-failure destination or dead-letter queue.
 */
export class EventInvocations {
  private readonly parts: EventInvocationsParts;
  private readonly settings = new Map<string, Settings>();
  private readonly retries: KeptJobs<Event>;

  constructor(parts: EventInvocationsParts) {
    this.parts = parts;
    const { clock, stateFile, onFault } = parts;
    this.retries = new KeptJobs({
      clock,
      stateFile,
      schema: Event,
      onFault,
      attempt: (kept) => this.retry(kept),
    });
  }

  /** Takes up a function's DeadLetterConfig, where it has one. */
  addFunction({ properties, attributes, stack, logicalId }: Resource): void {
    const target = (properties.DeadLetterConfig as { TargetArn?: unknown } | undefined)?.TargetArn;
    if (target === undefined) return;
    this.change(attributes.Arn ?? '', { deadLetters: this.queueArn(target, `${stack}.${logicalId}`) });
  }

  /** Takes up an AWS::Lambda::EventInvokeConfig; throws for what is not done here. */
  addConfig({ properties, stack, logicalId }: Resource, functionArn: string): void {
    const where = `${stack}.${logicalId} (AWS::Lambda::EventInvokeConfig)`;
    const read = Config.safeParse(properties);
    if (!read.success) throw new Error(`${where}: ${z.prettifyError(read.error)}`);
    const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = read.data;
    const destination = DestinationConfig?.OnFailure?.Destination;
    this.change(functionArn, {
      ...(MaximumRetryAttempts === undefined ? {} : { maximumRetries: MaximumRetryAttempts }),
      ...(MaximumEventAgeInSeconds === undefined ? {} : { maximumAgeMs: MaximumEventAgeInSeconds * 1000 }),
      ...(destination === undefined ? {} : { onFailure: this.queueArn(destination, where) }),
    });
  }

  start(): void {
    this.retries.start();
  }

  close(): void {
    this.retries.close();
  }

  /** Hands over one event; rejects as {@link Functions.invoke} does where it is not taken. */
  async invoke(functionArn: string, text: string, invoker: Invoker): Promise<void> {
    const invocation = await this.parts.functions.invoke(functionArn, JSON.parse(text), invoker);
    if (invocation.functionError === undefined) return;
    const event: Event = { functionArn, text, invoker: { ...invoker } };
    if (this.settingsOf(functionArn).maximumRetries === 0) this.giveUp(event, 1, invocation);
    else this.retries.add({ job: event, dueAt: this.parts.clock.now() + MINUTE_MS });
  }

  private async retry({ job, addedAt, tries }: Kept<Event>): Promise<Next<Event>> {
    const { clock, functions } = this.parts;
    const { maximumRetries, maximumAgeMs } = this.settingsOf(job.functionArn);
    if (clock.now() - addedAt > maximumAgeMs) return this.giveUp(job, tries + 1);
    const { functionArn, text, invoker } = job;
    const { traceId, ...asked } = invoker;
    const invocation = await functions.invoke(functionArn, JSON.parse(text), {
      ...asked,
      ...(traceId === undefined ? {} : { traceId }),
    });
    if (invocation.functionError === undefined) return 'over';
    if (tries + 1 >= maximumRetries) return this.giveUp(job, tries + 2, invocation);
    return { retryAt: clock.now() + (tries + 2) * MINUTE_MS };
  }

  /** Without a destination the event is gone, as it is on AWS. */
  private giveUp(event: Event, invocations: number, last?: Invocation): 'over' {
    const { onFailure, deadLetters } = this.settingsOf(event.functionArn);
    if (onFailure !== undefined) this.tell(event, onFailure, { body: this.record(event, invocations, last) });
    if (deadLetters !== undefined) {
      const failure = last?.payload as { errorMessage?: unknown } | undefined;
      this.tell(event, deadLetters, {
        body: event.text,
        attributes: {
          RequestID: { DataType: 'String', StringValue: last?.requestId ?? 'none' },
          ErrorCode: { DataType: 'Number', StringValue: '200' },
          ErrorMessage: {
            DataType: 'String',
            StringValue: String(failure?.errorMessage ?? 'none').slice(0, 1024),
          },
        },
      });
    }
    return 'over';
  }

  /** Under the function's own role (same guide, "Adding a dead-letter queue"). */
  private tell(event: Event, queueArn: string, sent: Omit<Parameters<Queue['send']>[0], 'senderId'>): void {
    const { queues, roleOf, onFault } = this.parts;
    const queue = queues.queue(queueArn);
    const role = roleOf(event.functionArn);
    const refusal = queue && refusalOf(role, queues.authorizationsOn(queue, 'SendMessage'), this.parts);
    if (!queue || refusal !== undefined || !queues.isUsable(queue)) {
      onFault(
        new Error(
          `${event.functionArn} cannot tell ${queueArn} of a failed event: ${refusal ?? 'its key is not usable'}`,
        ),
      );
      return;
    }
    queue.send({ ...sent, senderId: senderIdOf(role) });
  }

  /** The invocation record (same guide, "Capturing records of Lambda asynchronous invocations"). */
  private record(event: Event, invocations: number, last: Invocation | undefined): string {
    return JSON.stringify({
      version: '1.0',
      timestamp: new Date(this.parts.clock.now()).toISOString(),
      requestContext: {
        requestId: last?.requestId,
        functionArn: `${event.functionArn}:$LATEST`,
        condition: last ? 'RetriesExhausted' : 'EventAgeExceeded',
        approximateInvokeCount: invocations,
      },
      requestPayload: JSON.parse(event.text),
      ...(last && {
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: last.functionError },
        responsePayload: last.payload,
      }),
    });
  }

  private settingsOf(functionArn: string): Settings {
    return this.settings.get(functionArn) ?? DEFAULTS;
  }

  private change(functionArn: string, change: Partial<Settings>): void {
    this.settings.set(functionArn, { ...this.settingsOf(functionArn), ...change });
  }

  private queueArn(target: unknown, where: string): string {
    const arn = String(target);
    if (this.parts.queues.queue(arn)) return arn;
    throw new Error(`${where}: ${arn} is no queue of the template, and failed events go nowhere else here`);
  }
}

type Queue = NonNullable<ReturnType<SqsService['queue']>>;

const Config = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST').optional(),
  MaximumRetryAttempts: z.coerce.number().int().min(0).max(2).optional(),
  MaximumEventAgeInSeconds: z.coerce.number().int().min(60).max(21_600).optional(),
  DestinationConfig: z
    .strictObject({ OnFailure: z.strictObject({ Destination: z.string() }).optional() })
    .optional(),
});
