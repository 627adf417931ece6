import type { Head } from '../../../../functions/domain/conversation.ts';
import type { Entry, MembershipEntry } from '../../../../functions/domain/entry.ts';
import type { Log, Stretch } from '../../../../functions/domain/log.ts';
import type { Mark } from '../../../../functions/domain/raise-heads.ts';
import { MemoryLog } from '../in-memory.ts';
import type { Half } from './history.ts';
import type { Moment } from './observations.ts';

/** An entry that was stored, by whom, and from when until when only half of it could be seen. */
export interface Written {
  readonly entry: Entry;
  readonly call: number;
  readonly from: Moment;
  until: Moment;
  gone?: Moment;
}

interface InFlight {
  readonly written: Written;
  readonly first: 'entry' | 'head';
  readonly headBefore: Head;
  readonly until: Moment;
  readonly shown: () => void;
}

/** One conversation's log, in which a change of membership is visible one item at a time, as DynamoDB may show it. */
export class InterleavedLog extends MemoryLog {
  readonly written: Written[] = [];
  stretch = Number.POSITIVE_INFINITY;
  now: Moment = 0;
  private inFlight: InFlight | undefined;
  private beforeLastChange: Head | undefined;

  /** A turn has passed: what was half visible for long enough is whole. */
  pass(): void {
    this.now += 1;
    if (this.inFlight && this.inFlight.until <= this.now) this.show();
  }

  /** Everything becomes visible; says whether anything was not. */
  show(): boolean {
    const { inFlight } = this;
    if (!inFlight) return false;
    inFlight.written.until = this.now;
    this.inFlight = undefined;
    inFlight.shown();
    return true;
  }

  /** The table deletes entries; their numbers are not given again. */
  expire(isGone: (entry: Entry) => boolean): void {
    for (const written of this.written) {
      if (isGone(written.entry)) written.gone ??= this.now;
    }
    const left = this.entries.filter((entry) => !isGone(entry));
    this.entries.splice(0, this.entries.length, ...left);
    this.beforeLastChange = undefined; // no store serves a head that is days old
  }

  /** The head before the last change of membership, for a reader that is served an older one. */
  async staleHead(conversationId: string): Promise<Head | undefined> {
    if (this.hides('entry')) return this.head(conversationId); // then the head alone tells of the change, and is not taken back
    return this.beforeLastChange ?? this.head(conversationId);
  }

  override async head(conversationId: string): Promise<Head | undefined> {
    return this.hides('head') ? this.inFlight?.headBefore : super.head(conversationId);
  }

  override async newest(_conversationId: string, limit: number): Promise<Entry[]> {
    return this.visible().slice(-limit);
  }

  override async forward(_conversationId: string, after: number, limit: number): Promise<Stretch> {
    const all = this.visible().filter(({ seq }) => seq > after);
    const most = Math.min(limit, this.stretch);
    return { entries: all.slice(0, most), more: all.length > most };
  }

  override async backward(_conversationId: string, before: number, limit: number, above = -1) {
    const all = this.visible().filter(({ seq }) => seq < before && seq > above);
    const most = Math.min(limit, this.stretch);
    return { entries: all.slice(-most), more: all.length > most };
  }

  async appendBy(call: number, entry: Entry): ReturnType<Log['append']> {
    if (this.hides('entry') && this.inFlight?.written.entry.seq === entry.seq) return { outcome: 'conflict' };
    const appended = await super.append(entry);
    if (appended.outcome === 'stored') {
      this.written.push({ entry, call, from: this.now, until: this.now });
    }
    return appended;
  }

  async appendMembershipBy(
    call: number,
    half: Half | undefined,
    entry: MembershipEntry,
    before: Head,
    after: Head,
  ): ReturnType<Log['appendMembership']> {
    if (this.inFlight) return { outcome: 'conflict' };
    const standing = await super.head(before.conversationId);
    const appended = await super.appendMembership(entry, before, after);
    if (appended.outcome !== 'stored' || !standing) return appended;
    const written: Written = { entry, call, from: this.now, until: this.now };
    this.written.push(written);
    this.beforeLastChange = standing;
    if (!half) return appended;
    written.until = Number.POSITIVE_INFINITY;
    await new Promise<void>((shown) => {
      this.inFlight = {
        written,
        first: half.first,
        headBefore: standing,
        until: this.now + half.turns,
        shown,
      };
    });
    return appended;
  }

  async heal(before: Head, after: Head): Promise<boolean> {
    return this.inFlight ? false : this.rebuild(before, after);
  }

  override async raise(mark: Mark): Promise<void> {
    if (this.inFlight) throw new Error('TransactionConflictException'); // its batch is delivered again
    return super.raise(mark);
  }

  private hides(item: 'entry' | 'head'): boolean {
    return this.inFlight !== undefined && this.inFlight.first !== item;
  }

  private visible(): Entry[] {
    const hidden = this.hides('entry') ? this.inFlight?.written.entry : undefined;
    return this.entries.filter((entry) => entry !== hidden);
  }
}
