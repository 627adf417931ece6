import type { Announcements } from '../../../../functions/domain/announcements.ts';
import type { Admitting, Caller } from '../../../../functions/domain/caller.ts';
import type { MembershipRooms } from '../../../../functions/domain/change-members.ts';
import type { OpenedEntry } from '../../../../functions/domain/entry.ts';
import type { Log } from '../../../../functions/domain/log.ts';
import type { ReadingRooms } from '../../../../functions/domain/read-log.ts';
import { Refusal } from '../../../../functions/domain/refusal.ts';
import type { SendingRooms } from '../../../../functions/domain/send-message.ts';
import type { Socket } from '../../../../functions/domain/session-record.ts';
import { shownBody } from '../../../../functions/push/frames.ts';
import { aConversation, callerNamed, cliniciansOf, MemorySessions, person } from '../in-memory.ts';
import { bindingVault } from './binding-vault.ts';
import { type Half, type History, type Mishap, PEOPLE, type Who } from './history.ts';
import { InterleavedLog } from './interleaved-log.ts';
import type { Call, SeenEntry, Told } from './observations.ts';
import { Turns } from './turns.ts';

const NEVER = Number.MAX_SAFE_INTEGER;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Thrown into a call whose store was made to fail, or whose answer was lost. */
class Mishappened extends Error {}

/** What one call of a history is made under. */
export interface Terms {
  readonly skew?: number;
  readonly mishap?: Mishap;
  readonly half?: Half;
}

/** The stores and people of one history, with a way in for each call, its mishap included. */
export class Stage {
  readonly log = new InterleavedLog();
  readonly turns: Turns;
  readonly told: Told[] = [];
  readonly calls: Call[] = [];
  readonly conversationId: string;
  readonly openSockets = new Set<string>();
  /** Calls whose function died. */
  readonly crashed = new Set<number>();
  now = 1_800_000_000_000;
  private readonly sessions = new MemorySessions();
  private readonly basis: ReturnType<typeof aConversation>;

  constructor(history: History) {
    this.basis = aConversation(history.members.map(person), () => this.now);
    const { head } = this.basis;
    this.conversationId = head.conversationId;
    const members = head.members.map((member) =>
      history.kind === 'direct' ? { ...member, role: 'member' as const } : member,
    );
    this.log.heads.set(this.conversationId, { ...head, kind: history.kind, members });
    this.log.stretch = history.stretch;
    this.turns = new Turns(history.order);
    for (const name of PEOPLE) this.openSocketsOf(name);
  }

  get head() {
    return this.basis.head;
  }

  passDays(days: number, spared: number): void {
    this.now += days * DAY_MS;
    const goneBy = this.now - (this.head.retentionDays + 7) * DAY_MS;
    this.log.expire((entry) => entry.at <= goneBy && entry.seq % spared !== 0);
  }

  openBody(entry: Parameters<SendingRooms['vault']['openBody']>[0]) {
    return bindingVault.openBody(entry);
  }

  callerOf(name: Who): Caller {
    const id = person(name);
    const otherSockets = this.socketsOf(name).filter(({ connectionId }) =>
      /^(tablet|old)/.test(connectionId),
    );
    const connectionId = `phone-${name}`;
    return { ...callerNamed(id), connectionId, expiresAt: NEVER, otherSockets };
  }

  /** The rooms as one call finds them. */
  rooms(call: Call, terms: Terms): SendingRooms & MembershipRooms & ReadingRooms {
    const gate = this.gate(call, terms.mishap);
    return {
      ...this.basis.rooms,
      vault: { ...this.basis.rooms.vault, ...bindingVault },
      log: this.logFor(call, terms, gate),
      sessions: this.sessionsFor(gate),
      people: cliniciansOf(),
      announcements: this.announcementsFor(call, gate),
      now: () => this.now + (terms.skew ?? 0),
      pause: () => this.turns.next(),
    };
  }

