import type { Names } from '../report/people.ts';
import type { Trail } from '../trail.ts';
import type { Compromised, Exposure, Window } from './exposure.ts';

/** What a breach report is made from. */
export interface Incident {
  readonly trail: Trail;
  readonly names: Names;
  readonly compromised: Compromised;
  readonly window: Window;
  /** The day on which it was discovered. */
  readonly discovered: string;
  /** Where people live, by State, as far as whoever asks knows. */
  readonly residence: ReadonlyMap<string, string>;
  readonly exposure: Exposure;
}
