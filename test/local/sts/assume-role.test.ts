import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { CredentialStore, type Credentials } from '../../../local/front-door/credentials.ts';
import { Faults } from '../../../local/front-door/faults.ts';
import { Meter } from '../../../local/front-door/meter.ts';
import { FrontDoor } from '../../../local/front-door/server.ts';
import { Trail } from '../../../local/front-door/trail.ts';
import type { Principal, Statement } from '../../../local/iam/policy.ts';
import { StsService } from '../../../local/sts/service.ts';
import type { Resource } from '../../../local/template/resource.ts';

const door = arnOf('Door');
const both = ['sts:AssumeRole', 'sts:SetSourceIdentity'];
const forReader = [allow(both, arnOf('Reader')), allow(both, arnOf('Onward'))];
const trustsDoor = (Condition?: Statement['Condition'], Action: readonly string[] = both): Statement => ({
  ...{ Effect: 'Allow', Principal: { AWS: door }, Action },
  ...(Condition && { Condition }),
});
const isSaid = { Null: { 'sts:SourceIdentity': 'false' } };
const nina = {
  RoleArn: arnOf('Reader'),
  RoleSessionName: 'nina',
  SourceIdentity: 'nina',
  DurationSeconds: 900,
};

describe('AssumeRole', () => {
  test('gives a session that carries who it is for, in what it may, and in what is written of it', async () => {
    const { assume, clientOf, trail, clock } = await sts([trustsDoor(isSaid)]);
    const { Credentials, AssumedRoleUser, SourceIdentity } = await assume(forReader, nina);
    expect(SourceIdentity).toBe('nina');
    expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::111122223333:assumed-role/Reader/nina');
    expect(Credentials?.Expiration?.getTime()).toBeLessThanOrEqual(clock.now() + 900_000);

    const reader = clientOf(Credentials);
    const identity = await reader.send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({ Account: '111122223333', Arn: AssumedRoleUser?.Arn });
    const [assumed, called] = trail.events();
    expect(assumed).toMatchObject({
      ...{ eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole', eventCategory: 'Management' },
      userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/Door/work' },
      requestParameters: {
        ...{ roleArn: nina.RoleArn, roleSessionName: 'nina', sourceIdentity: 'nina', durationSeconds: 900 },
      },
      responseElements: { sourceIdentity: 'nina', credentials: { accessKeyId: Credentials?.AccessKeyId } },
      resources: [{ type: 'AWS::IAM::Role', ARN: nina.RoleArn }],
    });
    expect(JSON.stringify(assumed)).not.toContain(Credentials?.SecretAccessKey);
    expect(called?.userIdentity).toMatchObject({
      type: 'AssumedRole',
      sessionContext: { sessionIssuer: { userName: 'Reader' }, sourceIdentity: 'nina' },
    });
  });

  test.each<[string, readonly Statement[], readonly Statement[], Partial<AssumeRoleCommandInput>, RegExp]>([
    [
      'a role that trusts somebody else',
      [trusts(arnOf('Other'))],
      forReader,
      {},
      /no role trust policy allows the sts:AssumeRole/,
    ],
    [
      'a role that there is not',
      [trustsDoor()],
      forReader,
      { RoleArn: arnOf('Nobody') },
      /no role trust policy allows/,
    ],
    [
      'a session for nobody, where the trust asks for somebody',
      [trustsDoor(isSaid)],
      forReader,
      { SourceIdentity: undefined },
      /no role trust policy allows the sts:AssumeRole/,
    ],
    [
      'a source identity that the trust does not take',
      [trustsDoor({ StringEquals: { 'sts:SourceIdentity': 'ana' } })],
      forReader,
      {},
      /no role trust policy allows the sts:AssumeRole/,
    ],
    [
      'a session name that the trust does not take',
      [trustsDoor({ StringEquals: { 'sts:RoleSessionName': 'ana' } })],
      forReader,
      {},
      /no role trust policy/,
    ],
    [
      'a source identity that the trust may not be told',
      [trustsDoor(undefined, ['sts:AssumeRole'])],
      forReader,
      {},
      /no role trust policy allows the sts:SetSourceIdentity/,
    ],
    [
      'a source identity that the caller may not set',
      [trustsDoor()],
      [allow(['sts:AssumeRole'], arnOf('Reader'))],
      {},
      /no identity-based policy allows the sts:SetSourceIdentity/,
    ],
    [
      'what the caller is denied',
      [trustsDoor()],
      [...forReader, { ...allow(['sts:*'], '*'), Effect: 'Deny' }],
      {},
      /explicit deny in an identity-based policy/,
    ],
    [
      'whom the trust denies',
      [trustsDoor(), { ...trusts('*'), Effect: 'Deny' }],
      forReader,
      {},
      /explicit deny in a role trust policy/,
    ],
    [
      'whom the trust leaves to the account, which allows nothing',
      [trusts('arn:aws:iam::111122223333:root')],
      [],
      {},
      /no identity-based policy allows the sts:AssumeRole/,
    ],
  ])('refuses %s', async (_, trust, own, change, message) => {
    const { assume } = await sts(trust);
    await expect(assume(own, { ...nina, ...change })).rejects.toMatchObject({
      name: 'AccessDenied',
      message,
    });
  });

  test.each<[string, Partial<AssumeRoleCommandInput>, RegExp]>([
    [
      'more than an hour for a session that came of another',
      { DurationSeconds: 3_601 },
      /1 hour session limit for roles assumed by role chaining/,
    ],
    ['less than 15 minutes', { DurationSeconds: 899 }, /greater than or equal to 900/],
    ['a name with spaces', { RoleSessionName: 'Nina Nurse' }, /roleSessionName/],
    [
      'a session policy, which this run does not judge',
      { Policy: '{}' },
      /does not serve the parameter Policy/,
    ],
  ])('refuses %s', async (_, change, message) => {
    const { assume } = await sts([trustsDoor()]);
    await expect(assume(forReader, { ...nina, ...change })).rejects.toMatchObject({
      name: 'ValidationError',
      message,
    });
  });

  test('carries a source identity on and lets nobody change it', async () => {
    const { assume, clientOf, trail } = await sts([trustsDoor()]);
    const { Credentials } = await assume(forReader, nina);
    const onward = { RoleArn: arnOf('Onward'), RoleSessionName: 'next' };
    const reader = clientOf(Credentials);
    const next = await reader.send(new AssumeRoleCommand(onward));
    expect(next.SourceIdentity).toBe('nina');
    await clientOf(next.Credentials).send(new GetCallerIdentityCommand({}));
    expect(trail.events().at(-1)?.userIdentity).toMatchObject({ sessionContext: { sourceIdentity: 'nina' } });
    await expect(
      reader.send(new AssumeRoleCommand({ ...onward, SourceIdentity: 'ana' })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  test('ends a session by the clock', async () => {
    const { assume, clientOf, clock } = await sts([trustsDoor()]);
    const { Credentials } = await assume(forReader, nina);
    clock.advance(899_000);
    await clientOf(Credentials).send(new GetCallerIdentityCommand({}));
    clock.advance(2_000);
    await expect(clientOf(Credentials).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'ExpiredToken',
    });
  });
});

/** STS alone behind a front door, with a role `Reader` of this trust; a role `Onward` trusts that one. */
async function sts(trust: readonly Statement[]) {
  const clock = new Clock();
  const credentials = new CredentialStore(clock);
  const trail = new Trail({ account: localAccount, clock });
  const resources = [
    role('Reader', trust, [allow(both, arnOf('Onward'))]),
    role('Onward', [{ ...trusts(arnOf('Reader')), Action: both }]),
  ];
  const frontDoor = new FrontDoor({
    ...{ account: localAccount, clock, credentials, trail },
    services: [new StsService({ account: localAccount, clock, credentials, resources })],
    ...{ meter: new Meter(), faults: new Faults() },
  });
  const endpoint = await frontDoor.listen(0);
  onTestFinished(async () => {
    await frontDoor.close();
    clock.stop();
  });
  const client = (issued: Credentials) =>
    new STSClient({
      ...{ region: 'us-east-1', endpoint, maxAttempts: 1, systemClockOffset: clock.ahead },
      credentials: issued,
    });
  const clientOf = (given: { AccessKeyId?: string; SecretAccessKey?: string; SessionToken?: string } = {}) =>
    client({
      accessKeyId: given.AccessKeyId ?? '',
      secretAccessKey: given.SecretAccessKey ?? '',
      ...(given.SessionToken && { sessionToken: given.SessionToken }),
    });
  const assume = (own: readonly Statement[], input: Partial<AssumeRoleCommandInput>) =>
    client(credentials.issue(doorWith(own))).send(new AssumeRoleCommand(input as AssumeRoleCommandInput));
  return { assume, clientOf, trail, clock };
}

function doorWith(Statement: readonly Statement[]): Principal {
  return {
    ...{
      arn: 'arn:aws:sts::111122223333:assumed-role/Door/work',
      identityArn: door,
      accountId: '111122223333',
    },
    policies: [{ name: 'Own', document: { Version: '2012-10-17', Statement } }],
  };
}

function role(ref: string, trust: readonly Statement[], own: readonly Statement[] = []): Resource {
  return {
    ...{ stack: 'Test', logicalId: ref, type: 'AWS::IAM::Role', ref, attributes: { Arn: arnOf(ref) } },
    properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: trust },
      Policies: [{ PolicyName: 'Own', PolicyDocument: { Version: '2012-10-17', Statement: own } }],
    },
  } as Resource;
}

function arnOf(name: string): string {
  return `arn:aws:iam::111122223333:role/${name}`;
}

function allow(Action: readonly string[], Resource: string): Statement {
  return { Effect: 'Allow', Action, Resource };
}

function trusts(AWS: string): Statement {
  return { Effect: 'Allow', Principal: { AWS }, Action: both };
}
