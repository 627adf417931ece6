import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BegunUpload, UploadPermit } from '../../protocol/attachments.ts';
import type { Person } from '../fixtures/deployed.ts';
import { type Run, startRun } from '../fixtures/running.ts';

let run: Run;
let ana: Person;
let ben: Person;
let conversationId: string;
beforeAll(async () => {
  run = await startRun();
  [ana, ben] = await Promise.all([run.person('ana-1', 'clinician'), run.person('ben-1', 'patient')]);
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  conversationId = (body as { conversationId: string }).conversationId;
});
afterAll(() => run.close());

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

async function begin(bytes: Uint8Array, contentType = 'application/pdf') {
  const declared = { contentType, bytes: bytes.length, sha256: digest(bytes) };
  const path = `conversations/${conversationId}/attachments`;
  const { status, body } = await run.request(ana, 'POST', path, declared);
  expect([status, body]).toEqual([201, expect.anything()]);
  const { attachmentId, upload } = body as BegunUpload;
  if (!upload) throw new Error('there is no permit');
  return { attachmentId, upload, declared, path: `${path}/${attachmentId}` };
}

async function put({ url, headers }: UploadPermit, bytes: Uint8Array) {
  const { 'content-length': _length, ...others } = headers; // fetch counts for itself
  const answer = await fetch(url, { method: 'PUT', headers: others, body: bytes });
  return { status: answer.status, text: await answer.text() };
}

describe('an attachment', () => {
  test('goes up whole, is carried by a message, and comes down for its members alone', async () => {
    const bytes = randomBytes(10_000);
    const file = await begin(bytes);
    expect(await put(file.upload, bytes)).toEqual({ status: 200, text: '' });
    const completed = await run.request(ana, 'POST', `${file.path}/completion`, {});
    expect(completed).toMatchObject({ status: 200, body: { attachmentId: file.attachmentId } });
  });
});