  /** Each call of a store waits for its turn and then meets what was planned for it. */
  private gate(call: Call, mishap: Mishap | undefined) {
    let made = 0;
    return async <T>(effect: () => T | Promise<T>): Promise<T> => {
      const place = made;
      made += 1;
      const befalls = mishap?.at === place ? mishap.kind : undefined;
      if (befalls === 'crash') {
        this.crashed.add(call.id);
        return new Promise<T>(() => {});
      }
      await this.turns.next();
      if (befalls === 'fail') throw new Mishappened('nothing was done');
      const result = await effect();
      if (befalls === 'lost-reply') throw new Mishappened('it was done');
      return result;
    };
  }

  private logFor(call: Call, { mishap, half }: Terms, gate: Gate): Log {
    const { log } = this;
    let conflicts = mishap?.kind === 'conflict' ? mishap.at + 1 : 0;
    let stale = mishap?.kind === 'stale-head' ? mishap.at + 1 : 0;
    const unlessConflict = <T>(effect: () => T) => {
      conflicts -= 1;
      return conflicts >= 0 ? ({ outcome: 'conflict' } as const) : effect();
    };
    const head = (id: string) => {
      stale -= 1;
      return stale >= 0 ? log.staleHead(id) : log.head(id);
    };
    return {
      head: (id) => gate(() => head(id)),
      newest: (id, limit) => gate(() => log.newest(id, limit)),
      forward: (id, after, limit) => gate(() => log.forward(id, after, limit)),
      backward: (id, before, limit, above) => gate(() => log.backward(id, before, limit, above)),
      append: (entry) => gate(() => unlessConflict(() => log.appendBy(call.id, entry))),
      appendMembership: (entry, before, after) =>
        gate(() => unlessConflict(() => log.appendMembershipBy(call.id, half, entry, before, after))),
      askToYield: (id, until) => gate(() => log.askToYield(id, until)),
      rebuild: (before, after) => gate(() => log.heal(before, after)),
      create: (created) => gate(() => log.create(created)),
    };
  }

  private sessionsFor(gate: Gate): Admitting {
    const { sessions } = this;
    return {
      rules: sessions.rules,
      of: (id) => sessions.of(id),
      ofMany: (ids) => gate(() => sessions.ofMany(ids)),
      register: (socket) => sessions.register(socket),
      forget: (id, connectionId) => sessions.forget(id, connectionId),
      noteSeen: (...given) => sessions.noteSeen(...given),
      noteDevice: (...given) => sessions.noteDevice(...given),
    };
  }

  private announcementsFor(call: Call, gate: Gate): Announcements {
    return {
      announce: (entry, to) =>
        gate(() => {
          for (const { person: heard, connectionId } of to) {
            this.told.push({
              call: call.id,
              person: heard,
              socket: connectionId,
              entry: seen(entry),
              at: this.log.now,
            });
          }
        }),
    };
  }

  private openSocketsOf(name: Who): void {
    const sockets = this.socketsOf(name);
    this.sessions.records.set(person(name), { revokedUntil: 1, sockets });
    this.openSockets.add(`phone-${name}`).add(`tablet-${name}`);
  }

  /** Two that live, one whose token has run out, one of a sign-in that was ended. */
  private socketsOf(name: Who): readonly Socket[] {
    const socket = (connectionId: string, authenticatedAt: number, expiresAt: number): Socket => ({
      person: person(name),
      connectionId: `${connectionId}-${name}`,
      session: name,
      roles: ['clinician'],
      authenticatedAt,
      expiresAt,
    });
    return [
      socket('phone', 2, NEVER),
      socket('tablet', 2, NEVER),
      socket('old', 2, 3),
      socket('lost', 1, NEVER),
    ];
  }
}

type Gate = <T>(effect: () => T | Promise<T>) => Promise<T>;

/** A refusal's code, or that the call failed as it was made to; anything else is a bug of ours. */
export function outcomeOf(error: unknown): { readonly refused: string } | { readonly failed: string } {
  if (error instanceof Refusal) return { refused: error.code };
  return { failed: error instanceof Mishappened ? 'mishap' : String(error) };
}

/** An entry as its reader sees it. */
export function seen(entry: OpenedEntry): SeenEntry {
  return { ...entry, body: shownBody(entry.body) };
}
