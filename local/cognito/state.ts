import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { newSigningKeys, type SigningKeys } from './signing-keys.ts';
import type { PasswordVerifier } from './srp.ts';
import type { SoftwareToken } from './totp.ts';

/** A person of a pool, as kept. Times in milliseconds since the epoch. */
export interface User {
  readonly username: string;
  readonly sub: string;
  readonly createdAt: number;
  modifiedAt: number;
  attributes: Record<string, string>;
  status: 'FORCE_CHANGE_PASSWORD' | 'CONFIRMED' | 'UNCONFIRMED';
  enabled: boolean;
  password: PasswordVerifier;
  /** The newest permanent passwords' verifiers, newest first, as many as the policy forbids. */
  history: PasswordVerifier[];
  temporaryUntil?: number;
  softwareToken?: SoftwareToken;
  /** Associated and not yet verified. */
  pendingSecret?: string;
  /** Names of groups; one that is no group any more counts for nothing. */
  groups: string[];
  /** Access tokens issued up to then are revoked, whatever their claims. */
  signedOutAt?: number;
}

/** A group of a pool. Times in milliseconds since the epoch. */
export interface Group {
  readonly name: string;
  readonly description?: string;
  readonly precedence?: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** One refresh token. The token itself is known to its holder alone; here it goes by its SHA-256. */
export interface RefreshToken {
  readonly clientId: string;
  readonly sub: string;
  readonly originJti: string;
  readonly eventId: string;
  readonly authTime: number;
  readonly expiresAt: number;
  rotatedAt?: number;
}

export interface PoolState {
  readonly keys: SigningKeys;
  /** Makes the challenges of users who do not exist. */
  readonly fakeSeed: string;
  /** By user name. */
  readonly users: Map<string, User>;
  /** By the token's hash. */
  readonly refreshTokens: Map<string, RefreshToken>;
  /** `origin_jti` of revoked sign-ins, with the time from which no token of theirs can be valid. */
  readonly revoked: Map<string, number>;
  /** Groups made or changed by a call; those of the template stand in the template. */
  readonly groups: Map<string, Group>;
  /** By client id. */
  readonly clientSecrets: Map<string, string>;
  /** What clients were made with that a call made, by id; those of the template stand in the template. */
  readonly clients: Map<string, Readonly<Record<string, unknown>>>;
}

/**
 * Everything the pools must remember, in one JSON file that only its owner may read. Passwords are there as SRP
 * verifiers and refresh tokens as hashes; TOTP secrets, clients' secrets and the signing keys stand in clear,
 * because without them no code can be checked and no token signed: keep the file as you would keep those.
 */
export class StateFile {
  private readonly path: string | undefined;
  private readonly pools: Map<string, PoolState>;

  constructor(path?: string) {
    this.path = path;
    this.pools = path && existsSync(path) ? readPools(path) : new Map();
  }

  pool(id: string): PoolState {
    const known = this.pools.get(id);
    if (known) return known;
    const fresh: PoolState = {
      keys: newSigningKeys(),
      fakeSeed: randomBytes(32).toString('hex'),
      users: new Map(),
      refreshTokens: new Map(),
      revoked: new Map(),
      groups: new Map(),
      clientSecrets: new Map(),
      clients: new Map(),
    };
    this.pools.set(id, fresh);
    this.save();
    return fresh;
  }

  /** Returns when the state is on disk: a new file, flushed, then renamed over the old one. */
  save(): void {
    if (!this.path) return;
    const directory = dirname(this.path);
    mkdirSync(directory, { recursive: true });
    const next = `${this.path}.next`;
    const file = openSync(next, 'w', 0o600);
    writeFileSync(file, JSON.stringify({ version: 1, pools: [...this.pools].map(toKept) }));
    fsyncSync(file);
    closeSync(file);
    renameSync(next, this.path);
    const folder = openSync(directory, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
}

interface KeptPool {
  readonly id: string;
  readonly keys: SigningKeys;
  readonly fakeSeed: string;
  readonly users: readonly User[];
  readonly refreshTokens: readonly (readonly [string, RefreshToken])[];
  readonly revoked: readonly (readonly [string, number])[];
  /** Absent in files of before groups could be made by a call. */
  readonly groups?: readonly Group[];
  readonly clientSecrets?: readonly (readonly [string, string])[];
  readonly clients?: readonly (readonly [string, Readonly<Record<string, unknown>>])[];
}

function toKept([id, pool]: readonly [string, PoolState]): KeptPool {
  return {
    id,
    keys: pool.keys,
    fakeSeed: pool.fakeSeed,
    users: [...pool.users.values()],
    refreshTokens: [...pool.refreshTokens],
    revoked: [...pool.revoked],
    groups: [...pool.groups.values()],
    clientSecrets: [...pool.clientSecrets],
    clients: [...pool.clients],
  };
}

function readPools(path: string): Map<string, PoolState> {
  const kept: { version?: number; pools?: readonly KeptPool[] } = JSON.parse(readFileSync(path, 'utf8'));
  if (kept.version !== 1 || !kept.pools)
    throw new Error(`${path} is no state of this version (${kept.version}): move it away and start again`);
  return new Map(
    kept.pools.map(({ id, ...pool }) => [
      id,
      {
        ...pool,
        users: new Map(pool.users.map((user) => [user.username, user])),
        refreshTokens: new Map(pool.refreshTokens),
        revoked: new Map(pool.revoked),
        groups: new Map((pool.groups ?? []).map((group) => [group.name, group])),
        clientSecrets: new Map(pool.clientSecrets ?? []),
        clients: new Map(pool.clients ?? []),
      },
    ]),
  );
}
