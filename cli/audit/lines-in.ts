/** The lines of a file with the bytes that they are, line feed included; `missing` is called where there is no file. */
export async function* linesIn(
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  missing: () => void,
): AsyncGenerator<{ readonly line: string; readonly bytes: Buffer }> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of pieces) {
      rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      let from = 0;
      for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED, from)) {
        const bytes = rest.subarray(from, end + 1);
        yield { line: bytes.subarray(0, -1).toString('utf8'), bytes };
        from = end + 1;
      }
      rest = rest.subarray(from);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    missing();
  }
  if (rest.length > 0) yield { line: rest.toString('utf8'), bytes: rest };
}

const LINE_FEED = 0x0a;
