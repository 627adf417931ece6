/** What a command's exit code says: its findings need doing, it was called wrongly, or this machine or account is in its way. */
export const exitCodes = { finding: 1, usage: 2, environment: 3 } as const;

/** Ends a command with one sentence for its reader: what went wrong, and what to do. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(kind: keyof typeof exitCodes, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.exitCode = exitCodes[kind];
  }
}
