import { type Account, arn } from '../account.ts';
import type { Clock } from '../clock.ts';
import { AwsError } from '../front-door/service.ts';
import type { Functions } from '../lambda/invoke.ts';
import type { Attempts } from './attempts.ts';
import type { ClientSettings } from './client-settings.ts';
import { requiredText } from './input.ts';
import type { PoolSettings } from './pool-settings.ts';
import type { Sessions } from './sessions.ts';
import type { Group, PoolState, StateFile, User } from './state.ts';

/** What every operation works with. */
export interface Cognito {
  readonly account: Account;
  readonly clock: Clock;
  readonly functions: Functions;
  readonly pools: Map<string, Pool>;
  readonly file: StateFile;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
}

export interface Pool {
  readonly settings: PoolSettings;
  readonly clients: Map<string, ClientSettings>;
  /** The groups that the template has, by name, unless a call changed them since. */
  readonly templateGroups: Map<string, Group>;
  /** Identifiers of resource servers with their scopes: `orders/read`. */
  readonly scopes: Set<string>;
  readonly state: PoolState;
}

export type Input = Readonly<Record<string, unknown>>;

/** An operation's answer, and whom it was about: the `sub` alone, for the trail. */
export interface Outcome {
  readonly body: Readonly<Record<string, unknown>>;
  readonly sub?: string;
}

export function poolOf(cognito: Cognito, input: Input): Pool {
  const id = requiredText(input, 'UserPoolId');
  const pool = cognito.pools.get(id);
  if (!pool) throw new AwsError('ResourceNotFoundException', `User pool ${id} does not exist.`);
  return pool;
}

export function clientOf(cognito: Cognito, input: Input): { pool: Pool; client: ClientSettings } {
  const id = requiredText(input, 'ClientId');
  for (const pool of cognito.pools.values()) {
    const client = pool.clients.get(id);
    if (client) return { pool, client };
  }
  throw new AwsError('ResourceNotFoundException', `User pool client ${id} does not exist.`);
}

/** Pools that do not tell cases apart keep and look up names in lower case. */
export function foldName(pool: Pool, username: string): string {
  return pool.settings.caseSensitive ? username : username.toLowerCase();
}

export function userBySub(pool: Pool, sub: string): User | undefined {
  return [...pool.state.users.values()].find((user) => user.sub === sub);
}

export function issuerOf(account: Account, poolId: string): string {
  return `https://cognito-idp.${account.region}.${account.urlSuffix}/${poolId}`;
}

/** The ARN that policies name a pool by, whether or not the pool exists. */
export function poolArn(account: Account, poolId: string): string {
  return arn(account, 'cognito-idp', `userpool/${poolId}`);
}
