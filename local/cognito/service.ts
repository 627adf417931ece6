import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Trail } from '../front-door/trail.ts';
import type { Authorization } from '../iam/policy.ts';
import type { Functions } from '../lambda/invoke.ts';
import type { Resource } from '../template/resource.ts';
import { Attempts } from './attempts.ts';
import { readClient } from './client-settings.ts';
import { addKeptClients, keepClient } from './clients.ts';
import { PoolDomain, readDomain } from './domain.ts';
import { OPERATIONS } from './operations.ts';
import { readPool } from './pool-settings.ts';
import { type Cognito, issuerOf, type Outcome, type Pool, poolArn } from './pools.ts';
import { list, only, record, text, wholeNumber } from './properties.ts';
import { Sessions } from './sessions.ts';
import { StateFile } from './state.ts';
import { type PublicKeys, publicKeys } from './tokens.ts';
import { trailOf } from './trail.ts';

/**
 * Cognito user pools: administrators create people, people sign in by SRP and a TOTP code, tokens are signed, renewed
 * and revoked; machines get theirs at a pool's domain. People, keys and refresh tokens survive a restart where `stateFile` is given; see {@link StateFile}
 * for what that file holds. Nothing here sends a message or serves managed login.
 */
export class CognitoService implements AwsService {
  readonly name = 'cognito-idp';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AWSCognitoIdentityProviderService';
  private readonly cognito: Cognito;
  /** The pools' domains, by pool id. */
  private readonly hosts = new Map<string, string>();
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
    const pool = {
      settings,
      clients: new Map(),
      templateGroups: new Map(),
      scopes: new Set<string>(),
      state,
    };
    addKeptClients(pool);
    this.cognito.pools.set(settings.id, pool);
  }

  /** Adds an AWS::Cognito::UserPoolClient to a pool added before, after the resource servers whose scopes it may have. */
  addClient(resource: Resource): void {
    const settings = readClient(resource);
    const pool = this.poolOf(resource);
    keepClient(pool, settings);
    this.cognito.file.save();
  }

  /** Adds an AWS::Cognito::UserPoolResourceServer. Its scopes reach tokens by a trigger, or by a machine's client. */
  addResourceServer(resource: Resource): void {
    only(resource, resource.properties, ['Identifier', 'Name', 'Scopes', 'UserPoolId']);
    const pool = this.poolOf(resource);
    for (const scope of list(resource.properties.Scopes))
      pool.scopes.add(`${resource.ref}/${text(record(scope).ScopeName) ?? ''}`);
  }

  /** Adds an AWS::Cognito::UserPoolGroup. */
  addGroup(resource: Resource): void {
    const { properties } = resource;
    only(resource, properties, ['Description', 'GroupName', 'Precedence', 'UserPoolId']);
    const description = text(properties.Description);
    const precedence = wholeNumber(properties.Precedence);
    const now = this.cognito.clock.now();
    this.poolOf(resource).templateGroups.set(resource.ref, {
      name: resource.ref,
      ...(description && { description }),
      ...(precedence !== undefined && { precedence }),
      createdAt: now,
      modifiedAt: now,
    });
  }

  /** Adds an AWS::Cognito::UserPoolDomain to a pool added before; `trail` hears of each token asked for there. */
  addDomain(resource: Resource, trail: Trail, onFault: (error: unknown) => void): PoolDomain {
    const pool = this.poolOf(resource);
    const host = readDomain(resource, this.cognito.account);
    this.hosts.set(pool.settings.id, host);
    return new PoolDomain({ host, cognito: this.cognito, pool, trail, onFault });
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

  /** What is not served here needs no signature to be told so. */
  isPublic(operation: string): boolean {
    return OPERATIONS.get(operation)?.isPublic ?? true;
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
    const outcome = await operation.run(this.cognito, call.input);
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
    const host = this.hosts.get(settings.id);
    return {
      id_token_signing_alg_values_supported: ['RS256'],
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: ['code', 'token'],
      scopes_supported: ['openid', 'email', 'phone', 'profile'],
      subject_types_supported: ['public'],
      ...(host && {
        token_endpoint: `https://${host}/oauth2/token`,
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      }),
    };
  }
}
