/** The one signature that is known without a database: the test file of eicar.org. In two parts, so that no scanner finds it here. */
const EICAR = Buffer.from(
  ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join(''),
);
const NAME = 'EICAR-Test-File (not a virus)';

/** A zip's end: its last record with the longest comment (PKWARE APPNOTE 4.3.16). */
const TAIL_BYTES = 22 + 65_535;
const HEAD_BYTES = 8;

/** Looks for signatures in bytes as they go by, and keeps their beginning and their end. */
export class SignatureSearch {
  /** The name of what was found. */
  threat: string | undefined;
  /** The first bytes. */
  head: Buffer = Buffer.alloc(0);
  /** The last bytes, as many as the end of a zip may take. */
  tail: Buffer = Buffer.alloc(0);
  bytes = 0;

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.head.length < HEAD_BYTES) this.head = Buffer.concat([this.head, chunk]).subarray(0, HEAD_BYTES);
    const seam = Buffer.concat([
      this.tail.subarray(-(EICAR.length - 1)),
      chunk.subarray(0, EICAR.length - 1),
    ]);
    if (chunk.includes(EICAR) || seam.includes(EICAR)) this.threat = NAME;
    this.tail =
      chunk.length >= TAIL_BYTES
        ? chunk.subarray(-TAIL_BYTES)
        : Buffer.concat([this.tail, chunk]).subarray(-TAIL_BYTES);
  }
}
