import { type Judging, refusalOf } from '../event-sources/poller.ts';
import { AwsError } from '../front-door/service.ts';
import type { Authorization, Principal } from '../iam/policy.ts';
import { InvokeRefused } from '../lambda/invoke.ts';
import type { Permission } from '../lambda/permissions.ts';
import { senderIdOf } from '../sqs/sending.ts';
import type { SqsService } from '../sqs/service.ts';
import type { EventInvocations } from './event-invocations.ts';
import { isQueue, isTopic, type Target } from './target.ts';

/** Who hands something over: a service, for a rule or a schedule. */
export interface Sender {
  readonly service: 'events.amazonaws.com' | 'scheduler.amazonaws.com';
  readonly sourceArn: string;
  /** `Root=…`, under which a function then runs. */
  readonly traceId?: string;
}

/** Why a target was not reached. */
export class DeliveryFailed extends Error {
  readonly why: 'no-permission' | 'no-target' | 'unusable' | 'no-json';

  constructor(why: DeliveryFailed['why'], message: string) {
    super(message);
    this.name = 'DeliveryFailed';
    this.why = why;
  }

  /** Without permission or target no retry would help (EventBridge user guide, "How EventBridge retries"). */
  get isRetriable(): boolean {
    return this.why === 'unusable';
  }
}

export interface CourierParts extends Judging {
  readonly invocations: EventInvocations;
  readonly queues: SqsService;
  readonly permit: (permission: Permission) => void;
  /** The session of a role that the service works as; throws where the role's trust policy does not let it. */
  readonly assume: (roleArn: string, sender: Sender) => Principal;
}

/**
 * Brings events to functions and queues: as the target's role where it has one, else as the service itself, which the
 * function's or the queue's own policy must then admit for this very rule.
 */
export class Courier {
  private readonly parts: CourierParts;
  private readonly permitted = new Set<string>();

  constructor(parts: CourierParts) {
    this.parts = parts;
  }

  /** Rejects with {@link DeliveryFailed}; a function that fails at its event has been reached. */
  async deliver({ arn, roleArn }: Target, text: string, sender: Sender): Promise<void> {
    if (isTopic(arn)) return;
    if (isQueue(arn)) this.send(arn, text, roleArn, sender);
    else await this.invoke(arn, text, roleArn, sender);
  }

  /** Puts a message in a queue; throws {@link DeliveryFailed}. */
  send(
    queueArn: string,
    body: string,
    roleArn: string | undefined,
    sender: Sender,
    attributes: Readonly<Record<string, string>> = {},
  ): void {
    const { queues } = this.parts;
    const queue = queues.queue(queueArn);
    if (!queue) throw new DeliveryFailed('no-target', 'The specified queue does not exist.');
    const principal = this.principal(roleArn, sender);
    this.require(principal, queues.authorizationsOn(queue, 'SendMessage'), sender);
    if (!queues.isUsable(queue)) {
      throw new DeliveryFailed('unusable', `${queue.settings.customerKey} is disabled.`);
    }
    queue.send({
      body,
      senderId: senderIdOf(principal),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
      ),
    });
  }

  private async invoke(
    functionArn: string,
    text: string,
    roleArn: string | undefined,
    sender: Sender,
  ): Promise<void> {
    if (!isJson(text)) {
      throw new DeliveryFailed('no-json', 'Could not parse request body into json: the input is no JSON');
    }
    if (roleArn !== undefined) {
      const authorization = { action: 'lambda:InvokeFunction', resource: functionArn };
      this.require(this.principal(roleArn, sender), [authorization], sender);
      this.permitOnce(functionArn, sender);
    }
    try {
      await this.parts.invocations.invoke(functionArn, text, sender);
    } catch (error) {
      if (error instanceof InvokeRefused) throw new DeliveryFailed('no-permission', error.message);
      if (error instanceof AwsError) throw new DeliveryFailed('no-target', error.message);
      throw error;
    }
  }

  private principal(roleArn: string | undefined, sender: Sender): Principal {
    if (roleArn === undefined) {
      const { service } = sender;
      return { arn: service, identityArn: service, accountId: this.parts.account.accountId, policies: [] };
    }
    try {
      return this.parts.assume(roleArn, sender);
    } catch (error) {
      throw new DeliveryFailed('no-permission', error instanceof Error ? error.message : String(error));
    }
  }

  private require(principal: Principal, authorizations: readonly Authorization[], sender: Sender): void {
    const { account } = this.parts;
    const keys = { 'aws:SourceArn': sender.sourceArn, 'aws:SourceAccount': account.accountId };
    const asService = principal.identityArn === sender.service;
    const asked = authorizations.map((one) =>
      asService ? { ...one, context: { ...keys, ...one.context } } : one,
    );
    const refusal = refusalOf(principal, asked, this.parts);
    if (refusal !== undefined) throw new DeliveryFailed('no-permission', refusal);
  }

  /** A role that may invoke needs no permission of the function's own. */
  private permitOnce(functionArn: string, { service, sourceArn }: Sender): void {
    const name = `${functionArn} ${service} ${sourceArn}`;
    if (this.permitted.has(name)) return;
    this.permitted.add(name);
    this.parts.permit({ functionArn, service, sourceArn });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
