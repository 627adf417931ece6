import {
  AdminCreateUserCommand,
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { App, CfnResource } from 'aws-cdk-lib';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { cacheDirectory } from '../../../cli/cache-directory.ts';
import { startStack } from '../../../local/stack.ts';
import { emptyDatabase } from '../../fixtures/shared-engine.ts';
import { startApp, synthesizedApp, temporaryFolder } from '../events/running-app.ts';
import { courts } from './app/courts.ts';

test('an app that nobody here wrote does its business from sign-in to announcement', async () => {
  const stack = await start(synthesized());
  const { CourtsBase: kept = {}, CourtsService: served = {} } = stack.outputs;
  const { HttpUrl, QuickUrl, SocketUrl } = served;
  const token = await signIn(stack, kept.Pool ?? '', kept.Client ?? '');
  const asMember = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const book = (slot: string, price: number, headers: Record<string, string> = asMember) =>
    fetch(`${HttpUrl}/courts/c1/bookings`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ slot, price }),
    });

  const socket = new WebSocket(SocketUrl ?? '');
  onTestFinished(() => socket.terminate());
  const said: string[] = [];
  socket.on('message', (data) => said.push(String(data)));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send(JSON.stringify({ action: 'watch' }));
  await expect.poll(() => said).toEqual(['watching']);

  expect((await book('10h', 20, {})).status).toBe(401);
  const booked = await book('10h', 20);
  expect([booked.status, await booked.json()]).toEqual([201, { court: 'c1', slot: '10h', hold: 30 }]);
  expect((await book('10h', 20)).status).toBe(409);
  expect((await book('09h', 10)).status).toBe(201);

  const mine = await fetch(`${HttpUrl}/mine`, { headers: asMember });
  expect(await mine.json()).toEqual(['c1@09h', 'c1@10h']);
  expect(mine.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(mine.headers.get('x-resource')).toBe('/mine');
  expect(await (await fetch(`${HttpUrl}/cheapest?court=c1`)).json()).toEqual({ cheapest: '09h' });
  expect(await (await fetch(`${QuickUrl}/whatever`)).text()).toBe('AccessDeniedException: true');

  await expect
    .poll(() => said.slice(1).toSorted())
    .toEqual(['{"taken": "c1 at 09h"}', '{"taken": "c1 at 10h"}']);
  const lines = (id: string) =>
    stack.logs
      .read(`/aws/lambda/${stack.resources.find(({ logicalId }) => logicalId === id)?.ref}`)
      .map(({ message }) => message)
      .join('\n');
  await expect.poll(() => lines('Ledger').match(/ledger INSERT c1/g)?.length).toBe(2);
  stack.clock.advance(24 * 3600 * 1000);
  await expect.poll(() => lines('Night')).toMatch(/swept all \d+/);
}, 120_000); // its synthesis alone takes most of a minute on a busy machine

test.each([
  ['AWS::SNS::Subscription', {}, 'AWS::SNS::Subscription (Small.Odd)'],
  ['AWS::SQS::Queue', { FifoQueue: true }, 'is a FIFO queue'],
  ['AWS::Lambda::LayerVersion', {}, 'AWS::Lambda::LayerVersion (Small.Odd)'],
  [
    'AWS::Lambda::Function',
    { Runtime: 'python3.12', Role: 'x', Code: { ZipFile: '' } },
    'does not run python3.12',
  ],
  [
    'AWS::Lambda::Permission',
    { Action: 'lambda:InvokeFunction', FunctionName: 'x', Principal: '*', PrincipalOrgID: 'o-1' },
    'PrincipalOrgID',
  ],
  [
    'AWS::Scheduler::Schedule',
    {
      ScheduleExpression: 'rate(1 day)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage', RoleArn: 'x' },
    },
    'aws-sdk:sqs:sendMessage is neither',
  ],
])('what the local run does not do stops the start by its name: %s', async (type, properties, sentence) => {
  const assembly = synthesizedApp((stack) => {
    new CfnResource(stack, 'Odd', { type, properties });
  });
  await expect(startApp(assembly)).rejects.toThrow(sentence);
});

function synthesized(): string {
  const outdir = temporaryFolder();
  const app = new App({ outdir, analyticsReporting: false });
  courts(app);
  app.synth();
  return outdir;
}

async function start(assembly: string) {
  const faults: unknown[] = [];
  const stack = await startStack({
    assembly,
    cacheDirectory,
    database: await emptyDatabase(),
    onFault: (error) => faults.push(error),
  });
  onTestFinished(async () => {
    await stack.close();
    expect(faults).toEqual([]);
  });
  return stack;
}

async function signIn(stack: Awaited<ReturnType<typeof start>>, UserPoolId: string, ClientId: string) {
  const client = new CognitoIdentityProviderClient({
    endpoint: stack.awsEndpointUrl,
    region: 'us-east-1',
    credentials: stack.administrator,
  });
  await client.send(new AdminCreateUserCommand({ UserPoolId, Username: 'ann', TemporaryPassword: 'first1' }));
  const begun = await client.send(
    new InitiateAuthCommand({
      ClientId,
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: 'ANN', PASSWORD: 'first1' },
    }),
  );
  expect(begun.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');
  const ended = await client.send(
    new RespondToAuthChallengeCommand({
      ClientId,
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session: begun.Session,
      ChallengeResponses: { USERNAME: 'ann', NEW_PASSWORD: 'second2' },
    }),
  );
  return ended.AuthenticationResult?.IdToken ?? '';
}
