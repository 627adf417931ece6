import type { Head } from '../../../functions/domain/conversation.ts';
import { storedUntil } from '../../../functions/domain/conversation.ts';
import type { HeldObjects, Hold } from '../../../functions/domain/holds.ts';
import type { StampedEntry } from '../../../functions/domain/restamp.ts';
import type { Restamp } from '../../../functions/domain/restamps.ts';
import { aRetention } from './in-memory.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

/** Conversations of which only heads and dates of deletion matter, and what stamps them, in memory. */
export class Ward {
  now = 1_800_000_000_000;
  readonly heads = new Map<string, Head>();
  readonly entries = new Map<string, StampedEntry>();
  readonly held = new Map<string, Hold>();
  state: Restamp = { asked: 0, done: 0, version: 0 };
  /** Runs before each call of the store. */
  before: () => Promise<void> = async () => {};
  readonly policy: { days: { default: number; direct?: number; group?: number } };
  private readonly retention = aRetention({ default: 30 });
  private readonly pageSize: number;

  constructor({ pageSize = 100 } = {}) {
    this.pageSize = pageSize;
    this.policy = this.retention.policy;
  }

  /** A conversation with so many entries of this moment. */
  converse(
    conversationId: string,
    kind: Head['kind'],
    count: number,
    members: readonly string[] = ['ana'],
  ): void {
    const head = {
      conversationId,
      kind,
      members: members.map((person) => ({ person, role: 'member', joined: 0 })),
      retentionDays: 30,
    } as never as Head;
    this.heads.set(conversationId, head);
    for (let nth = 0; nth < count; nth += 1) this.write(conversationId, head, this.now);
  }

  /** An entry as a send stores it that has read this head. */
  write(conversationId: string, head: Head, at: number): void {
    const seq = this.of(conversationId).length + 1;
    const entry = { conversationId, seq, at, storedUntil: storedUntil(head, { at }) };
    this.entries.set(`${conversationId} ${seq}`, entry);
  }

  leave(conversationId: string, person: string): void {
    const head = this.heads.get(conversationId) as Head;
    this.heads.set(conversationId, {
      ...head,
      members: head.members.filter((member) => member.person !== person),
    });
  }

  /** Days from each entry's writing to its date of deletion. */
  daysStored(conversationId: string): readonly (number | undefined)[] {
    return this.of(conversationId).map((entry) =>
      entry.storedUntil === undefined ? undefined : Math.round((entry.storedUntil - entry.at) / DAY_MS),
    );
  }

  hold(holdId: string, objects: Partial<HeldObjects>): void {
    const restamp = this.state.asked + 1;
    this.held.set(holdId, {
      ...{ holdId, reason: 'M-1', people: [], conversations: [], ...objects },
      ...{ state: 'pending', placedBy: 'olga', placedAt: this.now, restamp },
    });
  }

  release(holdId: string): void {
    const hold = this.held.get(holdId) as Hold;
    this.held.set(holdId, { ...hold, state: 'releasing', restamp: this.state.asked + 1 });
  }

  readonly rooms = {
    retentionDays: 30,
    now: () => this.now,
    retention: this.retention,
    log: { head: async (id: string) => this.heads.get(id) },
    holds: {
      all: async () => [...this.held.values()],
      replace: async (before: Hold, after: Hold) => {
        const isStill = this.held.get(before.holdId)?.state === before.state;
        if (isStill) this.held.set(before.holdId, after);
        return isStill;
      },
    },
    restamps: {
      standing: async () => this.state,
      ask: async () => {
        this.state = { ...this.state, asked: this.state.asked + 1 };
        return this.state.asked;
      },
      save: async (before: Restamp, { run, done, days }: Restamp) => {
        await this.before();
        if (this.state.version !== before.version) return false;
        this.state = { ...this.state, run, done, days, version: before.version + 1 };
        return true;
      },
    },
    store: {
      heads: (after?: string) => this.page([...this.heads.entries()], after),
      entries: (after?: string) => this.page([...this.entries.entries()], after),
      bring: async ({ conversationId }: Head, wanted: Pick<Head, 'retentionDays' | 'holds'>) => {
        await this.before();
        this.heads.set(conversationId, { ...(this.heads.get(conversationId) as Head), ...wanted });
      },
      stamp: async ({ conversationId, seq }: StampedEntry, until: number | undefined) => {
        await this.before();
        const name = `${conversationId} ${seq}`;
        this.entries.set(name, { ...(this.entries.get(name) as StampedEntry), storedUntil: until });
      },
    },
  };

  private async page<T>(all: readonly (readonly [string, T])[], after = '') {
    await this.before();
    const sorted = all.filter(([name]) => name > after).sort(([one], [other]) => (one < other ? -1 : 1));
    const page = sorted.slice(0, this.pageSize);
    const end = page.at(-1)?.[0];
    const found = page.map(([, value]) => value);
    return sorted.length > page.length && end !== undefined ? { found, next: end } : { found };
  }

  private of(conversationId: string): readonly StampedEntry[] {
    return [...this.entries.values()].filter((entry) => entry.conversationId === conversationId);
  }
}
