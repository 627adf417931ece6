import type { EntryBody, MemberRole } from '../../../../protocol/bodies.ts';

/** A place in the order in which a history happened: turns in memory, milliseconds on a running stack. */
export type Moment = number;

/** An entry as it was stored, and when that can have been: not before `from`, and for everybody by `until`. */
export interface Stored {
  readonly seq: number;
  readonly sender: string;
  readonly ref: string;
  readonly messageId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly prev: string;
  readonly hash: string;
  readonly membersVersion: number;
  readonly body: EntryBody;
  readonly from: Moment;
  readonly until: Moment;
  /** When retention had deleted it. */
  readonly gone?: Moment;
  /** The call that wrote it, where that is known. */
  readonly call?: number;
}

export type Ask =
  | { readonly send: { readonly ref: string; readonly text: string; readonly since: number } }
  | {
      readonly change: {
        readonly kind: 'member.added' | 'member.removed';
        readonly person: string;
        readonly role?: MemberRole;
      };
    }
  | { readonly read: { readonly after: number } | { readonly before: number } };

export interface SeenEntry {
  readonly seq: number;
  readonly sender: string;
  readonly messageId: string;
  readonly at: number;
  readonly body: EntryBody;
  readonly ref?: string;
}

export type Answer =
  | { readonly accepted: { readonly seq: number; readonly messageId: string; readonly at: number } }
  | { readonly members: readonly { readonly person: string; readonly role: MemberRole }[] }
  | {
      readonly page: {
        readonly entries: readonly SeenEntry[];
        readonly floor: number;
        readonly upTo: number;
        readonly more: boolean;
      };
    }
  | { readonly refused: string }
  | { readonly failed: string };

/** One call: from its invocation to its answer, which a crash never gives. */
export interface Call {
  readonly id: number;
  readonly by: string;
  readonly ask: Ask;
  readonly invoked: Moment;
  returned?: Moment;
  answer?: Answer;
  /** Something was made to go wrong with it, so that it may fail. */
  readonly isDisturbed: boolean;
  /** Its reads of the head were made older than any store's would be, so that it may refuse who was just added. */
  readonly sawStale: boolean;
  /** The wall clock at its invocation, milliseconds since the epoch. */
  readonly now: number;
}

/** An entry that went out to one socket. */
export interface Told {
  readonly call?: number;
  readonly person: string;
  readonly socket: string;
  readonly entry: SeenEntry;
  readonly at: Moment;
}

/** What a history came to, seen from outside. */
export interface Observations {
  readonly founders: readonly { readonly person: string; readonly role: MemberRole }[];
  /** What the first entry carries as `prev`. */
  readonly genesis: string;
  readonly retentionMs: number;
  /** Every entry that was ever stored, in the order of storing. */
  readonly stored: readonly Stored[];
  readonly calls: readonly Call[];
  readonly told: readonly Told[];
  /** Sockets that may be told anything; others have expired or were revoked. */
  readonly openSockets: ReadonlySet<string>;
  /** Entries that one query looks through: a send that would need more may be told `behind`. */
  readonly stretch: number;
}

/** How far a function's clock may be off, in milliseconds: more than AWS's own are, which its time service keeps. */
export const MOST_OFF_MS = 10 * 60_000;

/** So long after the last write, by whatever clocks, everything that was written is either to be seen or gone; milliseconds. */
export const IN_PEACE_MS = 60_000 + 2 * MOST_OFF_MS;

/** What is judged by one function's clock may be so far off, in milliseconds. */
export const SKEW_MS = 10;

/** Whether an entry was shown as it stands in the log. */
export function isWhatIsStored(shown: SeenEntry, stored: readonly Stored[]): boolean {
  const entry = stored[shown.seq - 1];
  return (
    entry !== undefined &&
    entry.messageId === shown.messageId &&
    entry.sender === shown.sender &&
    entry.at === shown.at &&
    JSON.stringify(entry.body) === JSON.stringify(shown.body)
  );
}

/** The call as a failing test names it. */
export function named({ id, by, ask }: Call): string {
  return `call ${id} of ${by} ${JSON.stringify(ask)}`;
}
