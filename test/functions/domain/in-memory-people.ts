import { generateKeyPairSync, sign } from 'node:crypto';
import type { Account, Accounts, Foreign } from '../../../functions/domain/accounts.ts';
import type { Caller } from '../../../functions/domain/caller.ts';
import type { Entitlements } from '../../../functions/domain/entitlements.ts';
import type { Profile, Profiles } from '../../../functions/domain/people.ts';
import { type Phi, reveal } from '../../../functions/domain/phi.ts';
import type { QuarterEntry, QuarterList, RecertifyingRooms } from '../../../functions/domain/recertify.ts';
import type { Role } from '../../../protocol/roles.ts';
import { callerNamed, MemorySessions, person } from './in-memory.ts';

/** 2026-11-22, in the last quarter of that year. */
export const NOW = Date.UTC(2026, 10, 22, 12);

/** People in memory with DynamoDB's promises: one writer of a version. */
class MemoryProfiles implements Profiles {
  readonly kept = new Map<string, Profile>();

  async profile(who: string) {
    return this.kept.get(who);
  }
  async profiles(whom: readonly string[]) {
    return new Map([...this.kept].filter(([who]) => whom.includes(who)));
  }
  async add(profile: Profile) {
    const standing = this.kept.get(profile.person);
    if (!standing) this.kept.set(profile.person, profile);
    return standing;
  }
  async change(before: Profile, after: Profile) {
    if (this.kept.get(before.person)?.version !== before.version) return false;
    this.kept.set(before.person, after);
    return true;
  }
  async recertify(who: string, at: number) {
    const standing = this.kept.get(who);
    if (standing) this.kept.set(who, { ...standing, recertifiedAt: at });
  }
}

/** A user pool in memory. */
class MemoryAccounts implements Accounts {
  readonly users = new Map<string, Account | Foreign>();
  readonly passwords = new Map<string, string>();
  readonly disabled = new Set<string>();

  async find(username: Phi<string>) {
    return this.users.get(reveal(username));
  }
  async create(username: Phi<string>, who: string, temporaryPassword: string) {
    const account = { person: who, sub: `sub-of-${reveal(username)}`, hasSignedIn: false };
    this.users.set(reveal(username), account);
    this.passwords.set(reveal(username), temporaryPassword);
    return { ...account, temporaryPassword };
  }
  async renewPassword(username: Phi<string>, temporaryPassword: string) {
    this.passwords.set(reveal(username), temporaryPassword);
  }
  async disable(sub: string) {
    this.disabled.add(sub);
  }
  async enable(sub: string) {
    this.disabled.delete(sub);
  }
}

/** An organisation in memory: everything that administering its people takes. */
export function anOrganisation(people: readonly Profile[]) {
  const profiles = new MemoryProfiles();
  for (const one of people) profiles.kept.set(one.person, one);
  const accounts = new MemoryAccounts();
  const sessions = new MemorySessions();
  const entitled = new Map<string, Entitlements & { version: number }>();
  const lists = new Map<string, QuarterList>();
  const entries = new Map<string, QuarterEntry>();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const world = { at: NOW, made: 0 };
  const rooms: RecertifyingRooms & { accounts: MemoryAccounts; newPassword: () => string } = {
    profiles,
    accounts,
    entitler: {
      entitle: async (who, what, version) => {
        if ((entitled.get(who)?.version ?? -1) >= version) return;
        entitled.set(who, { ...what, version });
        sessions.records.set(who, { ...(await sessions.of(who)), entitled: what });
      },
    },
    stamps: sessions,
    sockets: { close: async () => 'closed' },
    signIns: { endAll: async () => true },
    signer: {
      keyId: 'arn:aws:kms:us-east-1:111122223333:key/k',
      algorithm: 'ECDSA_SHA_256',
      sign: async (bytes) => sign('sha256', bytes, privateKey),
    },
    lists: {
      begin: async (list) => {
        const standing = lists.get(list.quarter) ?? list;
        lists.set(list.quarter, standing);
        return standing;
      },
      list: async (quarter) => lists.get(quarter),
      fill: async (_quarter, some) => {
        for (const one of some) if (!entries.has(one.person)) entries.set(one.person, one);
      },
      filledTo: async (quarter, place) => {
        const list = lists.get(quarter);
        if (list) lists.set(quarter, { ...list, ...(place === undefined ? { isFilled: true } : { place }) });
      },
      count: async () => ({
        people: entries.size,
        waiting: [...entries.values()].filter(({ verdict }) => !verdict).length,
      }),
      page: async (_quarter, after = '', limit) => {
        const above = [...entries.values()]
          .filter((one) => one.person > after)
          .sort((one, other) => (one.person < other.person ? -1 : 1));
        return { entries: above.slice(0, limit), more: above.length > limit };
      },
      entry: async (_quarter, who) => entries.get(who),
      sign: async (_quarter, entry) => {
        const standing = entries.get(entry.person);
        if (standing?.verdict) return standing;
        entries.set(entry.person, entry);
        return entry;
      },
    },
    everybody: {
      everybody: async (place) => {
        const all = [...profiles.kept.values()];
        const from = Number(place ?? 0);
        return {
          people: all.slice(from, from + 2),
          ...(from + 2 < all.length && { next: String(from + 2) }),
        };
      },
    },
    now: () => world.at++,
    newId: () => person(`made${'abcdefghij'[world.made++ % 10]}`),
    newPassword: () => `Temporary-${world.made++}!`,
  };
  return { rooms, profiles, accounts, sessions, entitled, lists, entries, world };
}

/** Somebody who asks, with these roles. */
export function asking(name: string, roles: readonly Role[], site?: string): Promise<Caller> {
  return Promise.resolve({ ...callerNamed(person(name)), roles, ...(site !== undefined && { site }) });
}

/** The code that was refused, or what was given. */
export function outcomeOf(work: Promise<{ value: unknown }>): Promise<unknown> {
  return work.then(
    ({ value }) => value,
    (error: { code?: string }) => error.code ?? Promise.reject(error),
  );
}
