import { randomUUID } from 'node:crypto';
import type { Ends, MembershipEnd } from '../../../functions/domain/append-membership.ts';
import { type Admitting, type Caller, isEnded } from '../../../functions/domain/caller.ts';
import type { MembershipRooms } from '../../../functions/domain/change-members.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import {
  type Entry,
  genesisOf,
  type MembershipEntry,
  type OpenedEntry,
} from '../../../functions/domain/entry.ts';
import type { GuestPlace, Log, MembershipCondition, Stretch } from '../../../functions/domain/log.ts';
import type { People } from '../../../functions/domain/people.ts';
import { phi } from '../../../functions/domain/phi.ts';
import type { Mark } from '../../../functions/domain/raise-heads.ts';
import type { ChangeableRetention, RetentionPolicy } from '../../../functions/domain/retention.ts';
import type { Stamps } from '../../../functions/domain/revoke-session.ts';
import type { SendingRooms } from '../../../functions/domain/send-message.ts';
import type {
  EmergencyGrant,
  EmergencyGrants,
  SessionRecord,
  SignInToken,
  Socket,
} from '../../../functions/domain/session-record.ts';
import type { SignOutRules } from '../../../functions/domain/sign-out.ts';
import {
  DataKeys,
  type KeyService,
  type WrappedKey,
  type WrappedKeys,
} from '../../../functions/vault/data-keys.ts';
import { vault } from '../../../functions/vault/vault.ts';
import type { DeviceKind } from '../../../protocol/bodies.ts';
import { MemoryAttachments } from './in-memory-attachments.ts';

/** Ids as the protocol writes them, readable in a failing test. */
export const person = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z2-7]/g, '')
    .padEnd(26, 'a');
export const aRef = () => randomUUID();
/** A text as a door hands it on. */
export const aText = (text: string) => ({ kind: 'text', text: phi(text) }) as const;

/** A log in memory with DynamoDB's promises: conditional writes, strongly consistent reads. */
export class MemoryLog implements Log {
  readonly heads = new Map<string, Head>();
  readonly entries: Entry[] = [];
  /** Runs before each call takes effect, so that a test decides who comes first. */
  turn: (what: string) => Promise<void> = async () => {};

  async head(conversationId: string) {
    await this.turn('head');
    return this.heads.get(conversationId);
  }

  async newest(_conversationId: string, limit: number) {
    await this.turn('newest');
    return this.entries.slice(-limit);
  }

  async forward(_conversationId: string, after: number, limit: number): Promise<Stretch> {
    await this.turn('forward');
    const all = this.entries.filter((entry) => entry.seq > after);
    return { entries: all.slice(0, limit), more: all.length > limit };
  }

  async backward(_conversationId: string, before: number, limit: number, above = 0): Promise<Stretch> {
    await this.turn('backward');
    const all = this.entries.filter((entry) => entry.seq < before && entry.seq > above);
    return { entries: all.slice(-limit), more: all.length > limit };
  }

  async append(entry: Entry) {
    await this.turn('append');
    const winner = this.entries.find((other) => other.seq === entry.seq);
    if (winner) return { outcome: 'lost', winner } as const;
    this.entries.push(entry);
    return { outcome: 'stored' } as const;
  }

  /** How often a hold was placed. */
  placings = 0;

  /** Where each guest was let in last. */
  readonly places = new Map<string, GuestPlace>();

  async placeOf(person: string) {
    return this.places.get(person);
  }

  async appendMembership(
    entry: MembershipEntry,
    before: Head,
    after: Head,
    { guest, placings = this.placings }: MembershipCondition = {},
  ) {
    await this.turn('appendMembership');
    if (placings !== this.placings) return { outcome: 'conflict' } as const;
    const isOvertaken = guest && this.places.get(entry.change.person) !== guest.was;
    if (isOvertaken) return { outcome: 'conflict' } as const;
    const taken = this.entries.some((other) => other.seq === entry.seq);
    const standing = this.heads.get(before.conversationId);
    if (taken || standing?.membersVersion !== before.membersVersion) return { outcome: 'conflict' } as const;
    this.entries.push(entry);
    if (guest)
      this.places.set(entry.change.person, { conversationId: before.conversationId, seq: entry.seq });
    const { members, membersVersion, last, lastHash, lastAt } = after;
    this.heads.set(before.conversationId, {
      ...standing,
      members,
      membersVersion,
      last,
      lastHash,
      lastAt,
      yieldUntil: undefined,
    });
    return { outcome: 'stored' } as const;
  }

  async askToYield(conversationId: string, yieldUntil: number) {
    await this.turn('askToYield');
    const standing = this.heads.get(conversationId);
    if (standing) this.heads.set(conversationId, { ...standing, yieldUntil });
  }

