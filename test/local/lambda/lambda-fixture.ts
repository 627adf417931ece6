import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import type { Principal } from '../../../local/iam/policy.ts';
import type { FunctionDefinition } from '../../../local/lambda/definition.ts';
import type { Invocation, Invoker } from '../../../local/lambda/invoke.ts';
import { type LambdaOptions, LambdaService } from '../../../local/lambda/service.ts';
import { Logs } from '../../../local/logs.ts';

export const gateway: Invoker = {
  service: 'apigateway.amazonaws.com',
  sourceArn: 'arn:aws:execute-api:us-east-1:111122223333:api1/prod/route',
};

/** A Lambda service with one function, `echo`, that `gateway` may invoke; all of it is gone when the test ends. */
export function startLambda(
  source: string,
  {
    file = 'index.mjs',
    options = {},
    definition = {},
  }: { file?: string; options?: Partial<LambdaOptions>; definition?: Partial<FunctionDefinition> } = {},
) {
  const directory = mkdtempSync(join(tmpdir(), 'lambda-test-'));
  writeFileSync(join(directory, file), source);
  const clock = new Clock();
  const logs = new Logs({ directory: join(directory, 'logs'), clock });
  const issued: string[] = [];
  const revoked: string[] = [];
  const lambda = new LambdaService({
    account: localAccount,
    clock,
    logs,
    issueCredentials: () => {
      const accessKeyId = `ASIA${issued.length}`;
      issued.push(accessKeyId);
      return { accessKeyId, secretAccessKey: 'secret', sessionToken: 'token' };
    },
    revokeCredentials: (accessKeyId) => revoked.push(accessKeyId),
    awsEndpointUrl: () => 'http://127.0.0.1:9',
    mayWriteLogs: () => true,
    ...options,
  });
  const logGroup = '/aws/lambda/echo';
  logs.declare(logGroup);
  const arn = 'arn:aws:lambda:us-east-1:111122223333:function:echo';
  const base: FunctionDefinition = {
    arn,
    name: 'echo',
    codeDirectory: directory,
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    memoryMb: 256,
    timeoutSeconds: 30,
    environment: {},
    principal,
    logGroup,
  };
  const added = { ...base, ...definition };
  lambda.add(added);
  lambda.permit({
    functionArn: arn,
    service: gateway.service,
    sourceArn: 'arn:aws:execute-api:us-east-1:111122223333:api1/*/route',
  });
  onTestFinished(async () => {
    await lambda.close();
    logs.close();
    clock.stop();
    rmSync(directory, { recursive: true });
  });
  return {
    lambda,
    clock,
    logs,
    arn,
    issued,
    revoked,
    directory,
    definition: added,
    invoke: (event: unknown = {}): Promise<Invocation> => lambda.invoke(arn, event, gateway),
    lines: () => logs.read(logGroup),
  };
}

const principal: Principal = {
  arn: 'arn:aws:sts::111122223333:assumed-role/EchoRole/echo',
  identityArn: 'arn:aws:iam::111122223333:role/EchoRole',
  accountId: '111122223333',
  policies: [],
};
