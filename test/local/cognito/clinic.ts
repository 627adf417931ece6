import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AdminCreateUserCommand,
  AssociateSoftwareTokenCommand,
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  type InitiateAuthCommandOutput,
  RespondToAuthChallengeCommand,
  type RespondToAuthChallengeCommandOutput,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  createPasswordHash,
  createSrpSession,
  signSrpSession,
  wrapAuthChallenge,
  wrapInitiateAuth,
} from 'cognito-srp-helper';
import { Secret, TOTP } from 'otpauth';
import { onTestFinished } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { cognitoIdentities } from '../../../local/cognito/identify.ts';
import { CognitoService } from '../../../local/cognito/service.ts';
import { AwsError, type Call, type TrailFacts } from '../../../local/front-door/service.ts';
import type { Functions } from '../../../local/lambda/invoke.ts';
import type { Resource } from '../../../local/template/resource.ts';
import '../../fixtures/quick-powers.ts';

export const POOL_ID = 'us-east-1_abcdefghi';
export const CLIENT_ID = 'abcdefghijklmnopqrstuvwxyz';
const STEP_MS = 30_000;

type Properties = Readonly<Record<string, unknown>>;

/** A pool with enforced TOTP behind a real HTTP server, and the real SDK client in front of it. */
export async function openClinic(
  given: {
    pool?: Properties;
    client?: Properties;
    resourceServers?: readonly Properties[];
    /** By client id. */
    otherClients?: Readonly<Record<string, Properties>>;
    functions?: Functions;
    stateFile?: string;
    clock?: Clock;
  } = {},
) {
  const clock = given.clock ?? new Clock();
  const functions = given.functions ?? { invoke: () => Promise.reject(new Error('no function here')) };
  const service = new CognitoService({ account: localAccount, clock, functions, stateFile: given.stateFile });
  service.addPool(poolResource(given.pool));
  service.addClient(clientResource(given.client));
  for (const server of given.resourceServers ?? [])
    service.addResourceServer(resource('AWS::Cognito::UserPoolResourceServer', 'Server', 'server', server));
  for (const [id, client] of Object.entries(given.otherClients ?? {}))
    service.addClient(otherClient(id, client));
  const trail: TrailFacts[] = [];
  const endpoint = await serve(service, trail);
  const sdk = new CognitoIdentityProviderClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  onTestFinished(() => {
    sdk.destroy();
    clock.stop();
  });
  return { clock, service, sdk, trail, ...people(sdk, clock) };
}

export type Clinic = Awaited<ReturnType<typeof openClinic>>;

export function poolResource(properties: Properties = {}): Resource {
  return resource('AWS::Cognito::UserPool', 'Pool', 'abcdefghijklmnopqrstuvwxyz', {
    AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] },
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    MfaConfiguration: 'ON',
    Policies: {
      PasswordPolicy: { MinimumLength: 12, RequireNumbers: true, TemporaryPasswordValidityDays: 3 },
    },
    Schema: [
      {
        Name: 'person',
        AttributeDataType: 'String',
        Mutable: false,
        StringAttributeConstraints: { MaxLength: '64' },
      },
    ],
    ...properties,
  });
}

export function clientResource(properties: Properties = {}): Resource {
  return resource('AWS::Cognito::UserPoolClient', 'Client', CLIENT_ID, {
    UserPoolId: POOL_ID,
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
    PreventUserExistenceErrors: 'ENABLED',
    EnableTokenRevocation: true,
    AccessTokenValidity: 15,
    IdTokenValidity: 15,
    RefreshTokenValidity: 720,
    TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' },
    RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 10 },
    ReadAttributes: ['custom:person'],
    ...properties,
  });
}

/** A client of the pool with these properties and no others. */
export function otherClient(id: string, properties: Properties): Resource {
  return resource('AWS::Cognito::UserPoolClient', `Client${id}`, id, { UserPoolId: POOL_ID, ...properties });
}

/** A resource of a template, named as CloudFormation would name it. */
export function resource(type: string, logicalId: string, seed: string, properties: Properties): Resource {
  const identity = cognitoIdentities[type]?.({
    account: localAccount,
    stack: 'Clinic',
    logicalId,
    seed,
    property: (name) => properties[name],
  });
  if (!identity) throw new Error(`${type} has no identity`);
  return { stack: 'Clinic', logicalId, type, properties, ...identity };
}

const TEMPLATE = createSrpSession('', '', POOL_ID, false);