  readonly rebuild = async (before: Head, after: Head) => {
    await this.turn('rebuild');
    const standing = this.heads.get(before.conversationId);
    if (standing?.membersVersion !== before.membersVersion) return false;
    const { members, membersVersion } = after; // how far the log has come is not its affair
    this.heads.set(before.conversationId, { ...standing, members, membersVersion });
    return true;
  };

  /** The dispatcher's write: forward only. */
  async raise({ conversationId, ...mark }: Mark) {
    await this.turn('raise');
    const standing = this.heads.get(conversationId);
    if (standing && standing.last < mark.last) this.heads.set(conversationId, { ...standing, ...mark });
  }

  async create(head: Head) {
    await this.turn('create');
    const existing = this.heads.get(head.conversationId);
    if (existing) return { outcome: 'exists', existing } as const;
    this.heads.set(head.conversationId, head);
    return { outcome: 'created' } as const;
  }
}

/** Sessions in memory. */
export class MemorySessions implements Admitting, Stamps, EmergencyGrants {
  readonly records = new Map<string, SessionRecord>();
  now = () => 0;
  /** Nobody is signed out by time, unless a test says otherwise. */
  rules: SignOutRules = { idleMs: () => Number.MAX_SAFE_INTEGER, limitMs: Number.MAX_SAFE_INTEGER };

  async of(person: string) {
    return this.records.get(person) ?? { sockets: [] };
  }

  async ofMany(people: readonly string[]) {
    return new Map(await Promise.all(people.map(async (name) => [name, await this.of(name)] as const)));
  }

  async register(socket: Socket) {
    const record = await this.of(socket.person);
    if (isEnded(record, socket)) return false;
    const others = record.sockets.filter((other) => other.connectionId !== socket.connectionId);
    const seen = new Map([...(record.seen ?? []), [socket.session, { ...socket, at: this.now() }] as const]);
    this.records.set(socket.person, { ...record, seen, sockets: [...others, socket] });
    return true;
  }

  async endAll(person: string, at: number) {
    const record = await this.of(person);
    const standing = { ...record, revokedUntil: Math.max(at, record.revokedUntil ?? at) };
    this.records.set(person, standing);
    return standing;
  }

  async endOne(person: string, session: string) {
    const record = await this.of(person);
    const standing = { ...record, ended: new Set([...(record.ended ?? []), session]) };
    this.records.set(person, standing);
    return standing;
  }

  async noteSeen(token: SignInToken, at: number, isActive: boolean, instead: readonly string[]) {
    const { person, session, authenticatedAt, expiresAt } = token;
    const record = await this.of(person);
    const activeAt = new Map([...(record.activeAt ?? []), ...(isActive ? [[session, at] as const] : [])]);
    const seen = new Map([...(record.seen ?? []), [session, { authenticatedAt, expiresAt, at }] as const]);
    for (const one of instead) for (const known of [activeAt, seen]) known.delete(one);
    this.records.set(person, { ...record, activeAt, seen });
  }

  async grantEmergency(person: string, session: string, grant: EmergencyGrant) {
    const record = await this.of(person);
    const emergencies = new Map([...(record.emergencies ?? []), [session, grant] as const]);
    this.records.set(person, { ...record, emergencies });
  }

  async noteDevice(person: string, session: string, device: DeviceKind) {
    const record = await this.of(person);
    this.records.set(person, { ...record, devices: new Map([...(record.devices ?? []), [session, device]]) });
  }

  async forget(person: string, connectionId: string) {
    const record = this.records.get(person) ?? { sockets: [] };
    const sockets = record.sockets.filter((socket) => socket.connectionId !== connectionId);
    this.records.set(person, { ...record, sockets });
  }
}

/** Wrapped keys in memory, and a key service that wraps by keeping; calls are counted. */
export class MemoryKeys implements WrappedKeys, KeyService {
  readonly stored = new Map<string, WrappedKey>();
  private readonly plain = new Map<string, Uint8Array>();
  serviceCalls = 0;

  async conversationKey(conversationId: string, epoch: string) {
    return this.stored.get(`${conversationId}/${epoch}`);
  }
  async putConversationKey(conversationId: string, epoch: string, key: WrappedKey) {
    return this.putIfAbsent(`${conversationId}/${epoch}`, key);
  }
  async organisationKey(epoch: string) {
    return this.stored.get(epoch);
  }
  async putOrganisationKey(epoch: string, key: WrappedKey) {
    return this.putIfAbsent(epoch, key);
  }
  async generate() {
    this.serviceCalls += 1;
    const plain = crypto.getRandomValues(new Uint8Array(32));
    const wrapped = crypto.getRandomValues(new Uint8Array(40));
    this.plain.set(Buffer.from(wrapped).toString('hex'), plain.slice());
    return { plain, wrapped };
  }
  async unwrap(_epoch: string, wrapped: Uint8Array) {
    this.serviceCalls += 1;
    const plain = this.plain.get(Buffer.from(wrapped).toString('hex'));
    if (!plain) throw new Error('no such key');
    return plain.slice(); // the caller overwrites it
  }

