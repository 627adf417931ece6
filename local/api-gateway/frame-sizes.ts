/**
 * Follows the bytes a client sends and notes, for each message, the payload of its largest frame (RFC 6455, section
 * 5.2). `ws` reassembles fragments and tells only the whole message, while API Gateway limits each frame.
 */
export class FrameSizes {
  /** Of the message that is still arriving, the part whose headers have been seen included. */
  arriving = 0;
  private readonly finished: number[] = [];
  /** Bytes of a header that is not complete yet: at most 14. */
  private header = Buffer.alloc(0);
  private payloadLeft = 0;

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.payloadLeft > 0) {
        const skipped = Math.min(this.payloadLeft, rest.length);
        this.payloadLeft -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const held = this.header.length;
      const header = Buffer.concat([this.header, rest.subarray(0, LONGEST_HEADER - held)]);
      const frame = readHeader(header);
      if (!frame) {
        this.header = header;
        return;
      }
      this.header = Buffer.alloc(0);
      this.payloadLeft = frame.payloadLength;
      rest = rest.subarray(frame.headerLength - held);
      if (!frame.control) this.note(frame);
    }
  }

  /** The largest frame of the oldest complete message not taken yet. */
  take(): number {
    return this.finished.shift() ?? 0;
  }

  private note(frame: Frame): void {
    this.arriving = Math.max(this.arriving, frame.payloadLength);
    if (!frame.last) return;
    this.finished.push(this.arriving);
    this.arriving = 0;
  }
}

const LONGEST_HEADER = 14;

type Frame = NonNullable<ReturnType<typeof readHeader>>;

function readHeader(bytes: Buffer) {
  if (bytes.length < 2) return undefined;
  const last = (bytes.readUInt8(0) & 0x80) !== 0;
  const control = (bytes.readUInt8(0) & 0x08) !== 0;
  const short = bytes.readUInt8(1) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const headerLength = 2 + extended + (bytes.readUInt8(1) & 0x80 ? 4 : 0);
  if (bytes.length < headerLength) return undefined;

  let payloadLength = short;
  if (extended === 2) payloadLength = bytes.readUInt16BE(2);
  if (extended === 8) payloadLength = Number(bytes.readBigUInt64BE(2));
  return { last, control, headerLength, payloadLength };
}
