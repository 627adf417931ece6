import type { ServerFrame } from '../../protocol/frames.ts';
import type { HandClock } from './hand-clock.ts';
import type { Frame, Peer, PretendDeployment } from './pretend-deployment.ts';

/** What a pretended deployment says of all conversations at once, by marks that lag behind what is stored. */
export class PretendSync {
  /** So long after an entry is stored, a sync can see it. */
  lagMs = 0;
  /** The most conversations that one answer accounts for. */
  mostHeads = 1000;
  /** The most conversations of which one answer brings pages. */
  mostPages = 40;
  /** No mark goes above it. */
  highestMark = 1_000_000;
  readonly #deployment: PretendDeployment;
  readonly #clock: HandClock;
  readonly #marks = new Map<string, number>();
  readonly #outsiders = new Set<string>();
  readonly #read = new Map<string, number>();

  constructor(deployment: PretendDeployment, clock: HandClock) {
    this.#deployment = deployment;
    this.#clock = clock;
  }

  stored(conversationId: string, seq: number): void {
    const raise = () => this.#marks.set(conversationId, Math.max(seq, this.#marks.get(conversationId) ?? 0));
    if (this.lagMs === 0) raise();
    else this.#clock.after(this.lagMs, raise);
  }

  isMember(person: string, conversationId: string): boolean {
    return !this.#outsiders.has(`${person} ${conversationId}`);
  }

  remove(person: string, conversationId: string): void {
    this.#outsiders.add(`${person} ${conversationId}`);
  }

  admit(person: string, conversationId: string): void {
    this.#outsiders.delete(`${person} ${conversationId}`);
  }

  answer(person: string, frame: Frame): ServerFrame {
    const cursors = frame.cursors as Record<string, number>;
    const { after = '', through = '~' } = frame as { after?: string; through?: string };
    const mine = [...this.#marks.keys()].filter((id) => this.isMember(person, id));
    const ids = [...new Set([...mine, ...Object.keys(cursors)])]
      .filter((id) => id > after && id <= through)
      .sort();
    const answer: Extract<ServerFrame, { type: 'synced' }> = {
      type: 'synced',
      conversations: [],
      unknown: [],
      gone: [],
    };
    for (const [place, id] of ids.entries()) {
      const cursor = cursors[id];
      const last = this.#marks.get(id) ?? 0;
      if (!this.isMember(person, id)) answer.gone.push(id);
      else if (cursor === undefined) answer.unknown.push({ conversationId: id, last });
      else if (this.#deployment.log(id).length < cursor)
        answer.conversations.push({ conversationId: id, entries: [], floor: 0, upTo: cursor, more: true });
      else if (last > cursor) answer.conversations.push(this.#deployment.page(person, id, cursor));
      const isFull = answer.conversations.length === this.mostPages || place + 1 === this.mostHeads;
      if (isFull && place + 1 < ids.length) return { ...answer, next: id };
    }
    return answer;
  }

  readBy(person: string, conversationId: string): number | undefined {
    return this.#read.get(`${person} ${conversationId}`);
  }

  /** Moves a mark forward, and tells the person's other devices. */
  mark(peer: Peer, conversationId: string, upTo: number): ServerFrame {
    const key = `${peer.person} ${conversationId}`;
    const stands = Math.max(Math.min(upTo, this.highestMark), this.#read.get(key) ?? 0);
    this.#read.set(key, stands);
    const marked = { type: 'conversation.marked-read', conversationId, upTo: stands } as const;
    for (const other of this.#deployment.open) {
      if (other.person === peer.person && other !== peer) other.send(marked);
    }
    return marked;
  }
}
