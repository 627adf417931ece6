import type { Figures, Finding } from './findings.ts';
import type { Record as AuditRecord } from './formats.ts';

/** As much of an entry as the next one needs. */
type Last = Pick<Entry, 'seq' | 'hash' | 'at'>;

type Entry = Extract<AuditRecord, { kind: 'entry' }>;

/** How many records back, at least, a repeat is known for one, so that memory does not grow with the trail: a stream repeats within a day. */
const REMEMBERED = 100_000;

/**
 * What records say of each other: each conversation's entries follow one another by `seq` and hash, and an id stands for one record. Memory
 * grows with the conversations and not with the records.
 */
export class Chains {
  private readonly last = new Map<string, Last>();
  private recent = new Map<string, string>();
  private older: ReadonlyMap<string, string> = new Map();
  private readonly figures: Figures;
  private readonly begins: string;

  /**
   * @param figures counted as records are added
   * @param begins where the trail goes on from what is not shown: when the first head was sealed. What was made before may be a
   * repeat of what was sealed before, so what is missing after it may have been sealed, too
   */
  constructor(figures: Figures, begins?: string) {
    this.figures = figures;
    this.begins = begins ?? '';
  }

  /** Takes the next record with its leaf; a finding where it does not fit what came before. */
  add(
    record: AuditRecord,
    leaf: string,
    place: { readonly path: string; readonly line: number },
  ): Finding | undefined {
    this.count(record);
    const known = this.recent.get(record.id) ?? this.older.get(record.id);
    if (known === leaf) {
      this.figures.repeats += 1;
      return undefined;
    }
    if (known !== undefined)
      return {
        problem: 'contradicted',
        ...place,
        id: record.id,
        what: 'another record was sealed under the same id',
      };
    this.remember(record.id, leaf);
    return record.kind === 'entry' ? this.follow(record, place) : undefined;
  }

  /** Forgets all that came before: of a batch that is not whole nothing is known. */
  breakOff(): void {
    this.last.clear();
    this.recent.clear();
    this.older = new Map();
  }

  private follow(entry: Entry, place: { readonly path: string; readonly line: number }): Finding | undefined {
    const { object: conversation, seq, hash, prev, id, at } = entry;
    const last = this.last.get(conversation);
    if (last !== undefined && seq === last.seq && hash !== last.hash)
      return {
        problem: 'contradicted',
        ...place,
        id,
        what: `another entry of the conversation ${conversation} was sealed with the same seq`,
      };
    if (last !== undefined && seq <= last.seq) {
      this.figures.repeats += 1; // from before what is remembered
      return undefined;
    }
    this.last.set(conversation, { seq, hash, at });
    if (last === undefined) {
      this.figures.conversations += 1;
      if (seq > 1) this.figures.begunBefore += 1;
      return undefined;
    }
    const missing = seq - last.seq - 1;
    if (missing > 0 && last.at <= this.begins) {
      this.figures.begunBefore += 1;
      return undefined;
    }
    if (missing > 0) {
      const what = `${missing} entries of the conversation ${conversation} before this one, from seq ${last.seq + 1} on, were never sealed`;
      return { problem: 'missing', ...place, id, what };
    }
    if (prev === last.hash) return undefined;
    const what = `it does not follow the entry before it in the conversation ${conversation}: its prev is not that one's hash`;
    return { problem: 'contradicted', ...place, id, what };
  }

  private count(record: AuditRecord): void {
    this.figures.records += 1;
    if (record.kind === 'entry') this.figures.entries += 1;
    else if (record.kind === 'decision') this.figures.decisions += 1;
    else this.figures.tampering += 1;
    if (this.figures.from === undefined || record.at < this.figures.from) this.figures.from = record.at;
    if (this.figures.to === undefined || record.at > this.figures.to) this.figures.to = record.at;
  }

  private remember(id: string, leaf: string): void {
    this.recent.set(id, leaf);
    if (this.recent.size < REMEMBERED) return;
    this.older = this.recent; // one generation of two is forgotten at once: a Map from which the oldest goes is slow
    this.recent = new Map();
  }
}
