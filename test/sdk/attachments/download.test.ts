import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../protocol/frames.ts';
import { id } from '../pretend-chat.ts';
import { outcome, withFiles } from './pretend-files.ts';

const BYTES = Buffer.from('0123456789'.repeat(100));
const attachmentId = 'a'.repeat(26);
const body = {
  kind: 'file' as const,
  attachmentId,
  name: 'Befund Mustermann.pdf',
  contentType: 'application/pdf' as const,
  bytes: BYTES.length,
  sha256: createHash('sha256').update(BYTES).digest('base64'),
};

async function carrying(bytes = BYTES, state: 'clean' | 'stored' | 'infected' = 'clean') {
  const started = await withFiles();
  started.bucket.carried = { bytes, state };
  const entry: LogEntry = started.deployment.append(id, 'bob', body);
  return { ...started, entry, conversation: started.chat.conversation(id) };
}

describe('what a message carries', () => {
  test('comes as a file of the name and type that are sealed in the message, with its progress', async () => {
    const { conversation, clock, entry } = await carrying();
    const progress: unknown[] = [];
    const file = await outcome(
      clock,
      conversation.download(entry, { onProgress: (one) => progress.push(one) }),
    );
    if (!(file instanceof File)) throw new Error(file);
    expect([file.name, file.type, Buffer.from(await file.arrayBuffer())]).toEqual([
      body.name,
      body.contentType,
      BYTES,
    ]);
    expect(progress.at(-1)).toEqual({ bytes: BYTES.length, of: BYTES.length });
  });

  test('is never given where it is not what the sender sent: another byte, fewer or more', async () => {
    for (const bytes of [Buffer.from(BYTES).fill('x', 500, 501), Buffer.concat([BYTES, BYTES])]) {
      const { conversation, clock, entry } = await carrying(bytes);
      expect(await outcome(clock, conversation.download(entry))).toBe('checksum-mismatch');
    }
  });

  test('goes on where the connection broke, with a fresh permit', async () => {
    const { conversation, clock, bucket, entry } = await carrying();
    bucket.pieces = (bytes) =>
      bytes.length > 300 ? [bytes.subarray(0, 300), new TypeError('terminated')] : [bytes];
    const file = await outcome(clock, conversation.download(entry));
    if (!(file instanceof File)) throw new Error(file);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(BYTES);
    expect(bucket.ranges).toEqual([undefined, 'bytes=300-', 'bytes=600-', 'bytes=900-']);
    expect(bucket.asked.filter((one) => one.endsWith('/downloads'))).toHaveLength(4);
  });

  test('is fetched from where an earlier stream ended, and what that gave is compared too', async () => {
    const { conversation, clock, bucket, entry } = await carrying();
    const rest = async (have: Buffer) => {
      const { stream } = await conversation.downloadStream(entry, { have: new Blob([have]) });
      return Buffer.from(await new Response(stream).arrayBuffer());
    };
    expect(await outcome(clock, rest(BYTES.subarray(0, 700)))).toEqual(BYTES.subarray(700));
    expect(bucket.ranges).toEqual(['bytes=700-']);
    expect(await outcome(clock, rest(Buffer.alloc(700)))).toBe('checksum-mismatch');
    expect(await outcome(clock, rest(BYTES))).toEqual(Buffer.alloc(0));
  });

  test('is waited for while it is not scanned: until that is told, or for five minutes', async () => {
    const { conversation, clock, bucket, deployment, entry, told } = await carrying(BYTES, 'stored');
    const download = conversation.download(entry);
    await clock.turn(2000);
    const asked = bucket.asked.length;
    if (bucket.carried) bucket.carried.state = 'clean';
    const scanned = { conversationId: id, attachmentId, seq: 1, sender: 'bob', state: 'clean' as const };
    deployment.open[0]?.send({ type: 'attachment.scanned', ...scanned });
    await clock.turn(10);
    expect(bucket.asked.length).toBe(asked + 1);
    expect(await outcome(clock, download)).toBeInstanceOf(File);
    expect(told.attachment).toEqual([scanned]);

    if (bucket.carried) bucket.carried.state = 'stored';
    const never = conversation.download(entry).catch((error) => error.code);
    await clock.turn(299_000);
    await clock.turn(10_000);
    expect(await never).toBe('not-scanned');
  });

  test('is refused where something was found in it, and where a message carries nothing', async () => {
    const { conversation, clock, deployment, entry } = await carrying(BYTES, 'infected');
    expect(await outcome(clock, conversation.download(entry))).toBe('malware-found');
    const text = deployment.append(id, 'bob', 'only words');
    expect(await outcome(clock, conversation.download(text))).toBe('no-file');
  });

  test('ends when it is cancelled', async () => {
    const { conversation, clock, entry } = await carrying(BYTES, 'stored');
    const cancel = new AbortController();
    const download = conversation.download(entry, { signal: cancel.signal });
    await clock.turn(2000);
    cancel.abort();
    expect(await outcome(clock, download)).toBe('cancelled');
  });
});