/** What a client app and an administrator do, with an SRP library that shares no code with the pool. */
function people(sdk: CognitoIdentityProviderClient, clock: Clock) {
  const codeOf = (secret: string) =>
    new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: 30 }).generate({
      timestamp: clock.now(),
    });

  const respond = (
    ChallengeName: 'NEW_PASSWORD_REQUIRED' | 'MFA_SETUP' | 'SOFTWARE_TOKEN_MFA',
    username: string,
    Session: string | undefined,
    answers: Record<string, string> = {},
  ) =>
    sdk.send(
      new RespondToAuthChallengeCommand({
        ClientId: CLIENT_ID,
        ChallengeName,
        Session,
        ChallengeResponses: { USERNAME: username, ...answers },
      }),
    );

  /** A small `secret` below the group's 3072 bits gives a public value of any length, and quickly. */
  const challenge = async (username: string, secret?: number) => {
    const session = secret
      ? { ...TEMPLATE, username, smallA: secret.toString(16), largeA: (1n << BigInt(secret)).toString(16) }
      : createSrpSession(username, '', POOL_ID, false);
    const first = await sdk.send(
      new InitiateAuthCommand(
        wrapInitiateAuth(session, {
          ClientId: CLIENT_ID,
          AuthFlow: 'USER_SRP_AUTH',
          AuthParameters: { USERNAME: username },
        }),
      ),
    );
    return { session, first };
  };

  const answer = (
    { session, first }: { session: ReturnType<typeof createSrpSession>; first: InitiateAuthCommandOutput },
    password: string,
    timestamp = timestampOf(clock.now()),
  ) => {
    const userId = first.ChallengeParameters?.USER_ID_FOR_SRP ?? '';
    const hash = createPasswordHash(userId, password, POOL_ID);
    const signed = signSrpSession({ ...session, password: hash, isHashed: true, timestamp }, first);
    return sdk.send(
      new RespondToAuthChallengeCommand(
        wrapAuthChallenge(signed, {
          ClientId: CLIENT_ID,
          ChallengeName: 'PASSWORD_VERIFIER',
          ChallengeResponses: { USERNAME: userId },
        }),
      ),
    );
  };

  const givePassword = async (
    username: string,
    password: string,
  ): Promise<RespondToAuthChallengeCommandOutput> => answer(await challenge(username, 2_500), password);

  /** A guess that no arithmetic went into. */
  const guess = async (username: string) => {
    const { first } = await challenge(username, 3);
    return sdk.send(
      new RespondToAuthChallengeCommand({
        ClientId: CLIENT_ID,
        ChallengeName: 'PASSWORD_VERIFIER',
        ChallengeResponses: {
          USERNAME: username,
          PASSWORD_CLAIM_SECRET_BLOCK: first.ChallengeParameters?.SECRET_BLOCK ?? '',
          PASSWORD_CLAIM_SIGNATURE: 'AAAA',
          TIMESTAMP: timestampOf(clock.now()),
        },
      }),
    );
  };

  const create = (username: string, temporary: string, person = 'p-1') =>
    sdk.send(
      new AdminCreateUserCommand({
        UserPoolId: POOL_ID,
        Username: username,
        TemporaryPassword: temporary,
        MessageAction: 'SUPPRESS',
        UserAttributes: [{ Name: 'custom:person', Value: person }],
      }),
    );

  /** From the temporary password to the first tokens: all three challenges. */
  const enrol = async (username: string, password: string) => {
    const temporary = 'temporary-pass-1';
    await create(username, temporary);
    const first = await givePassword(username, temporary);
    const second = await respond('NEW_PASSWORD_REQUIRED', username, first.Session, {
      NEW_PASSWORD: password,
    });
    const token = await sdk.send(new AssociateSoftwareTokenCommand({ Session: second.Session }));
    const secret = token.SecretCode ?? '';
    const code = codeOf(secret);
    const verified = await sdk.send(
      new VerifySoftwareTokenCommand({ Session: token.Session, UserCode: code }),
    );
    const last = await respond('MFA_SETUP', username, verified.Session);
    return { secret, code, first, second, last, tokens: tokensOf(last) };
  };

  /** A later sign-in, in the next time step, since a code is good once. */
  const signIn = async (username: string, password: string, secret: string) => {
    clock.advance(STEP_MS);
    const asked = await givePassword(username, password);
    return tokensOf(
      await respond('SOFTWARE_TOKEN_MFA', username, asked.Session, {
        SOFTWARE_TOKEN_MFA_CODE: codeOf(secret),
      }),
    );
  };

  return { codeOf, guess, respond, challenge, answer, givePassword, create, enrol, signIn };
}

export function tokensOf({ AuthenticationResult }: RespondToAuthChallengeCommandOutput) {
  const { AccessToken, IdToken, RefreshToken } = AuthenticationResult ?? {};
  if (!AccessToken || !IdToken || !RefreshToken) throw new Error('no tokens were given');
  return { AccessToken, IdToken, RefreshToken };
}

export function timestampOf(at: number): string {
  const [weekday, day, month, year, time] = new Date(at).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${Number(day)} ${time} UTC ${year}`;
}

/** A front door without locks: what it knows of AWS is the JSON protocol. */
async function serve(service: CognitoService, trail: TrailFacts[]): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const call: Call = {
      service: service.name,
      operation: String(request.headers['x-amz-target']).split('.')[1] ?? '',
      input: JSON.parse(body.toString()),
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: {},
      body,
      requestId: 'r-1',
      sourceIp: '192.0.2.1',
    };
    let status = 200;
    let answer: unknown;
    try {
      answer = (await service.handle(call)).body;
    } catch (error) {
      const known =
        error instanceof AwsError ? error : new AwsError('InternalErrorException', String(error), 500);
      status = known.status;
      answer = { __type: known.code, message: known.message };
    }
    trail.push(service.trail(call));
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  onTestFinished(() => server.closeAllConnections());
  const { port }: AddressInfo = Object(server.address());
  return `http://127.0.0.1:${port}`;
}
