import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BeginUpload } from '../../../protocol/attachments.ts';
import { FileBody } from '../../../protocol/bodies.ts';
import type { FileProgress, Unacknowledged } from '../../../sdk/index.ts';
import { id, live } from '../pretend-chat.ts';
import { kind } from '../pretend-deployment.ts';
import { LARGE, outcome, SMALL, storageOf, until, withFiles } from './pretend-files.ts';

const pdf = (bytes = SMALL, name = 'letter.pdf') => new File([bytes], name, { type: 'application/pdf' });
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');

describe('a file', () => {
  test('goes up whole, by one PUT with the permit’s headers but the length, and its message carries what was declared', async () => {
    const { chat, clock, bucket, deployment } = await withFiles();
    const told: FileProgress[] = [];
    const sent = chat
      .conversation(id)
      .sendFile(pdf(), { text: 'read this', onProgress: (one) => told.push(one) });
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    const [{ body } = { body: undefined }] = deployment.log(id);
    expect(FileBody.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      name: 'letter.pdf',
      text: 'read this',
      bytes: SMALL.length,
      sha256: digest(SMALL),
      contentType: 'application/pdf',
    });
    expect(bucket.asked).toEqual([
      'POST conversations/*/attachments',
      'POST conversations/*/attachments/*/completion',
    ]);
    expect(bucket.puts.map(({ headers }) => headers)).toEqual([
      { 'content-type': 'application/pdf', 'if-none-match': '*', 'x-amz-checksum-sha256': digest(SMALL) },
    ]);
    expect([...new Set(told.map(({ state }) => state))]).toEqual([
      'hashing',
      'uploading',
      'completing',
      'sending',
      'sent',
    ]);
    expect(sent.progress).toEqual({ state: 'sent', bytes: SMALL.length, of: SMALL.length, isPaused: false });
    expect(await chat.unfinishedFiles()).toEqual([]);
  });

  test('that is large goes up in parts, four at a time, as the protocol has them declared', async () => {
    const { chat, clock, bucket } = await withFiles();
    let [now, most] = [0, 0];
    bucket.fate = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return 'stored' as const;
    };
    const bytes: number[] = [];
    const sent = chat.conversation(id).sendFile(pdf(LARGE), {
      onProgress: ({ state, bytes: done }) => state === 'uploading' && bytes.push(done),
    });
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    const [{ declared, stored } = never()] = [...bucket.attachments.values()];
    expect(BeginUpload.safeParse({ conversationId: id, ...declared }).success).toBe(true);
    expect([stored.size, most]).toEqual([9, 4]);
    const inOrder = [...stored].sort(([a], [b]) => a - b).map(([, part]) => part);
    expect(digest(Buffer.concat(inOrder))).toBe(declared.sha256);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(bytes.at(-1)).toBe(LARGE.length);
  });

  test('that is no Blob, as one above 2 GiB in Node, goes up the same', async () => {
    const { chat, clock, bucket } = await withFiles();
    const slice = (start: number, end: number) => ({
      arrayBuffer: async () => new Uint8Array(LARGE.subarray(start, end)).buffer,
    });
    const file = { size: LARGE.length, type: 'video/mp4', slice };
    const sent = chat.conversation(id).sendFile(file, { name: 'lung.mp4' });
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    expect([...bucket.attachments.values()].map(({ stored }) => stored.size)).toEqual([9]);
  });

  test('survives no network, faults and lost answers: each part is repeated until it is stored, and the message goes once', async () => {
    const { chat, clock, bucket, deployment } = await withFiles();
    const fates = ['no answer', 503, 'answer lost', 500, 'no answer'] as const;
    bucket.fate = () => fates[bucket.puts.length - 1] ?? 'stored';
    const sent = chat.conversation(id).sendFile(pdf(LARGE));
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    expect(bucket.puts.length).toBe(9 + fates.length);
    expect(deployment.log(id)).toHaveLength(1);
    bucket.fate = () => (bucket.puts.length === 15 ? 'answer lost' : 'stored');
    const small = chat.conversation(id).sendFile(pdf()); // the second PUT is answered 412: it is there already
    expect(await outcome(clock, small.acknowledged)).toMatchObject({ seq: 2 });
    expect(bucket.puts.length).toBe(16);
  });

  test('is given a fresh permit where the old one has expired, and given up where fresh ones are refused too', async () => {
    const { chat, clock, bucket } = await withFiles();
    bucket.fate = async () => {
      if (bucket.puts.length === 1) await clock.turn(301_000);
      return 'stored' as const;
    };
    const sent = chat.conversation(id).sendFile(pdf());
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    expect(bucket.asked.filter((one) => one.endsWith('/parts'))).toHaveLength(1);
    bucket.fate = () => 403;
    const never = chat.conversation(id).sendFile(pdf(LARGE));
    expect(await outcome(clock, never.acknowledged)).toBe('upload-refused');
  });

  test('stands still while it is paused, and goes on from there', async () => {
    const { chat, clock, bucket } = await withFiles();
    bucket.fate = ({ part }) =>
      part > 4 && !sent.progress.isPaused ? (isHeld ? 'hangs' : 'stored') : 'stored';
    let isHeld = true;
    const sent = chat.conversation(id).sendFile(pdf(LARGE));
    await until(clock, () => bucket.puts.length === 8 && sent.progress.bytes === 4 * 8 * 1024 * 1024);
    sent.pause();
    const { length } = bucket.puts;
    await clock.turn(600_000);
    expect(bucket.puts.length).toBe(length);
    expect(bucket.puts.slice(4).every(({ signal }) => signal?.aborted)).toBe(true);
    expect(sent.progress).toMatchObject({ state: 'uploading', isPaused: true });
    isHeld = false;
    sent.resume();
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    expect(new Set(bucket.puts.slice(length).map(({ part }) => part))).toEqual(new Set([5, 6, 7, 8, 9]));
  });

  test('that hangs is tried again', async () => {
    const { chat, clock, bucket } = await withFiles();
    bucket.fate = () => (bucket.puts.length === 1 ? 'hangs' : 'stored');
    const sent = chat.conversation(id).sendFile(pdf());
    await until(clock, () => bucket.puts.length === 1);
    await clock.turn(70_000);
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    expect(bucket.puts.length).toBe(2);
  });

  test('that is cancelled sends nothing more, and is not gone on with', async () => {
    const storage = storageOf();
    const { chat, clock, bucket, deployment } = await withFiles({ storage });
    bucket.fate = () => 'hangs';
    const cancel = new AbortController();
    const sent = chat.conversation(id).sendFile(pdf(), { signal: cancel.signal });
    await until(clock, () => bucket.puts.length === 1);
    expect(storage.kept.size).toBe(1);
    cancel.abort();
    expect(await outcome(clock, sent.acknowledged)).toBe('cancelled');
    await until(clock, () => storage.kept.size === 0);
    await clock.turn(60_000);
    expect([bucket.puts.length, deployment.log(id), sent.progress.state]).toEqual([1, [], 'failed']);
  });

  test('waits for a connection', async () => {
    const { chat, clock, bucket, deployment } = await withFiles();
    deployment.isReachable = false;
    for (const peer of deployment.open) peer.end(1006);
    const sent = chat.conversation(id).sendFile(pdf());
    await clock.turn(600_000);
    expect(bucket.asked.filter((one) => one.includes('attachments'))).toEqual([]);
    deployment.isReachable = true;
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
  });

  test('that the server has forgotten is begun anew; that it took for another is not', async () => {
    const { chat, clock, bucket } = await withFiles();
    bucket.fate = ({ id: first }) => {
      if (bucket.puts.length === 5) bucket.attachments.delete(first);
      return 'stored';
    };
    const refuse = (asked: string) => (asked.endsWith('completion') ? 'attachment-altered' : undefined);
    const sent = chat.conversation(id).sendFile(pdf(LARGE));
    expect(await outcome(clock, sent.acknowledged)).toMatchObject({ seq: 1 });
    bucket.refuse = refuse;
    expect(await outcome(clock, chat.conversation(id).sendFile(pdf()).acknowledged)).toBe(
      'attachment-altered',
    );
  });

  test('beyond its person’s quota is told of at once and not asked for all day', async () => {
    const { chat, clock, bucket } = await withFiles();
    bucket.refuse = () => 'upload-quota';
    const file = pdf();
    expect(await outcome(clock, chat.conversation(id).sendFile(file).acknowledged)).toBe('upload-quota');
    await clock.turn(3_600_000);
    expect(bucket.asked).toHaveLength(1);
    bucket.refuse = () => undefined;
    expect(await outcome(clock, chat.conversation(id).sendFile(file).acknowledged)).toMatchObject({ seq: 1 });
  });

  test('that changed while it was read, or is not to be read any more, is told of and not tried for ever', async () => {
    const { chat, clock, bucket } = await withFiles();
    bucket.fate = () => 400;
    expect(await outcome(clock, chat.conversation(id).sendFile(pdf()).acknowledged)).toBe('file-changed');
    const gone = pdf();
    gone.slice = () =>
      ({
        arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')),
      }) as unknown as Blob;
    expect(await outcome(clock, chat.conversation(id).sendFile(gone).acknowledged)).toBe('file-unreadable');
  });

  test.each([
    ['file-empty', new File([], 'a.pdf'), {}],
    ['file-name-refused', new Blob(['x']), {}],
    ['malformed', pdf(), { text: 'é'.repeat(4097) }],
    ['picture-refused', new File(['GIF89a'], 'a.gif', { type: 'image/gif' }), {}],
    ['picture-refused', new File([Buffer.from('\xff\xd8\xff', 'latin1')], 'a.jpg'), { keepMetadata: true }],
    ['picture-refused', new File(['<svg/>'], 'a.svg', { type: 'image/svg+xml' }), {}],
    ['picture-refused', new File(['\xff\xd8\xff'], 'a.jpg', { type: 'image/jpeg' }), {}],
  ])('is refused before anything is sent: %s', async (code, file, options) => {
    const { chat, clock, bucket } = await withFiles();
    expect(await outcome(clock, chat.conversation(id).sendFile(file, options).acknowledged)).toBe(code);
    expect(bucket.asked).toEqual([]);
  });

  test('needs the option attachments', async () => {
    const { chat } = await live();
    expect(() => chat.conversation(id).sendFile(pdf())).toThrow('give it the option attachments');
  });
});

