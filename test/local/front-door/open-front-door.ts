import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { onTestFinished } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { CredentialStore, type Credentials } from '../../../local/front-door/credentials.ts';
import { Faults } from '../../../local/front-door/faults.ts';
import { Meter } from '../../../local/front-door/meter.ts';
import { FrontDoor } from '../../../local/front-door/server.ts';
import type { Call } from '../../../local/front-door/service.ts';
import { Trail } from '../../../local/front-door/trail.ts';
import { PermissionRecord } from '../../../local/iam/permission-record.ts';
import type { Principal, Statement } from '../../../local/iam/policy.ts';
import { tinyServices } from './tiny-services.ts';

/** A request as it goes over the wire. */
export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Settings {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly maxAttempts: number;
  readonly systemClockOffset: number;
}

/** A front door with tiny services behind it, and the real SDK's clients for it; gone when the test ends. */
export async function openFrontDoor(startAt?: Date) {
  const clock = new Clock(startAt);
  const credentials = new CredentialStore(clock);
  const directory = mkdtempSync(join(tmpdir(), 'front-door-'));
  const trailFile = join(directory, 'trail', 'events.jsonl');
  const trail = new Trail({ account: localAccount, clock, file: trailFile });
  const meter = new Meter();
  const faults = new Faults();
  const permissions = new PermissionRecord();
  const calls: Call[] = [];
  const reported: unknown[] = [];
  let arrived = 0;
  const services = tinyServices(calls, () => {
    arrived += 1;
  });
  const onFault = (error: unknown) => reported.push(error);
  const door = new FrontDoor({
    account: localAccount,
    clock,
    services,
    credentials,
    judge: permissions.judge,
    trail,
    meter,
    faults,
    onFault,
  });
  const url = await door.listen(0);
  onTestFinished(async () => {
    await door.close();
    trail.close();
    rmSync(directory, { recursive: true });
  });
  const settings = (who: Principal | Credentials, maxAttempts = 1): Settings => ({
    region: 'us-east-1',
    endpoint: url,
    credentials: 'accessKeyId' in who ? who : credentials.issue(who),
    maxAttempts,
    systemClockOffset: clock.now() - Date.now(),
  });
  return {
    url,
    door,
    clock,
    credentials,
    trail,
    trailFile,
    meter,
    faults,
    permissions,
    calls,
    reported,
    arrived: () => arrived,
    done: () => calls.map((call) => `${call.service}:${call.operation}`),
    kms: (who: Principal | Credentials, maxAttempts?: number) =>
      kept(new KMSClient(settings(who, maxAttempts))),
    dynamo: (who: Principal) => kept(new DynamoDBClient(settings(who))),
    connections: (who: Principal) =>
      kept(new ApiGatewayManagementApiClient({ ...settings(who), endpoint: `${url}/live` })),
    /** DescribeKey as the SDK signs it, not sent. */
    signedDescribeKey: (who: Principal, KeyId = 'k1') =>
      unsent((handler) =>
        new KMSClient({ ...settings(who), ...handler }).send(new DescribeKeyCommand({ KeyId })),
      ),
    /** PutItem as the SDK signs it, not sent. */
    signedPutItem: (who: Principal) =>
      unsent((handler) =>
        new DynamoDBClient({ ...settings(who), ...handler }).send(
          new PutItemCommand({ TableName: 'Notes', Item: { pk: { S: 'a' }, text: { S: 'very private' } } }),
        ),
      ),
  };
}

/** A session of a role with these statements as its one policy, which has the role's name. */
export function role(name: string, ...statements: Statement[]): Principal {
  return {
    arn: `arn:aws:sts::111122223333:assumed-role/${name}/one`,
    identityArn: `arn:aws:iam::111122223333:role/${name}`,
    accountId: '111122223333',
    policies: [{ name, document: { Version: '2012-10-17', Statement: statements } }],
  };
}

/** Sends a request as it stands, without an SDK. */
export function send(
  url: string,
  sent: Sent,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', path = '/', headers = {}, body } = sent;
    const outgoing = httpRequest(new URL(url), { method, path, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function kept<T extends { destroy(): void }>(client: T): T {
  onTestFinished(() => client.destroy());
  return client;
}

type Unsent = Required<Pick<Sent, 'method' | 'path' | 'headers' | 'body'>>;

async function unsent(
  call: (handler: { requestHandler: { handle: (request: unknown) => Promise<never> } }) => Promise<unknown>,
): Promise<Unsent> {
  let seen: Unsent | undefined;
  const handle = async (request: unknown) => {
    seen = request as Unsent;
    throw new Error('kept back');
  };
  await call({ requestHandler: { handle } }).catch(() => {});
  if (!seen) throw new Error('the SDK made no request');
  return { ...seen, body: new TextDecoder().decode(seen.body as unknown as Uint8Array) };
}
