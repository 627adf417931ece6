/** How long a start that was told to stop may take to come to where it can be undone. */
const PATIENCE_MS = 15_000;

export interface StopSignal {
  /** Aborted by SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Everything is closed: what still holds the process, if anything does, holds it no longer. */
  done(): void;
}

/** Turns the signals that ask a process to end into one that its work can heed; the second one ends it at once. */
export function stopSignal(say: (line: string) => void): StopSignal {
  const controller = new AbortController();
  const leave = () => process.exit(process.exitCode ?? 0); // 'exit' handlers still end child processes
  const stop = () => {
    if (controller.signal.aborted) leave();
    say('stopping');
    controller.abort();
    setTimeout(leave, PATIENCE_MS).unref();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  return {
    signal: controller.signal,
    done: () => {
      for (const signal of signals) process.off(signal, stop);
      setTimeout(leave, 1_000).unref();
    },
  };
}