  private putIfAbsent(name: string, key: WrappedKey): WrappedKey {
    const standing = this.stored.get(name) ?? key;
    this.stored.set(name, standing);
    return standing;
  }
}

/** A conversation with everything a send needs, all in memory; what was announced to whom is kept. */
export function aConversation(members: readonly string[], now = () => 1_800_000_000_000) {
  const log = new MemoryLog();
  const sessions = new MemorySessions();
  const keys = new MemoryKeys();
  const announced: { entry: OpenedEntry; to: readonly Socket[] }[] = [];
  const conversationId = person('conversation');
  const [owner = ''] = members;
  const head: Head = {
    conversationId,
    kind: 'group',
    members: members.map((name, place) => ({ person: name, role: place ? 'member' : 'owner', joined: 0 })),
    membersVersion: 0,
    last: 0,
    lastHash: genesisOf(conversationId, owner, now()),
    lastAt: now(),
    retentionDays: 30,
    createdAt: now(),
    createdBy: owner,
    ref: aRef(),
    founders: new Uint8Array(),
  };
  log.heads.set(conversationId, head);
  let ids = 0;
  const rooms: SendingRooms & MembershipRooms & { ends: MemoryEnds; attachments: MemoryAttachments } = {
    log,
    guests: log,
    sessions,
    people: cliniciansOf(),
    attachments: new MemoryAttachments(),
    vault: vault(new DataKeys(keys, keys, now)),
    ...noHolds,
    retention: aRetention({ default: 30 }),
    ends: new MemoryEnds(),
    announcements: {
      announce: async (entry, to) => {
        announced.push({ entry, to });
      },
    },
    now,
    newId: () => {
      ids += 1;
      return person(`message${String(ids).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '')}`);
    },
    newRef: aRef,
    pause: async () => {},
  };
  return { rooms, log, sessions, keys, announced, conversationId, head };
}

/** A policy in memory, to be changed and to be read. */
export function aRetention(days: RetentionPolicy['days']) {
  const policy: { -readonly [K in keyof RetentionPolicy]: RetentionPolicy[K] } = { days };
  const update = (standing: RetentionPolicy, after: Partial<RetentionPolicy>) => {
    if (standing.version !== policy.version) return undefined;
    Object.assign(policy, after, { version: (policy.version ?? 0) + 1 });
    return { ...policy };
  };
  const retention: ChangeableRetention = {
    standing: async () => ({ ...policy }),
    change: async (standing, { kind, days: wanted, before, changed }) =>
      update(standing, { days: { ...policy.days, [kind]: wanted }, before, changed }),
    remember: async (standing, before) => update(standing, { before }) !== undefined,
  };
  return { policy, ...retention };
}

/** Rooms in which nothing is on hold. */
export const noHolds = {
  holds: { all: async () => [], keep: async () => true, placings: async () => 0 },
  restamps: { ask: async () => 1 },
};

/** A caller whose session is live. */
export function callerNamed(name: string): Caller {
  return {
    person: name,
    session: 'sign-in',
    roles: ['clinician'],
    authenticatedAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    askedAt: 0,
    idleAt: Number.MAX_SAFE_INTEGER,
    endsAt: Number.MAX_SAFE_INTEGER,
    otherSockets: [],
  };
}

/** A People table that knows these, clinicians all; without a list, everybody who is asked for. */
export function cliniciansOf(known?: readonly string[]): People {
  const profileOf = (person: string) => ({ person, roles: ['clinician'] });
  const isKnown = (person: string) => known?.includes(person) ?? true;
  return {
    profile: async (person) => (isKnown(person) ? profileOf(person) : undefined),
    profiles: async (ids) => new Map(ids.filter(isKnown).map((person) => [person, profileOf(person)])),
  };
}

/** Ends of memberships in memory. */
export class MemoryEnds implements Ends {
  noted: MembershipEnd[] = [];

  async note(end: MembershipEnd) {
    await this.forget(end);
    this.noted.push(end);
  }
  async *due(now: number) {
    yield* this.noted.filter(({ until }) => until <= now).map((end) => [end]);
  }
  async forget(end: MembershipEnd) {
    this.noted = this.noted.filter((one) => JSON.stringify(one) !== JSON.stringify(end));
  }
}
