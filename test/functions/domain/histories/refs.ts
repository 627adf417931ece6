import type { Send, SendAhead, Who } from './history.ts';
import type { Call, SeenEntry } from './observations.ts';

interface Outgoing {
  readonly by: Who;
  readonly ref: string;
  since: number;
  /** The server said `behind`: it is sent again only after catching up to the end. */
  isBehind: boolean;
}

/** What a well-behaved client keeps: its place in the log, and a `since` for each `ref` that a retry never advances. */
export class Refs {
  private readonly outgoing = new Map<string, Outgoing>();
  private readonly cursors = new Map<Who, number>();
  private readonly seen = new Set<string>();
  private readonly newRef: () => string;

  constructor(newRef = inOrder()) {
    this.newRef = newRef;
  }

  cursor(who: Who): number {
    return this.cursors.get(who) ?? 0;
  }

  /** What a send asks now; nothing where its client would wait until it has caught up. */
  asked(step: Send | SendAhead, stored: number): { ref: string; text: string; since: number } | undefined {
    if (step.do === 'send-ahead') return { ref: this.newRef(), text: 'ahead', since: stored + 3 };
    const key = `${step.by} ${step.ref}`;
    const outgoing = this.outgoing.get(key) ?? {
      by: step.by,
      ref: this.newRef(),
      since: this.cursor(step.by),
      isBehind: false,
    };
    this.outgoing.set(key, outgoing);
    return outgoing.isBehind
      ? undefined
      : { ref: outgoing.ref, text: `text ${step.text}`, since: outgoing.since };
  }

  /** Takes in what a call was answered. */
  heard(by: Who, { answer, ask }: Call): void {
    if (!answer) return;
    if ('send' in ask && 'refused' in answer && answer.refused === 'behind') {
      for (const outgoing of this.outgoing.values()) outgoing.isBehind ||= outgoing.ref === ask.send.ref;
    }
    if ('read' in ask && 'after' in ask.read && 'page' in answer) {
      this.readUpTo(by, ask.read.after, answer.page);
    }
  }

  private readUpTo(
    by: Who,
    after: number,
    page: { entries: readonly SeenEntry[]; floor: number; upTo: number; more: boolean },
  ): void {
    for (const { ref } of page.entries) if (ref) this.seen.add(ref);
    const before = this.cursor(by);
    if (after > before) return;
    this.cursors.set(by, Math.max(before, page.upTo));
    if (page.more) return;
    // docs/decisions/0003: what is not among what was missed may be sent anew from where the log ended
    for (const outgoing of this.outgoing.values()) {
      const mayBeHidden = page.floor > outgoing.since || this.seen.has(outgoing.ref);
      if (outgoing.by !== by || !outgoing.isBehind || mayBeHidden) continue;
      Object.assign(outgoing, { isBehind: false, since: this.cursor(by) });
    }
  }
}

/** Refs that are the same in every run. */
function inOrder(): () => string {
  let made = 0;
  return () => {
    made += 1;
    return `00000000-0000-7000-8000-${String(made).padStart(12, '0')}`;
  };
}
