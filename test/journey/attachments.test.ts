import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BegunUpload, Download, UploadPermit } from '../../protocol/attachments.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { type Run, startRun } from '../fixtures/running.ts';

let run: Run;
let ana: Person;
let ben: Person;
let eve: Person;
let nurse: BareSocket;
let conversationId: string;
beforeAll(async () => {
  run = await startRun();
  [ana, ben, eve] = await Promise.all([
    run.person('ana-1', 'clinician'),
    run.person('ben-1', 'patient'),
    run.person('eve-1', 'clinician'),
  ]);
  nurse = await run.socket(ana);
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  conversationId = (body as { conversationId: string }).conversationId;
});
afterAll(() => run.close());

/** The test file that every scanner knows (EICAR), in two parts so that none finds it here. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'];

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

async function begin(bytes: Uint8Array, contentType = 'application/pdf', said: object = {}) {
  const declared = { contentType, bytes: bytes.length, sha256: digest(bytes), ...said };
  const path = `conversations/${conversationId}/attachments`;
  const { status, body } = await run.request(ana, 'POST', path, declared);
  expect([status, body]).toEqual([201, expect.anything()]);
  const { attachmentId, upload } = body as BegunUpload;
  if (!upload) throw new Error('there is no permit');
  return { attachmentId, upload, declared, path: `${path}/${attachmentId}` };
}

type Begun = Awaited<ReturnType<typeof begin>>;

/** What a client sends under a permit, or something a little different. */
async function put({ url, headers }: UploadPermit, bytes: Uint8Array, other: Record<string, string> = {}) {
  const { 'content-length': _length, ...others } = { ...headers, ...other }; // fetch counts for itself
  const answer = await fetch(url, { method: 'PUT', headers: others, body: bytes });
  return { status: answer.status, code: /<Code>(\w+)/.exec(await answer.text())?.[1] };
}

const complete = ({ path }: Pick<Begun, 'path'>, who = ana) =>
  run.request(who, 'POST', `${path}/completion`, {});

async function uploaded(bytes: Uint8Array, contentType?: string): Promise<Begun> {
  const file = await begin(bytes, contentType);
  expect(await put(file.upload, bytes)).toEqual({ status: 200 });
  expect(await complete(file)).toMatchObject({ status: 200 });
  return file;
}

async function sent({ attachmentId, declared }: Begun): Promise<number> {
  const body = { kind: 'file', attachmentId, name: 'findings.pdf', ...declared };
  const frame = { type: 'message.send', ref: randomUUID(), conversationId, since: await end(), body };
  const answer = await nurse.ask(frame, ({ type }) => ['message.accepted', 'refused'].includes(String(type)));
  expect(answer).toMatchObject({ type: 'message.accepted' });
  return Number(answer.seq);
}

async function end(): Promise<number> {
  const { body } = await run.request(ana, 'GET', `conversations/${conversationId}/messages?limit=1`);
  return (body as { entries: { seq: number }[] }).entries.at(-1)?.seq ?? 0;
}

const download = (seq: number, who = ben, said: object = {}) =>
  run.request(who, 'POST', `conversations/${conversationId}/messages/${seq}/downloads`, said);

async function opened(seq: number, who = ben): Promise<Download> {
  await expect.poll(async () => (await download(seq, who)).status).toBe(200);
  return (await download(seq, who)).body as Download;
}

async function get(url: string) {
  const answer = await fetch(url);
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

describe('an attachment', () => {
  test('goes up whole, is carried by a message, and comes down for its members alone', async () => {
    const bytes = randomBytes(10_000);
    const file = await uploaded(bytes);
    const seq = await sent(file);
    const { url } = await opened(seq);
    const down = await get(url);
    expect([down.status, down.bytes.equals(bytes)]).toEqual([200, true]);
    expect(down.headers.get('content-disposition')).toBe('attachment');
    expect(down.headers.get('content-type')).toBe('application/octet-stream');
    expect(url).not.toContain('findings');
    expect(await download(seq, eve)).toMatchObject({ status: 403, body: { code: 'not-a-member' } });
  });

  test('in which malware is found is opened by nobody, before the verdict or after, by any route', async () => {
    const eicar = Buffer.from(EICAR.join(''));
    const file = await uploaded(eicar, 'application/octet-stream');
    const listening = await run.socket(ben);
    await listening.ask({ type: 'session.open' }, ({ type }) => type === 'session.opened');
    const seq = await sent(file);
    await expect.poll(async () => (await download(seq)).body).toMatchObject({ code: 'malware-found' });
    const key = `files/${conversationId}/${file.attachmentId}`;
    const client = new S3Client({
      ...run.stack.account,
      endpoint: run.stack.awsEndpointUrl,
      credentials: run.stack.administrator,
    });
    const bucket = String(run.outputs['Wardline-Data']?.AttachmentsBucket);
    await expect(client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    client.destroy();
  });

  test('comes down for a minute, and only under its own signature', async () => {
    const seq = await sent(await uploaded(randomBytes(100)));
    const { url } = await opened(seq);
    const tampered = url.replace(/X-Amz-Signature=.{8}/, 'X-Amz-Signature=00000000');
    const elsewhere = url.replace('files/', 'previews/');
    const unbounded = url.replace('X-Amz-Expires=60', 'X-Amz-Expires=3600');
    const shown = url.replace('attachment&', 'inline&');
    for (const forged of [tampered, elsewhere, unbounded, shown].filter((one) => one !== url)) {
      expect((await get(forged)).status).toBe(403);
    }
    expect((await get(url)).status).toBe(200);
    run.stack.clock.advance(61_000);
    expect((await get(url)).status).toBe(403);
  });
});
