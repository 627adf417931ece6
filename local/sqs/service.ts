import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import { checkPolicy } from '../iam/check-policy.ts';
import type { Authorization, NamedPolicy, PolicyDocument } from '../iam/policy.ts';
import type { Resource } from '../template/resource.ts';
import { type KeyPolicyOf, queueAuthorizations } from './authorizations.ts';
import { noQueue, queryErrorHeader } from './errors.ts';
import { MessageLog } from './message-log.ts';
import { Queue } from './queue.ts';
import { queueAttributes } from './queue-attributes.ts';
import { admitsRedrive, queueSettings } from './queue-settings.ts';
import { changeBatch, changeOne, deleteBatch, deleteOne, receive } from './receiving.ts';
import { names, text } from './request.ts';
import { sendBatch, sendOne } from './sending.ts';
import { trailOf } from './trail.ts';

export interface SqsOptions {
  readonly account: Account;
  readonly clock: Clock;
  /** Where messages are kept between runs: see {@link MessageLog}. */
  readonly stateFile: string;
  readonly keyPolicyOf: KeyPolicyOf;
}

/** Amazon SQS for standard queues, which come from the template alone. */
export class SqsService implements AwsService {
  readonly name = 'sqs';
  readonly protocol = 'json-1.0';
  readonly targetPrefix = 'AmazonSQS';
  readonly errorHeaders = queryErrorHeader;

  private readonly options: SqsOptions;
  private readonly log: MessageLog;
  /** By ARN. */
  private readonly queues = new Map<string, Queue>();
  private readonly policies = new Map<string, NamedPolicy>();
  private readonly closing = new AbortController();

  constructor(options: SqsOptions) {
    this.options = options;
    this.log = new MessageLog(options.stateFile);
  }

  addQueue(resource: Resource): void {
    const settings = queueSettings(resource, this.options.account);
    const deadLetterArn = settings.redrive?.deadLetterArn;
    const queue = new Queue(settings, {
      clock: this.options.clock,
      log: this.log,
      deadLetters: () => {
        const target = deadLetterArn === undefined ? undefined : this.queues.get(deadLetterArn);
        return target && admitsRedrive(target.settings, settings) ? target : undefined;
      },
    });
    this.queues.set(settings.arn, queue);
  }

  /** A queue's resource policy; SQS keeps one for each queue. */
  addPolicy({ stack, logicalId, properties }: Resource): void {
    const policy = { name: logicalId, document: properties.PolicyDocument as PolicyDocument };
    checkPolicy(policy, 'resource');
    for (const url of Array.isArray(properties.Queues) ? properties.Queues : []) {
      const queue = this.byUrl(String(url));
      if (!queue) throw new Error(`${stack}.${logicalId}: no queue ${String(url)} in the template`);
      const { arn } = queue.settings;
      if (this.policies.has(arn)) {
        throw new Error(`${stack}.${logicalId}: ${arn} has a policy already, and a queue has only one`);
      }
      this.policies.set(arn, policy);
    }
  }

  /** The queue with this ARN. */
  queue(arn: string): Queue | undefined {
    return this.queues.get(arn);
  }

  /** What must be allowed for one action (`ReceiveMessage`, …) on a queue, its key included. */
  authorizationsOn(queue: Queue, action: string): readonly Authorization[] {
    const { account, keyPolicyOf } = this.options;
    const policy = this.policies.get(queue.settings.arn);
    return queueAuthorizations(action, queue.settings, { account, policy, keyPolicyOf });
  }

  /** False while the queue's own key is disabled or waits for its deletion. */
  isUsable({ settings }: Queue): boolean {
    return settings.customerKey === undefined || this.options.keyPolicyOf(settings.customerKey).usable;
  }

  /** Ends every wait for a message. */
  close(): void {
    this.closing.abort();
    for (const queue of this.queues.values()) queue.close();
    this.log.close();
  }

  authorizations(call: Call): readonly Authorization[] {
    this.workOf(call);
    return this.authorizationsOn(this.queueOf(call), call.operation.replace(/Batch$/, ''));
  }

  async handle(call: Call): Promise<Answer> {
    const queue = this.queueOf(call);
    if (USING_KEY.has(call.operation) && !this.isUsable(queue)) {
      throw new AwsError('KmsDisabled', `${queue.settings.customerKey} is disabled.`);
    }
    return { body: await this.workOf(call)(queue, call) };
  }

  trail(call: Call): TrailFacts {
    return trailOf(call, this.find(call)?.settings.arn);
  }

  private workOf({ operation }: Call): (queue: Queue, call: Call) => unknown {
    const work = Object.hasOwn(this.operations, operation) ? this.operations[operation] : undefined;
    if (work) return work;
    throw new AwsError('UnknownOperationException', `the local queues do not serve ${operation}`);
  }

  private readonly operations: Readonly<Record<string, (queue: Queue, call: Call) => unknown>> = {
    SendMessage: sendOne,
    SendMessageBatch: sendBatch,
    ReceiveMessage: (queue, call) => receive(queue, call, this.closing.signal),
    DeleteMessage: deleteOne,
    DeleteMessageBatch: deleteBatch,
    ChangeMessageVisibility: changeOne,
    ChangeMessageVisibilityBatch: changeBatch,
    GetQueueUrl: ({ settings }) => ({ QueueUrl: settings.url }),
    GetQueueAttributes: (queue, { input }) => {
      const policy = this.policies.get(queue.settings.arn)?.document;
      const attributes = queueAttributes(queue, names(input, 'AttributeNames'), policy);
      return Object.keys(attributes).length === 0 ? {} : { Attributes: attributes };
    },
    PurgeQueue: (queue) => {
      if (queue.purge()) return {};
      throw new AwsError(
        'PurgeQueueInProgress',
        `Only one PurgeQueue operation on ${queue.settings.name} is allowed every 60 seconds.`,
        403,
      );
    },
  };

  private queueOf(call: Call): Queue {
    const queue = this.find(call);
    if (queue) return queue;
    text(call.input, call.operation === 'GetQueueUrl' ? 'QueueName' : 'QueueUrl');
    throw noQueue();
  }

  private find({ operation, input }: Call): Queue | undefined {
    if (operation !== 'GetQueueUrl') return this.byUrl(String(input.QueueUrl));
    const { accountId } = this.options.account;
    if ((input.QueueOwnerAWSAccountId ?? accountId) !== accountId) return undefined;
    return [...this.queues.values()].find(({ settings }) => settings.name === input.QueueName);
  }

  /** By account and name, whatever host the URL names: that of this run, or AWS's. */
  private byUrl(url: string): Queue | undefined {
    const [, accountId, name] = /\/(\d{12})\/([\w-]+)$/.exec(url) ?? [];
    if (accountId !== this.options.account.accountId) return undefined;
    return [...this.queues.values()].find(({ settings }) => settings.name === name);
  }
}

const USING_KEY = new Set(['SendMessage', 'SendMessageBatch', 'ReceiveMessage']);
