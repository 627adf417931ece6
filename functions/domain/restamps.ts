/** How far the stamping of what is stored has come. Each asking has a number; one run brings about all before it. */
export interface Restamp {
  readonly asked: number;
  readonly done: number;
  readonly run?: RestampRun | undefined;
  /** The days of the deployment that was last stamped by: a deployment that is set to others asks as a change does. */
  readonly days?: number | undefined;
  /** Counts the saves, so that two functions that do the same step do not both take the next one from it. */
  readonly version: number;
}

/** First every head is brought to the policy and the holds, then, once nobody writes by an older head, every entry. */
export interface RestampRun {
  readonly upTo: number;
  readonly pass: 'heads' | 'entries';
  readonly notBefore: number;
  /** Where the walk goes on; from the beginning without it. */
  readonly after?: string | undefined;
}

/** Where it is kept how far the stamping has come. */
export interface Restamps {
  standing(): Promise<Restamp>;
  /** Asks for a stamping that begins after now, and gives its number. */
  ask(): Promise<number>;
  /** Notes progress unless somebody else has noted some since; says whether it did. `asked` is left as it stands. */
  save(before: Restamp, after: Restamp): Promise<boolean>;
}