describe('a file that was begun before the app was killed', () => {
  test('is gone on with when it is chosen again: only what is missing goes up, under the same ref', async () => {
    const storage = storageOf();
    const first = await withFiles({ storage });
    const { clock, bucket, deployment } = first;
    bucket.fate = ({ part }) => (part > 5 ? 'hangs' : 'stored');
    const sent = first.chat.conversation(id).sendFile(pdf(LARGE), { text: 'at last' });
    await until(clock, () => sent.progress.bytes === 5 * 8 * 1024 * 1024);
    const [kept] = storage.kept.values();
    first.chat.close();
    await expect(sent.acknowledged).rejects.toMatchObject({ code: 'closed' });
    expect(storage.kept.size).toBe(1);

    const next = await withFiles({ storage, bucket, deployment, clock });
    expect(await next.chat.unfinishedFiles()).toEqual([kept]);
    bucket.fate = () => 'stored';
    const before = bucket.puts.length;
    const other = next.chat.conversation(id).sendFile(pdf(LARGE), { text: 'other words' });
    expect(await outcome(clock, other.acknowledged)).toMatchObject({ seq: 1 });
    expect(bucket.puts.length - before).toBe(9);
    const again = next.chat.conversation(id).sendFile(pdf(LARGE), { text: 'at last' });
    expect(await outcome(clock, again.acknowledged)).toMatchObject({ seq: 2 });
    expect(
      bucket.puts
        .slice(before + 9)
        .map(({ part }) => part)
        .sort(),
    ).toEqual([6, 7, 8, 9]);
    expect(deployment.log(id)[1]).toMatchObject({ ref: kept?.ref, body: kept?.body });
    await until(clock, () => storage.kept.size === 0);
  });

  test('between the completion and the message is sent once, though the first was stored unheard', async () => {
    const storage = storageOf();
    const first = await withFiles({ storage });
    const { clock, bucket, deployment } = first;
    await clock.turn(1000);
    const isSend = () => deployment.frames.at(-1)?.frame.type === 'message.send';
    deployment.fate = () => ({ ...kind, frame: isSend() ? 'unanswered' : 'answered', push: 'never' });
    const sent = first.chat.conversation(id).sendFile(pdf());
    await until(clock, () => deployment.log(id).length === 1);
    first.chat.close();
    await expect(sent.acknowledged).rejects.toMatchObject({ code: 'closed' });
    expect([...storage.kept.values()]).toMatchObject([{ since: 0 }]);

    deployment.fate = () => kind;
    const next = await withFiles({ storage, bucket, deployment, clock });
    await outcome(clock, next.chat.conversation(id).catchUp()); // what it knows now lies behind the first
    const again = next.chat.conversation(id).sendFile(pdf());
    expect(await outcome(clock, again.acknowledged)).toMatchObject({ seq: 1 });
    expect([deployment.log(id).length, bucket.puts.length, bucket.attachments.size]).toEqual([1, 1, 1]);
    await until(clock, () => storage.kept.size === 0);
  });

  test('longer than a day ago is begun anew, and a storage that fails holds up nothing', async () => {
    const storage = storageOf();
    const first = await withFiles({ storage });
    first.bucket.fate = () => 'hangs';
    const sent = first.chat.conversation(id).sendFile(pdf());
    await until(first.clock, () => storage.kept.size === 1);
    first.chat.close();
    await sent.acknowledged.catch(() => {});
    await first.clock.turn(25 * 60 * 60_000);
    first.bucket.fate = () => 'stored';
    const next = await withFiles({ ...first, storage });
    expect(await outcome(first.clock, next.chat.conversation(id).sendFile(pdf()).acknowledged)).toMatchObject(
      { seq: 1 },
    );
    expect(first.bucket.attachments.size).toBe(2);

    const fail = () => Promise.reject(new Error('no space'));
    const failing = await withFiles({ storage: { load: fail, put: fail, remove: fail } });
    const travels = failing.chat.conversation(id).sendFile(pdf());
    expect(await outcome(failing.clock, travels.acknowledged)).toMatchObject({ seq: 1 });
  });
});

function never(): never {
  throw new Error('nothing was begun');
}

test.each([
  ['revoked', 0, 'refused'],
  ['idle', 1, 'sending'],
] as const)(
  'after a sign-in ended with %s the device keeps %i of each in its storages',
  async (reason, left, status) => {
    const storage = storageOf();
    const outbox = storageOf<Unacknowledged>();
    const { chat, clock, bucket, deployment } = await withFiles({ storage, outbox });
    bucket.fate = () => 'hangs';
    const file = chat.conversation(id).sendFile(pdf(LARGE), { text: 'at last' });
    file.acknowledged.catch(() => {});
    await until(clock, () => storage.kept.size === 1);
    deployment.fate = () => ({ ...kind, frame: 'unanswered' });
    const message = chat.conversation(id).send('not yet stored');
    await until(clock, () => outbox.kept.size === 1 && message.status === 'sending');

    deployment.open[0]?.send({ type: 'session.ended', reason });
    await until(clock, () => chat.state === 'signed-out');
    await clock.turn(1000);
    expect([storage.kept.size, outbox.kept.size, message.status]).toEqual([left, left, status]);
    chat.conversation(id).send('written afterwards');
    await clock.turn(1000);
    expect(outbox.kept.size).toBe(2 * left);
  },
);
