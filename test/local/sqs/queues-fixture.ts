import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignatureV4 } from '@smithy/signature-v4';
import { onTestFinished } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { CredentialStore } from '../../../local/front-door/credentials.ts';
import { Faults } from '../../../local/front-door/faults.ts';
import { Meter } from '../../../local/front-door/meter.ts';
import { FrontDoor } from '../../../local/front-door/server.ts';
import { Trail } from '../../../local/front-door/trail.ts';
import type { Principal } from '../../../local/iam/policy.ts';
import { SqsService } from '../../../local/sqs/service.ts';
import type { Resource } from '../../../local/template/resource.ts';
import { identified } from '../event-sources/sources.ts';
import { role } from '../front-door/open-front-door.ts';

export const mayAll = role('Worker', { Effect: 'Allow', Action: '*', Resource: '*' });
export const queueUrl = 'https://sqs.us-east-1.amazonaws.com/111122223333/q';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sqs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One answer: its members are those of whichever operation was asked for. */
export interface Told {
  readonly status: number;
  readonly queryError: string | null;
  readonly body: {
    readonly __type?: string;
    readonly Message?: string;
    readonly MessageId?: string;
    readonly MD5OfMessageBody?: string;
    readonly MD5OfMessageAttributes?: string;
    readonly Messages?: readonly { readonly MessageId: string; readonly ReceiptHandle: string }[];
    readonly Attributes?: Readonly<Record<string, string>>;
    readonly Successful?: unknown;
    readonly Failed?: unknown;
  };
}

/** A front door with queues behind it; requests are signed and sent as an SDK does. Gone when the test ends. */
export async function startQueues({
  folder = temporaryFolder(),
  properties = {},
  more = [],
  usable = true,
}: {
  folder?: string;
  properties?: Record<string, unknown>;
  more?: Resource[];
  usable?: boolean;
} = {}) {
  const clock = new Clock();
  const key = { policy: { name: 'Key policy', document: keyPolicy }, usable };
  const service = new SqsService({
    account: localAccount,
    clock,
    stateFile: join(folder, 'sqs.jsonl'),
    keyPolicyOf: () => key,
  });
  const queue = identified('AWS::SQS::Queue', 'Queue', { QueueName: 'q', ...properties });
  for (const one of [queue, ...more]) {
    if (one.type === 'AWS::SQS::Queue') service.addQueue(one);
    else service.addPolicy(one);
  }
  const credentials = new CredentialStore(clock);
  const trail = new Trail({ account: localAccount, clock });
  const door = new FrontDoor({
    account: localAccount,
    clock,
    services: [service],
    credentials,
    trail,
    meter: new Meter(),
    faults: new Faults(),
  });
  const url = new URL(await door.listen(0));
  const close = async () => {
    await door.close();
    service.close();
    clock.stop();
  };
  onTestFinished(close);

  const call = async (operation: string, input: object, who: Principal = mayAll): Promise<Told> => {
    const signer = new SignatureV4({
      credentials: credentials.issue(who),
      region: 'us-east-1',
      service: 'sqs',
      sha256: Sha256,
    });
    const body = JSON.stringify(input);
    const headers = {
      host: url.host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${operation}`,
    };
    const { protocol, hostname } = url;
    const request = { method: 'POST', protocol, hostname, path: '/', query: {}, headers, body };
    const signed = await signer.sign(request, { signingDate: new Date(clock.now()) });
    const { host: _, ...sent } = signed.headers;
    const answer = await fetch(url, { method: 'POST', headers: sent, body });
    return {
      status: answer.status,
      queryError: answer.headers.get('x-amzn-query-error'),
      body: (await answer.json()) as Told['body'],
    };
  };
  const on = (operation: string, input: object = {}, who?: Principal) =>
    call(operation, { QueueUrl: queueUrl, ...input }, who);
  const receiveOne = async (input: object = {}) => {
    const [message, ...others] = (await on('ReceiveMessage', input)).body.Messages ?? [];
    if (!message || others.length > 0) throw new Error('not one message was received');
    return message;
  };
  return { clock, service, trail, close, call, on, receiveOne };
}

const keyPolicy = {
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:root' },
    Action: 'kms:*',
    Resource: '*',
  },
} as const;

class Sha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: unknown) {
    this.hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(typeof data === 'string' ? data : Buffer.from(data as Uint8Array));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
}
