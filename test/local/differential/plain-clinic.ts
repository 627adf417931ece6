import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import {
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  type UserPoolClientOptions,
} from 'aws-cdk-lib/aws-cognito';
import { cacheDirectory } from '../../../cli/cache-directory.ts';
import { type RunningStack, startStack } from '../../../local/stack.ts';
import { emptyDatabase } from '../../fixtures/shared-engine.ts';

/** A running CDK app that is not ours: a pool with enforced TOTP, people's clients with and without rotation, a machine's client. */
export async function startPlainClinic(): Promise<{
  readonly stack: RunningStack;
  readonly outputs: Readonly<Record<string, string>>;
  close(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'plain-clinic-'));
  synthesize(folder);
  const faults: unknown[] = [];
  const stack = await startStack({
    assembly: folder,
    cacheDirectory,
    database: await emptyDatabase(),
    onFault: (error) => faults.push(error),
  });
  return {
    stack,
    outputs: stack.outputs.Clinic ?? {},
    close: async () => {
      await stack.close();
      rmSync(folder, { recursive: true });
      if (faults.length > 0) throw new AggregateError(faults, 'the local run met faults');
    },
  };
}

function synthesize(outdir: string): void {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Clinic');
  const pool = new UserPool(stack, 'People', {
    selfSignUpEnabled: false,
    signInAliases: { username: true },
    mfa: Mfa.REQUIRED,
    mfaSecondFactor: { otp: true, sms: false },
  });
  const persons: UserPoolClientOptions = {
    disableOAuth: true,
    preventUserExistenceErrors: true,
    authFlows: { userSrp: true },
  };
  const rotating = pool.addClient('Rotating', {
    ...persons,
    refreshTokenRotationGracePeriod: Duration.seconds(10),
  });
  const lasting = pool.addClient('Lasting', persons);
  const scope = new ResourceServerScope({ scopeName: 'results', scopeDescription: 'to send results' });
  const server = pool.addResourceServer('Server', { identifier: 'lab', scopes: [scope] });
  const machine = pool.addClient('Machine', {
    generateSecret: true,
    oAuth: { flows: { clientCredentials: true }, scopes: [OAuthScope.resourceServer(server, scope)] },
  });
  const domain = pool.addDomain('Domain', { cognitoDomain: { domainPrefix: 'plain-clinic' } });
  const outputs = {
    PoolId: pool.userPoolId,
    Rotating: rotating.userPoolClientId,
    Lasting: lasting.userPoolClientId,
    Machine: machine.userPoolClientId,
    DomainUrl: domain.baseUrl(),
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
  app.synth();
}
