import type { TableStreams } from '../dynamodb/streams.ts';
import type { Authorization } from '../iam/policy.ts';
import type { Functions } from '../lambda/invoke.ts';
import type { Permission } from '../lambda/permissions.ts';
import { senderIdOf } from '../sqs/sending.ts';
import type { SqsService } from '../sqs/service.ts';
import type { Resource } from '../template/resource.ts';
import { Checkpoints } from './checkpoints.ts';
import {
  type MappedFunction,
  type Mapping,
  mappingOf,
  type QueueMapping,
  type StreamMapping,
} from './mapping.ts';
import { type Judging, POLLER, type PollerParts, refusalOf } from './poller.ts';
import { QueuePoller } from './queue-poller.ts';
import { StreamPoller } from './stream-poller.ts';

export interface EventSourcesOptions extends Judging {
  readonly functions: Functions & { permit(permission: Permission): void };
  readonly streams: TableStreams;
  readonly queues: SqsService;
  /** Where it is kept how far each stream was read. */
  readonly stateFile: string;
  /** Hears, once each, what stops a mapping or keeps it waiting. @default console.error */
  readonly onFault?: (error: unknown) => void;
}

/** One mapping as an operator sees it. */
export interface MappingView {
  readonly id: string;
  readonly where: string;
  readonly functionName: string;
  readonly sourceArn: string;
  readonly state: 'waiting' | 'enabled' | 'disabled' | 'refused';
  /** Of a refused mapping: what its role is not allowed. */
  readonly reason?: string;
}

/** Lambda's event source mappings: streams and queues of the run, read with each function's own role. */
export class EventSources {
  private readonly options: EventSourcesOptions;
  private readonly checkpoints: Checkpoints;
  private readonly mappings: Mapping[] = [];
  private readonly views = new Map<string, Pick<MappingView, 'state' | 'reason'>>();
  private readonly closing = new AbortController();
  private readonly running: Promise<void>[] = [];
  private readonly said = new Set<string>();

  constructor(options: EventSourcesOptions) {
    this.options = options;
    this.checkpoints = new Checkpoints(options.stateFile);
  }

  /** Takes up an AWS::Lambda::EventSourceMapping; throws for one that AWS, or the local run, would not make. */
  add(resource: Resource, target: MappedFunction): void {
    const mapping = mappingOf(resource, target);
    this.requireSource(mapping);
    this.mappings.push(mapping);
    this.views.set(mapping.id, { state: 'waiting' });
  }

  /** Starts every mapping that is enabled; resolves when each has its place in its stream. */
  async start(): Promise<void> {
    for (const mapping of this.mappings) {
      if (!mapping.enabled) {
        this.views.set(mapping.id, { state: 'disabled' });
        continue;
      }
      const reason = this.refusal(mapping);
      if (reason !== undefined) {
        this.views.set(mapping.id, { state: 'refused', reason });
        this.fault(new Error(`${mapping.where} is not polled. ${reason}`));
        continue;
      }
      const { arn: functionArn } = mapping.target;
      this.options.functions.permit({ functionArn, service: POLLER, sourceArn: mapping.sourceArn });
      this.views.set(mapping.id, { state: 'enabled' });
      if (mapping.source === 'queue') this.running.push(this.queuePoller(mapping).run());
      else await this.startStream(mapping);
    }
  }

  list(): MappingView[] {
    return this.mappings.map(({ id, where, target, sourceArn }) => ({
      id,
      where,
      functionName: target.name,
      sourceArn,
      ...(this.views.get(id) ?? { state: 'waiting' }),
    }));
  }

  /** Ends every poller; a batch in a function's hands is handed out again by the next run. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all(this.running);
  }

  private async startStream(mapping: StreamMapping): Promise<void> {
    const poller = new StreamPoller(mapping, {
      ...this.parts(),
      streams: this.options.streams,
      checkpoints: this.checkpoints,
      tellOfFailure: (body) => this.tellOfFailure(mapping, body),
    });
    await poller.prepare();
    this.running.push(poller.run());
  }

  private queuePoller(mapping: QueueMapping): QueuePoller {
    const queue = this.queue(mapping.sourceArn, mapping);
    const { queues } = this.options;
    return new QueuePoller(mapping, { ...this.parts(), queue, isUsable: () => queues.isUsable(queue) });
  }

  private tellOfFailure(mapping: StreamMapping, body: string): void {
    const queue = this.queue(mapping.onFailure ?? '', mapping);
    if (this.options.queues.isUsable(queue)) {
      queue.send({ body, senderId: senderIdOf(mapping.target.principal) });
    } else {
      this.fault(
        new Error(`${mapping.where}: ${mapping.onFailure} cannot be told of failures: its key is not usable`),
      );
    }
  }

  private requireSource(mapping: Mapping): void {
    if (mapping.source === 'queue') {
      const { visibilitySeconds } = this.queue(mapping.sourceArn, mapping).settings;
      const { timeoutSeconds } = mapping.target;
      if (visibilitySeconds >= timeoutSeconds) return;
      throw new Error(
        `${mapping.where}: Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds`,
      );
    }
    if (!this.options.streams.has(mapping.sourceArn)) {
      throw new Error(`${mapping.where}: no table of the template has the stream ${mapping.sourceArn}`);
    }
    if (mapping.onFailure !== undefined) this.queue(mapping.onFailure, mapping);
  }

  /** What CreateEventSourceMapping answers where the role may not, and the statement that is missing. */
  private refusal(mapping: Mapping): string | undefined {
    const { queues, streams } = this.options;
    const onQueue = (arn: string, ...actions: string[]) => {
      const queue = this.queue(arn, mapping);
      return actions.flatMap((action) => queues.authorizationsOn(queue, action));
    };
    const refused = (authorizations: readonly Authorization[]) =>
      refusalOf(mapping.target.principal, authorizations, this.parts());

    if (mapping.source === 'queue') {
      const missing = refused(
        onQueue(mapping.sourceArn, 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'),
      );
      return (
        missing &&
        `The provided execution role does not have permissions to poll the queue on SQS: ${missing}`
      );
    }
    const missing = refused(streams.authorizations(mapping.sourceArn));
    if (missing !== undefined) {
      return `Cannot access stream ${mapping.sourceArn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM: ${missing}`;
    }
    const untold =
      mapping.onFailure === undefined ? undefined : refused(onQueue(mapping.onFailure, 'SendMessage'));
    return (
      untold && `The provided execution role does not have permissions to call SendMessage on SQS: ${untold}`
    );
  }

  private queue(arn: string, mapping: Mapping) {
    const queue = this.options.queues.queue(arn);
    if (!queue) throw new Error(`${mapping.where}: no queue ${arn} in the template`);
    return queue;
  }

  private parts(): PollerParts {
    const { account, clock, functions, judge } = this.options;
    return {
      ...{ account, clock, functions, judge },
      signal: this.closing.signal,
      fault: (error) => this.fault(error),
    };
  }

  private fault(error: unknown): void {
    const sentence = String(error);
    if (this.said.has(sentence)) return;
    this.said.add(sentence);
    (this.options.onFault ?? console.error)(error);
  }
}
