import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateUserPoolClientCommand,
  DeleteUserPoolClientCommand,
  DescribeUserPoolClientCommand,
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  InitiateAuthCommand,
  ListUserPoolClientsCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { decodeJwt } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Trail } from '../../../local/front-door/trail.ts';
import type { Functions } from '../../../local/lambda/invoke.ts';
import { CLIENT_ID, openClinic, otherClient, POOL_ID, resource } from './clinic.ts';

const PASSWORD = 'correct-horse-battery-9';
const MACHINE = 'machine0000000000000000000';
const PERSONS = 'withsecret0000000000000000';
const scopes = ['lab/read', 'lab/write'];
const machine = {
  GenerateSecret: true,
  AllowedOAuthFlowsUserPoolClient: true,
  AllowedOAuthFlows: ['client_credentials'],
  AllowedOAuthScopes: scopes,
  AccessTokenValidity: 10,
  TokenValidityUnits: { AccessToken: 'minutes' },
};

test('a machine that shows its secret gets a token of the scopes it asks for, or of all it has', async () => {
  const { service, token, secret } = await openLab();
  const all = await token({ grant_type: 'client_credentials' }, basic(MACHINE, secret));
  expect(all.status).toBe(200);
  expect(all.body).toEqual({ access_token: expect.any(String), expires_in: 600, token_type: 'Bearer' });
  const verifier = CognitoJwtVerifier.create({ userPoolId: POOL_ID, clientId: MACHINE, tokenUse: 'access' });
  const keys = service.issuerKeys(`https://cognito-idp.us-east-1.amazonaws.com/${POOL_ID}`);
  if (!keys) throw new Error('the pool has no keys');
  verifier.cacheJwks(keys);
  const claims = await verifier.verify(all.body.access_token, { scope: scopes });
  expect(claims).toMatchObject({ sub: MACHINE, client_id: MACHINE, scope: 'lab/read lab/write', version: 2 });
  expect(claims.exp - claims.iat).toBe(600);
  expect(claims).not.toHaveProperty('username');

  const inForm = { grant_type: 'client_credentials', client_id: MACHINE, client_secret: secret };
  const one = await token({ ...inForm, scope: 'lab/read' });
  expect((await verifier.verify(one.body.access_token)).scope).toBe('lab/read');
});

test('a machine’s token opens nothing of a person’s', async () => {
  const { sdk, token, secret } = await openLab();
  const { body } = await token({ grant_type: 'client_credentials' }, basic(MACHINE, secret));
  await expect(sdk.send(new GetUserCommand({ AccessToken: body.access_token }))).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Access Token does not have required scopes',
  });
});

test('the token endpoint refuses with OAuth’s errors, and says no more', async () => {
  const { token, secret, personsSecret, url } = await openLab();
  const grant = { grant_type: 'client_credentials' };
  const shown = basic(MACHINE, secret);
  const refusals: [Record<string, string>, string | undefined, string][] = [
    [grant, basic(MACHINE, 'wrong'), 'invalid_client'],
    [grant, basic('nobody', secret), 'invalid_client'],
    [grant, 'Bearer x', 'invalid_client'],
    [grant, undefined, 'invalid_client'],
    [{ ...grant, client_id: MACHINE }, undefined, 'invalid_client'],
    [{ ...grant, client_id: CLIENT_ID }, shown, 'invalid_client'],
    [{ ...grant, client_id: CLIENT_ID }, undefined, 'invalid_grant'],
    [grant, basic(PERSONS, personsSecret), 'invalid_grant'],
    [{ ...grant, scope: 'lab/read lab/delete' }, shown, 'invalid_scope'],
    [{ grant_type: 'authorization_code', code: 'x' }, shown, 'unauthorized_client'],
    [{ grant_type: 'refresh_token', refresh_token: 'x' }, shown, 'unauthorized_client'],
    [{ grant_type: 'password' }, shown, 'unsupported_grant_type'],
    [{}, shown, 'invalid_request'],
  ];
  for (const [form, authorization, error] of refusals)
    expect(await token(form, authorization), JSON.stringify([form, error])).toEqual({
      status: 400,
      type: 'application/json;charset=UTF-8',
      body: { error },
    });
  expect((await fetch(`${url}/oauth2/token`)).status).toBe(405);
  expect((await fetch(`${url}/login`)).status).toBe(404);
  const asJson = { method: 'POST', headers: { authorization: shown }, body: JSON.stringify(grant) };
  expect((await fetch(`${url}/oauth2/token`, asJson)).status).toBe(400);
});

