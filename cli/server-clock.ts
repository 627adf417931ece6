/** What an AWS client lets others hang into its way; every client of the SDK has it. */
interface Watched {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (given: never) => Promise<{ readonly response: unknown }>,
      ) => (given: never) => Promise<{ readonly response: unknown }>,
      options: { readonly step: 'deserialize'; readonly priority: 'low'; readonly name: string },
    ): void;
  };
}

/**
 * The deployment's time, from the `Date` header of AWS's answers: this machine's may be wrong, and a local run's may have
 * been turned. The header tells whole seconds, so this is up to a second behind.
 */
export class ServerClock {
  private offset = 0;
  private latest = 0;

  watch(client: Watched): void {
    client.middlewareStack.add(
      (next) => async (given) => {
        const answer = await next(given);
        const date = Date.parse(headersOf(answer.response).date ?? '');
        if (!Number.isNaN(date)) this.offset = date - Date.now();
        return answer;
      },
      { step: 'deserialize', priority: 'low', name: 'watchClock' },
    );
  }

  /** Milliseconds since the epoch, as the last answer told it, and never back; this machine's time before the first. */
  now(): number {
    this.latest = Math.max(this.latest, Date.now() + this.offset);
    return this.latest;
  }
}

function headersOf(response: unknown): Readonly<Record<string, string>> {
  return (response as { headers?: Record<string, string> } | undefined)?.headers ?? {};
}
