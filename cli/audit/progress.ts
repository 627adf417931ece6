/** At most so often a terminal is told. */
const EVERY_MS = 100;

/** One line on a terminal that says what is being done; elsewhere nothing. */
export function progress(stream: NodeJS.WriteStream = process.stderr) {
  let told = 0;
  return {
    tell: (doing: string) => {
      const now = Date.now();
      if (!stream.isTTY || now - told < EVERY_MS) return;
      told = now;
      stream.write(`\r\u001b[K${doing.slice(0, stream.columns - 1)}`);
    },
    done: () => {
      if (stream.isTTY && told > 0) stream.write('\r\u001b[K');
    },
  };
}
