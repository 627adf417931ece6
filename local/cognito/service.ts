import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Authorization } from '../iam/policy.ts';
import type { Functions } from '../lambda/invoke.ts';
import type { Resource } from '../template/resource.ts';
import * as admin from './admin.ts';
import { Attempts } from './attempts.ts';
import { initiateAuth, respondToAuthChallenge } from './challenges.ts';
import { readClient } from './client-settings.ts';
import { describeUserPool, forgotPassword, listUsers, signUp } from './directory.ts';
import { associateSoftwareToken, verifySoftwareToken } from './mfa.ts';
import { readPool } from './pool-settings.ts';
import { type Cognito, type Input, issuerOf, type Outcome, type Pool, poolArn } from './pools.ts';
import { only, text } from './properties.ts';
import { getTokensFromRefreshToken, globalSignOut, revokeToken } from './refresh.ts';
import { Sessions } from './sessions.ts';
import { StateFile } from './state.ts';
import { type PublicKeys, publicKeys } from './tokens.ts';
import { trailOf } from './trail.ts';

/**
 * Cognito user pools: administrators create people, people sign in by SRP and a TOTP code, tokens are signed, renewed
 * and revoked. People, keys and refresh tokens survive a restart where `stateFile` is given; see {@link StateFile}
 * for what that file holds. Nothing here sends a message or serves managed login.
 */
export class CognitoService implements AwsService {
  readonly name = 'cognito-idp';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AWSCognitoIdentityProviderService';
  private readonly cognito: Cognito;
  /** What a call came to, for its trail; a call that the front door forgets is forgotten here too. */
  private readonly outcomes = new WeakMap<Call, Outcome>();

  constructor(given: { account: Account; clock: Clock; functions: Functions; stateFile?: string }) {
    const { account, clock, functions, stateFile } = given;
    this.cognito = {
      account,
      clock,
      functions,
      pools: new Map(),
      file: new StateFile(stateFile),
      sessions: new Sessions(clock),
      attempts: new Attempts(clock),
    };
  }

  /** Adds an AWS::Cognito::UserPool; its people are those of the state file. */
  addPool(resource: Resource): void {
    const settings = readPool(resource);
    const state = this.cognito.file.pool(settings.id);
    this.cognito.pools.set(settings.id, { settings, clients: new Map(), groups: new Set(), state });
  }

  /** Adds an AWS::Cognito::UserPoolClient to a pool added before. */
  addClient(resource: Resource): void {
    const settings = readClient(resource);
    this.poolOf(resource).clients.set(settings.id, settings);
  }

  /** Adds an AWS::Cognito::UserPoolResourceServer. Its scopes reach tokens by managed login or a trigger alone. */
  addResourceServer(resource: Resource): void {
    only(resource, resource.properties, ['Identifier', 'Name', 'Scopes', 'UserPoolId']);
    this.poolOf(resource);
  }

  /** Adds an AWS::Cognito::UserPoolGroup. */
  addGroup(resource: Resource): void {
    only(resource, resource.properties, ['Description', 'GroupName', 'Precedence', 'RoleArn', 'UserPoolId']);
    this.poolOf(resource).groups.add(resource.ref);
  }

  /** A pool's JWKS or OpenID configuration. */
  publicDocument(path: string): unknown {
    const [, id, document] = /^\/([^/]+)\/\.well-known\/([^/]+)$/.exec(path) ?? [];
    const pool = this.cognito.pools.get(id ?? '');
    if (!pool) return undefined;
    if (document === 'jwks.json') return publicKeys(pool.state.keys);
    return document === 'openid-configuration' ? this.openIdConfiguration(pool) : undefined;
  }

  /** The keys that an issuer's tokens are signed with; undefined where the issuer is no pool of this run. */
  issuerKeys(issuer: string): PublicKeys | undefined {
    const pool = [...this.cognito.pools.values()].find(({ settings }) => this.issuer(settings.id) === issuer);
    return pool && publicKeys(pool.state.keys);
  }

  isPublic(operation: string): boolean {
    return Object.hasOwn(PUBLIC, operation);
  }

  authorizations(call: Call): readonly Authorization[] {
    if (this.isPublic(call.operation)) return [];
    const id = text(call.input.UserPoolId);
    const resource = id ? poolArn(this.cognito.account, id) : '*';
    return [{ action: `cognito-idp:${call.operation}`, resource }];
  }

  async handle(call: Call): Promise<Answer> {
    const operation = OPERATIONS.get(call.operation);
    if (!operation)
      throw new AwsError(
        'UnknownOperationException',
        `${call.operation} is not an operation that is served here`,
      );
    const outcome = await operation(this.cognito, call.input);
    this.outcomes.set(call, outcome);
    return { body: outcome.body };
  }

  trail(call: Call): TrailFacts {
    const id = text(call.input.UserPoolId) ?? this.poolOfClient(call.input.ClientId)?.settings.id;
    const pool = id ? { id, arn: poolArn(this.cognito.account, id) } : undefined;
    return trailOf(call.operation, call.input, pool, this.outcomes.get(call));
  }

  private poolOf(resource: Resource): Pool {
    const id = String(resource.properties.UserPoolId);
    const pool = this.cognito.pools.get(id);
    if (!pool)
      throw new Error(`${resource.type} ${resource.logicalId}: no user pool ${id}: add the pool first`);
    return pool;
  }

  private poolOfClient(clientId: unknown): Pool | undefined {
    return [...this.cognito.pools.values()].find((pool) => pool.clients.has(String(clientId)));
  }

  private issuer(poolId: string): string {
    return issuerOf(this.cognito.account, poolId);
  }

  private openIdConfiguration({ settings }: Pool): Readonly<Record<string, unknown>> {
    const issuer = this.issuer(settings.id);
    return {
      id_token_signing_alg_values_supported: ['RS256'],
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: ['code', 'token'],
      scopes_supported: ['openid', 'email', 'phone', 'profile'],
      subject_types_supported: ['public'],
    };
  }
}

type Operation = (cognito: Cognito, input: Input) => Outcome | Promise<Outcome>;

/** What AWS serves without a signature. */
const PUBLIC = {
  AssociateSoftwareToken: associateSoftwareToken,
  ForgotPassword: forgotPassword,
  GetTokensFromRefreshToken: getTokensFromRefreshToken,
  GlobalSignOut: globalSignOut,
  InitiateAuth: initiateAuth,
  RespondToAuthChallenge: respondToAuthChallenge,
  RevokeToken: revokeToken,
  SignUp: signUp,
  VerifySoftwareToken: verifySoftwareToken,
};

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ...Object.entries<Operation>(PUBLIC),
  ['AdminAddUserToGroup', admin.adminAddUserToGroup],
  ['AdminCreateUser', admin.adminCreateUser],
  ['AdminDeleteUser', admin.adminDeleteUser],
  ['AdminDisableUser', admin.adminDisableUser],
  ['AdminEnableUser', admin.adminEnableUser],
  ['AdminGetUser', admin.adminGetUser],
  ['AdminRemoveUserFromGroup', admin.adminRemoveUserFromGroup],
  ['AdminSetUserPassword', admin.adminSetUserPassword],
  ['AdminUpdateUserAttributes', admin.adminUpdateUserAttributes],
  ['AdminUserGlobalSignOut', admin.adminUserGlobalSignOut],
  ['DescribeUserPool', describeUserPool],
  ['ListUsers', listUsers],
]);