test('each request at the token endpoint leaves an event with the client and no secret', async () => {
  const { token, secret, events } = await openLab();
  await token({ grant_type: 'client_credentials', scope: 'lab/read' }, basic(MACHINE, secret));
  await token({ grant_type: 'client_credentials', client_id: MACHINE, client_secret: 'guessed-one' });
  expect(events()).toMatchObject([
    {
      eventName: 'Token_POST',
      eventSource: 'cognito-idp.amazonaws.com',
      eventType: 'AwsServiceEvent',
      userIdentity: { accountId: '111122223333' },
      additionalEventData: {
        userPoolId: POOL_ID,
        requestParameters: {
          client_id: [MACHINE],
          grant_type: ['client_credentials'],
          scope: ['lab/read'],
        },
        responseParameters: { status: 200 },
      },
    },
    { errorCode: 'invalid_client', additionalEventData: { requestParameters: { client_id: [MACHINE] } } },
  ]);
  for (const hidden of [secret, 'guessed-one', 'eyJ']) expect(JSON.stringify(events())).not.toContain(hidden);
});

test('a client with a secret signs nobody in without the hash of it', async () => {
  const { sdk, create, personsSecret } = await openLab();
  await create('ana', PASSWORD);
  const give = (hash: Record<string, string>) =>
    sdk.send(
      new InitiateAuthCommand({
        ClientId: PERSONS,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: 'ana', PASSWORD, ...hash },
      }),
    );
  await expect(give({})).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: `Client ${PERSONS} is configured with secret but SECRET_HASH was not received`,
  });
  const wrong = {
    name: 'NotAuthorizedException',
    message: `Unable to verify secret hash for client ${PERSONS}`,
  };
  await expect(give({ SECRET_HASH: secretHash('ben', personsSecret) })).rejects.toMatchObject(wrong);
  const asked = await give({ SECRET_HASH: secretHash('ana', personsSecret) });
  expect(asked.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');
  await expect(
    sdk.send(new GetTokensFromRefreshTokenCommand({ ClientId: PERSONS, RefreshToken: 'x' })),
  ).rejects.toMatchObject({ name: 'NotAuthorizedException' });
  await expect(
    sdk.send(new RevokeTokenCommand({ ClientId: PERSONS, Token: 'x', ClientSecret: 'guessed' })),
  ).rejects.toMatchObject({ name: 'UnauthorizedException' });
});

test('a secret is made once, is told by DescribeUserPoolClient, and survives a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const stateFile = join(folder, 'pools.json');
  const before = await openLab({ stateFile });
  const after = await openLab({ stateFile });
  expect(before.secret).toMatch(/^[a-z0-9]{51}$/);
  expect(after.secret).toBe(before.secret);
  expect(before.personsSecret).not.toBe(before.secret);
});

test('a trigger of the third version makes a machine’s claims, or leaves it without a token; older ones are not asked', async () => {
  const asked: unknown[] = [];
  let answer = (event: object): object => event;
  const functions: Functions = {
    invoke: async (_arn, event) => {
      asked.push(event);
      return { payload: answer(event as object), requestId: 'r', durationMs: 1, coldStart: false };
    },
  };
  const pool = (LambdaVersion: string) => ({
    LambdaConfig: {
      PreTokenGenerationConfig: {
        LambdaArn: 'arn:aws:lambda:us-east-1:111122223333:function:f',
        LambdaVersion,
      },
    },
  });
  const older = await openLab({ functions, pool: pool('V2_0') });
  expect((await older.token({ grant_type: 'client_credentials' }, basic(MACHINE, older.secret))).status).toBe(
    200,
  );
  expect(asked).toEqual([]);

  const { token, secret } = await openLab({ functions, pool: pool('V3_0') });
  const accessTokenGeneration = {
    claimsToAddOrOverride: { person: 'robot', sub: 'somebody', client_id: 'another' },
    scopesToAdd: ['lab/write'],
  };
  answer = (event) => ({ ...event, response: { claimsAndScopeOverrideDetails: { accessTokenGeneration } } });
  const given = await token({ grant_type: 'client_credentials', scope: 'lab/read' }, basic(MACHINE, secret));
  expect(asked).toMatchObject([
    {
      ...{ version: '3', triggerSource: 'TokenGeneration_ClientCredentials' },
      callerContext: { clientId: MACHINE },
      request: { scopes: ['lab/read'], userAttributes: {} },
    },
  ]);
  expect(decodeJwt(given.body.access_token)).toMatchObject({
    ...{ person: 'robot', scope: 'lab/read lab/write', sub: MACHINE, client_id: MACHINE },
  });
  answer = () => ({ nonsense: true });
  const refused = await token({ grant_type: 'client_credentials' }, basic(MACHINE, secret));
  expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
});

