/** How a scan ended, in GuardDuty's words (GuardDuty user guide, "Monitoring S3 object scans in Malware Protection for S3"). */
export interface Verdict {
  readonly status: 'NO_THREATS_FOUND' | 'THREATS_FOUND' | 'UNSUPPORTED' | 'ACCESS_DENIED' | 'FAILED';
  /** Names of what was found. */
  readonly threats: readonly string[];
}

/** What can be read again and again, from anywhere in it. */
export interface Source {
  readonly size: number;
  /** From `start` to `end`, both included. */
  read(start: number, end: number): Promise<AsyncIterable<Buffer>>;
}

/** Looks at bytes; rejects where they cannot be read. */
export type Scanner = (source: Source) => Promise<Verdict>;

/** What cannot be looked into: a password, a limit, a format. */
export class Unscannable extends Error {
  override readonly name = 'Unscannable';
}
