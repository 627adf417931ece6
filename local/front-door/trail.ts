import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { identityOf } from '../iam/identity.ts';
import type { IssuedCredentials } from './credentials.ts';
import { Recent } from './recent.ts';
import type { Call, TrailFacts } from './service.ts';

/** One event in the format of CloudTrail (user guide, "CloudTrail record contents"). */
export interface TrailEvent {
  readonly eventVersion: '1.11';
  readonly userIdentity: Readonly<Record<string, unknown>>;
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: unknown;
  readonly responseElements: unknown;
  readonly additionalEventData?: Readonly<Record<string, unknown>>;
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: boolean;
  readonly resources?: readonly { readonly accountId: string; readonly type: string; readonly ARN: string }[];
  readonly eventType: 'AwsApiCall' | 'AwsServiceEvent';
  readonly managementEvent: boolean;
  readonly recipientAccountId: string;
  readonly eventCategory: 'Management' | 'Data';
}

/** How a call ended, as far as a trail may say it. */
export interface TrailOutcome {
  readonly errorCode?: string | undefined;
  /** Only sentences that hold no contents: CloudTrail would take any. */
  readonly errorMessage?: string | undefined;
}

export interface TrailSettings {
  readonly account: Account;
  readonly clock: Clock;
  /** Events are appended here as JSON lines, each before its call is answered; without a file they stay in memory. */
  readonly file?: string | undefined;
  /** Events kept in memory. @default 10000 */
  readonly capacity?: number | undefined;
}

/** Who called what, when and with which end, in CloudTrail's own format; identifiers, never contents. */
export class Trail {
  private readonly settings: TrailSettings;
  private readonly recent: Recent<TrailEvent>;
  private descriptor: number | undefined;

  constructor(settings: TrailSettings) {
    this.settings = settings;
    this.recent = new Recent(settings.capacity ?? 10_000);
    if (settings.file !== undefined) {
      mkdirSync(dirname(settings.file), { recursive: true });
      this.descriptor = openSync(settings.file, 'a', 0o600);
    }
  }

  /** Writes a call's event. `caller` is absent for an operation that AWS serves unsigned. */
  write(call: Call, caller: IssuedCredentials | undefined, facts: TrailFacts, outcome: TrailOutcome): void {
    const { account, clock } = this.settings;
    const failed = outcome.errorCode !== undefined;
    const event: TrailEvent = {
      eventVersion: '1.11',
      userIdentity: facts.isServiceEvent ? { accountId: account.accountId } : userIdentity(caller),
      eventTime: seconds(clock.now()),
      eventSource: `${call.service}.amazonaws.com`,
      eventName: facts.eventName ?? call.operation,
      awsRegion: account.region,
      sourceIPAddress: call.sourceIp,
      userAgent: call.headers['user-agent'] ?? '',
      ...(failed ? { errorCode: outcome.errorCode } : {}),
      ...(outcome.errorMessage === undefined ? {} : { errorMessage: outcome.errorMessage }),
      requestParameters: facts.requestParameters ?? null,
      responseElements: failed ? null : (facts.responseElements ?? null),
      ...(facts.additionalEventData ? { additionalEventData: facts.additionalEventData } : {}),
      requestID: call.requestId,
      eventID: randomUUID(),
      readOnly: facts.readOnly,
      ...(facts.resources.length > 0 ? { resources: resources(facts, account) } : {}),
      eventType: facts.isServiceEvent ? 'AwsServiceEvent' : 'AwsApiCall',
      managementEvent: facts.category === 'Management',
      recipientAccountId: account.accountId,
      eventCategory: facts.category,
    };
    this.recent.push(event);
    if (this.descriptor !== undefined) writeSync(this.descriptor, `${JSON.stringify(event)}\n`);
  }

  /** The newest events, oldest first. */
  events(): readonly TrailEvent[] {
    return this.recent.values();
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}

/** CloudTrail user guide, "userIdentity element". */
function userIdentity(caller: IssuedCredentials | undefined): Readonly<Record<string, unknown>> {
  if (!caller) return { type: 'Unknown', principalId: 'Anonymous' };
  const { principal, credentials, issuedAt } = caller;
  const identity = identityOf(principal);
  const { arn, accountId } = principal;
  const { accessKeyId } = credentials;
  if (identity.type === 'Service') return { type: 'AWSService', invokedBy: identity.name };
  if (identity.type !== 'AssumedRole') {
    const type = identity.type === 'User' ? 'IAMUser' : 'Root';
    return { type, principalId: identity.id, arn, accountId, accessKeyId, userName: identity.name };
  }
  return {
    type: 'AssumedRole',
    principalId: `${identity.id}:${identity.session}`,
    arn,
    accountId,
    accessKeyId,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: identity.id,
        arn: principal.identityArn,
        accountId,
        userName: identity.name,
      },
      attributes: { creationDate: seconds(issuedAt), mfaAuthenticated: 'false' },
      ...(principal.sourceIdentity === undefined ? {} : { sourceIdentity: principal.sourceIdentity }),
    },
  };
}

function resources(facts: TrailFacts, account: Account): TrailEvent['resources'] {
  return facts.resources.map(({ type, arn }) => ({ accountId: account.accountId, type, ARN: arn }));
}

function seconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}/, '');
}
