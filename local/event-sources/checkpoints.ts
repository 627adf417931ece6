import { z } from 'zod';
import { StateFile } from '../state-file.ts';

const Place = z.object({
  /** Sequence number of the last record that was dealt with; absent: none was. */
  after: z.string().optional(),
  /** True once the shard is closed and read to its end. */
  ended: z.boolean(),
});
/** By mapping, then by shard. */
const State = z.record(z.string(), z.record(z.string(), Place));

export type Place = Readonly<z.infer<typeof Place>>;

/** How far each mapping has come in each shard, kept between runs: what was not dealt with is handed out again. */
export class Checkpoints {
  private readonly file: StateFile<z.infer<typeof State>>;
  private readonly state: z.infer<typeof State>;

  constructor(file: string) {
    this.file = new StateFile(file, State);
    this.state = this.file.read() ?? {};
  }

  /** False for a mapping that has never run. */
  knows(mapping: string): boolean {
    return Object.hasOwn(this.state, mapping);
  }

  of(mapping: string, shard: string): Place | undefined {
    return this.state[mapping]?.[shard];
  }

  set(mapping: string, shard: string, place: Place): void {
    this.state[mapping] = { ...this.state[mapping], [shard]: place };
    this.file.write(this.state);
  }

  /** Notes that the mapping has run, and forgets shards that its stream has forgotten. */
  keepOnly(mapping: string, shards: readonly string[]): void {
    const places = Object.entries(this.state[mapping] ?? {});
    const kept = places.filter(([shard]) => shards.includes(shard));
    if (this.knows(mapping) && kept.length === places.length) return;
    this.state[mapping] = Object.fromEntries(kept);
    this.file.write(this.state);
  }
}
