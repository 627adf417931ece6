import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { App, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { expect, onTestFinished } from 'vitest';
import { cacheDirectory } from '../../../cli/cache-directory.ts';
import type { Principal, Statement } from '../../../local/iam/policy.ts';
import { startStack } from '../../../local/stack.ts';

/** A small app of one stack, synthesized; gone when the test ends. */
export function synthesizedApp(build: (stack: Stack) => void): string {
  const outdir = temporaryFolder();
  const app = new App({ outdir, analyticsReporting: false });
  build(new Stack(app, 'Small'));
  app.synth();
  return outdir;
}

/** A function whose every event stands in its log as `got <event>`; it fails while the event says `fail`. */
export function listener(stack: Stack, id: string): LambdaFunction {
  const code = join(temporaryFolder(), 'code');
  mkdirSync(code);
  writeFileSync(
    join(code, 'index.js'),
    `exports.handler = async (event) => {
      console.log('got ' + JSON.stringify(event));
      if (JSON.stringify(event).includes('fail')) throw new Error('asked to fail');
    };`,
  );
  return new LambdaFunction(stack, id, {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
  });
}

/** Runs an app with clients of real SDKs; whatever the run reports as a fault must have been expected by the test. */
export async function startApp(
  assembly: string,
  { dataDirectory, expectsFaults = false }: { dataDirectory?: string; expectsFaults?: boolean } = {},
) {
  const faults: string[] = [];
  const stack = await startStack({
    assembly,
    cacheDirectory,
    // the apps of these tests have no table, and nothing asks there
    database: { url: 'http://127.0.0.1:9', accessKeyId: 'none' },
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    onFault: (error) => faults.push(String(error)),
  });
  onTestFinished(async () => {
    await stack.close();
    if (!expectsFaults) expect(faults).toEqual([]);
  });
  const settings = (statements?: readonly Statement[]) => ({
    endpoint: stack.awsEndpointUrl,
    region: 'us-east-1',
    credentials: statements === undefined ? stack.administrator : stack.credentials.issue(caller(statements)),
    maxAttempts: 1,
    systemClockOffset: stack.clock.now() - Date.now(),
  });
  const resource = (id: string) => {
    const found = stack.resources.find(
      ({ logicalId, type }) => logicalId.startsWith(id) && !type.startsWith('AWS::IAM'),
    );
    if (!found) throw new Error(`no resource ${id}`);
    return found;
  };
  const queue = (id: string) => {
    const found = stack.queues.queue(resource(id).attributes.Arn ?? '');
    if (!found) throw new Error(`no queue ${id}`);
    return found;
  };
  return {
    stack,
    faults,
    resource,
    queue,
    /** Everything in a queue, taken out of it. */
    take: (id: string) =>
      queue(id)
        .receive(1000)
        .map(({ message, receiptHandle }) => {
          queue(id).delete(receiptHandle);
          return message;
        }),
    /** What a listener was invoked with so far. */
    heard: (id: string): unknown[] =>
      stack.logs
        .read(`/aws/lambda/${resource(id).ref}`)
        .flatMap(({ message }) => /got (\{.*\})/.exec(message)?.[1] ?? [])
        .map((text) => JSON.parse(text) as unknown),
    /** Clients of a caller with these statements, or of the administrator. */
    events: (...statements: Statement[]) =>
      new EventBridgeClient(settings(statements.length === 0 ? undefined : statements)),
    scheduler: (...statements: Statement[]) =>
      new SchedulerClient(settings(statements.length === 0 ? undefined : statements)),
  };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'events-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function caller(statements: readonly Statement[]): Principal {
  return {
    arn: 'arn:aws:sts::111122223333:assumed-role/Caller/one',
    identityArn: 'arn:aws:iam::111122223333:role/Caller',
    accountId: '111122223333',
    policies: [{ name: 'Caller', document: { Version: '2012-10-17', Statement: [...statements] } }],
  };
}