test('a client that a call made is like one of the template, survives a restart, and is gone when it is deleted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clients-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const stateFile = join(folder, 'pools.json');
  const before = await openLab({ stateFile });
  const wanted = {
    ...{ UserPoolId: POOL_ID, ClientName: 'robot', GenerateSecret: true },
    ...{ AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['client_credentials' as const] },
  };
  const make = (AllowedOAuthScopes: string[]) =>
    before.sdk.send(new CreateUserPoolClientCommand({ ...wanted, AllowedOAuthScopes }));
  await expect(make(['lab/delete'])).rejects.toMatchObject({ name: 'ScopeDoesNotExistException' });
  await expect(make([])).rejects.toMatchObject({ name: 'InvalidParameterException' });
  const { UserPoolClient: made } = await make(['lab/read']);
  const [ClientId = '', secret = ''] = [made?.ClientId, made?.ClientSecret];
  expect([ClientId, secret]).toEqual([
    expect.stringMatching(/^[a-z0-9]{26}$/),
    expect.stringMatching(/^[a-z0-9]{51}$/),
  ]);

  const after = await openLab({ stateFile });
  const grant = { grant_type: 'client_credentials' };
  expect((await after.token(grant, basic(ClientId, secret))).status).toBe(200);
  const listed = await after.sdk.send(
    new ListUserPoolClientsCommand({ UserPoolId: POOL_ID, MaxResults: 60 }),
  );
  expect(listed.UserPoolClients).toContainEqual({ ClientId, UserPoolId: POOL_ID, ClientName: 'robot' });
  const call = { UserPoolId: POOL_ID, ClientId };
  await after.sdk.send(new DeleteUserPoolClientCommand(call));
  expect((await after.token(grant, basic(ClientId, secret))).body).toEqual({ error: 'invalid_client' });
  await expect(after.sdk.send(new DeleteUserPoolClientCommand(call))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test.each([
  [{ GenerateSecret: false }, 'can not be selected if client does not have a client secret'],
  [{ AllowedOAuthFlows: ['client_credentials', 'code'] }, 'can not be selected along with code flow'],
  [{ AllowedOAuthScopes: ['lab/delete'] }, 'Invalid scope requested: lab/delete'],
  [{ AllowedOAuthScopes: ['lab/read', 'openid'] }, 'openid'],
])('a machine’s client with %j stops the start', async (properties, why) => {
  const { service } = await openLab();
  expect(() => service.addClient(otherClient('x', { ...machine, ...properties }))).toThrow(why);
});

test('a domain with a word that AWS keeps for itself, or of one’s own, stops the start', async () => {
  const { addDomain } = await openLab();
  expect(() => addDomain({ Domain: 'my-cognito' })).toThrow('Domain cannot contain reserved word: cognito');
  expect(() => addDomain({ Domain: 'lab.example.com', CustomDomainConfig: {} })).toThrow(
    'CustomDomainConfig',
  );
});

/** A pool with a resource server, a machine’s client, a person’s client with a secret, and a domain. */
async function openLab(given: { stateFile?: string; functions?: Functions; pool?: object } = {}) {
  const clinic = await openClinic({
    ...given,
    pool: { MfaConfiguration: 'OFF', ...given.pool },
    resourceServers: [
      {
        Identifier: 'lab',
        Name: 'Lab',
        UserPoolId: POOL_ID,
        Scopes: ['read', 'write'].map((ScopeName) => ({ ScopeName, ScopeDescription: ScopeName })),
      },
    ],
    otherClients: {
      [MACHINE]: machine,
      [PERSONS]: { GenerateSecret: true, ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'] },
    },
  });
  const trail = new Trail({ account: localAccount, clock: clinic.clock });
  const faults: unknown[] = [];
  const addDomain = (properties: Record<string, unknown>) =>
    clinic.service.addDomain(
      resource('AWS::Cognito::UserPoolDomain', 'Domain', 'd', { UserPoolId: POOL_ID, ...properties }),
      trail,
      (fault) => faults.push(fault),
    );
  const domain = addDomain({ Domain: 'lab-machines' });
  const url = await domain.listen(0);
  onTestFinished(async () => {
    await domain.close();
    expect(faults).toEqual([]);
  });
  const secretOf = async (ClientId: string) => {
    const described = await clinic.sdk.send(
      new DescribeUserPoolClientCommand({ UserPoolId: POOL_ID, ClientId }),
    );
    return described.UserPoolClient?.ClientSecret ?? '';
  };
  return {
    ...clinic,
    url,
    addDomain,
    events: () => trail.events(),
    secret: await secretOf(MACHINE),
    personsSecret: await secretOf(PERSONS),
    token: async (form: Record<string, string>, authorization?: string) => {
      const answer = await fetch(`${url}/oauth2/token`, {
        method: 'POST',
        body: new URLSearchParams(form),
        ...(authorization !== undefined && { headers: { authorization } }),
      });
      const type = answer.headers.get('content-type');
      return { status: answer.status, type, body: Object(await answer.json()) };
    },
  };
}

function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

function secretHash(username: string, secret: string): string {
  return createHmac('sha256', secret)
    .update(username + PERSONS)
    .digest('base64');
}
