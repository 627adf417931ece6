import { createHash } from 'node:crypto';
import { z } from 'zod';

const Attribute = z.object({
  DataType: z.string(),
  StringValue: z.string().optional(),
  /** Base64. */
  BinaryValue: z.string().optional(),
});

export const Message = z.object({
  id: z.string(),
  body: z.string(),
  attributes: z.record(z.string(), Attribute),
  traceHeader: z.string().optional(),
  senderId: z.string(),
  /** This and the other times: milliseconds since the epoch. */
  sentAt: z.number(),
  visibleAt: z.number(),
  receiveCount: z.number(),
  firstReceivedAt: z.number().optional(),
  lastReceivedAt: z.number().optional(),
  /** Set by each receive; the newest is the one that deletes. */
  receipt: z.string().optional(),
  deadLetterSource: z.string().optional(),
});

/** A message as a queue keeps it. */
export type Message = Readonly<z.infer<typeof Message>>;
export type MessageAttribute = Readonly<z.infer<typeof Attribute>>;

export function bodyDigest(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

/** SQS developer guide, "Calculating the MD5 message digest for message attributes"; undefined where there are none. */
export function attributesDigest(attributes: Message['attributes']): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    const isBinary = DataType.startsWith('Binary');
    hash.update(Buffer.from([isBinary ? 2 : 1]));
    add(isBinary ? Buffer.from(BinaryValue ?? '', 'base64') : Buffer.from(StringValue ?? ''));
  }
  return hash.digest('hex');
}

/** What counts against a queue's MaximumMessageSize: the body, and name, type and value of each attribute. */
export function sizeOf(body: string, attributes: Message['attributes']): number {
  const ofAttributes = Object.entries(attributes).map(
    ([name, { DataType, StringValue, BinaryValue }]) =>
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      Buffer.byteLength(StringValue ?? '') +
      Buffer.from(BinaryValue ?? '', 'base64').length,
  );
  return ofAttributes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(body));
}

/** The system attributes of a received message, by the names that SQS and Lambda give them. */
export function systemAttributesOf({ senderId, sentAt, ...message }: Message): Record<string, string> {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    ...(message.traceHeader === undefined ? {} : { AWSTraceHeader: message.traceHeader }),
    SentTimestamp: String(sentAt),
    SenderId: senderId,
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? ''),
    ...(message.deadLetterSource === undefined ? {} : { DeadLetterQueueSourceArn: message.deadLetterSource }),
  };
}
