import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { identityOf } from '../iam/identity.ts';
import type { Principal } from '../iam/policy.ts';

/** What an AWS SDK signs with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present for role sessions only. */
  readonly sessionToken?: string;
}

export interface IssuedCredentials {
  readonly credentials: Credentials;
  readonly principal: Principal;
  /** Milliseconds since the epoch, by the Clock. */
  readonly issuedAt: number;
  /** The same, of a session that ends by itself. */
  readonly expiresAt?: number;
}

/** Knows who signs with which access key. Holds secrets in memory only. */
export class CredentialStore {
  private readonly clock: Clock;
  private readonly issued = new Map<string, IssuedCredentials>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** New credentials for a principal: temporary ones (`ASIA…`, with a token) for a role session, lasting ones (`AKIA…`) otherwise. */
  issue(principal: Principal, { expiresAt }: { readonly expiresAt?: number } = {}): Credentials {
    const isSession = identityOf(principal).type === 'AssumedRole';
    const credentials: Credentials = {
      accessKeyId: accessKeyId(isSession ? 'ASIA' : 'AKIA'),
      secretAccessKey: randomBytes(30).toString('base64'),
      ...(isSession ? { sessionToken: randomBytes(192).toString('base64') } : {}),
    };
    this.forgetExpired();
    this.issued.set(credentials.accessKeyId, {
      ...{ credentials, principal, issuedAt: this.clock.now() },
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    return credentials;
  }

  find(accessKeyId: string): IssuedCredentials | undefined {
    return this.issued.get(accessKeyId);
  }

  /** From now on, what is signed with this key is refused. */
  revoke(accessKeyId: string): void {
    this.issued.delete(accessKeyId);
  }

  /** Long after their end: until then a caller hears that they have expired, afterwards that nobody knows them. */
  private forgetExpired(): void {
    const now = this.clock.now();
    for (const [id, { expiresAt }] of this.issued)
      if (expiresAt !== undefined && expiresAt + REMEMBERED_MS < now) this.issued.delete(id);
  }
}

const REMEMBERED_MS = 24 * 3600 * 1000;

/** Compares two secrets in a time that tells nothing of where they differ. */
export function sameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Twenty characters: what kind of key, and sixteen of base32 (IAM user guide, "IAM identifiers"). */
function accessKeyId(kind: 'ASIA' | 'AKIA'): string {
  return kind + Array.from(randomBytes(16), (byte) => base32.charAt(byte & 31)).join('');
}
