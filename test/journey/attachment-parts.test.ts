import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Attachment, BegunUpload, UploadPermit } from '../../protocol/attachments.ts';
import { attaching, bucketOf, digest, put } from '../fixtures/attaching.ts';
import type { Person } from '../fixtures/deployed.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { PATIENCE } from './promises/clinic.ts';

const MiB = 1024 * 1024;
const PART_BYTES = 8 * MiB;
const BYTES = 70 * MiB;
const COUNT = Math.ceil(BYTES / PART_BYTES);
const DAY = 24 * 60 * 60_000;
const EACH_MINUTE = { timeout: 180_000, interval: 5_000 };

let run: Run;
let people: Readonly<Record<'ana' | 'ben' | 'gus', Person>>;
let conversationId: string;
beforeAll(async () => {
  run = await startRun();
  const [ana, ben, gus] = await Promise.all([
    run.person('ana-1', 'clinician'),
    run.person('ben-1', 'patient'),
    run.person('gus-1', 'clinician'),
  ]);
  people = { ana, ben, gus };
  conversationId = await aGroup();
}, PATIENCE);
afterAll(() => run.close());

describe('a file of 70 MB, in parts', () => {
  test(
    'is stored only as it was declared, part by part, and comes down as it went up',
    async () => {
      const { ana, ben } = people;
      const before = await bucketOf(run).versions();
      const [file, other] = [await begin(ana), await begin(ana)];
      const permit = await file.permitted(2);
      const bytes = part(2);
      const inOther = new URL((await other.permitted(2)).url).searchParams.get('uploadId') ?? '';
      const forged = (name: string, value: string): UploadPermit => {
        const url = new URL(permit.url);
        expect(url.searchParams.get(name)).not.toBe(value);
        url.searchParams.set(name, value);
        return { ...permit, url: url.href };
      };
      const checksum = 'x-amz-checksum-sha256';
      const unsigned = { status: 403, code: 'SignatureDoesNotMatch' }; // before a byte is taken
      const refused: Readonly<Record<string, readonly [() => ReturnType<typeof put>, object]>> = {
        'a byte less': [() => put(permit, bytes.subarray(1)), unsigned],
        'a byte more': [() => put(permit, Buffer.concat([bytes, Buffer.alloc(1)])), unsigned],
        'other bytes': [() => put(permit, part(3)), { status: 400 }],
        'other bytes and their checksum': [
          () => put(permit, part(3), { [checksum]: digest(part(3)) }),
          unsigned,
        ],
        'no checksum': [() => put(permit, bytes, { [checksum]: '' }), { status: 403 }],
        'another part': [() => put(forged('partNumber', '3'), bytes), unsigned],
        'another upload': [() => put(forged('uploadId', inOther), bytes), unsigned],
        'a longer time': [() => put(forged('X-Amz-Expires', '3600'), bytes), unsigned],
        'a whole object': [() => put(forged('x-id', 'PutObject'), bytes), unsigned],
      };
      for (const [what, [send, answer]] of Object.entries(refused))
        expect(await send(), what).toMatchObject(answer);
      run.stack.clock.advance(301_000);
      expect((await put(permit, bytes)).status).toBe(403);
      for (const upload of [file, other]) expect((await upload.shown()).storedParts).toEqual([]);
      expect(await run.request(ben, 'POST', `${file.path}/parts`, { part: 2 })).toMatchObject({
        status: 404,
      });
      expect(await run.request(ana, 'POST', `${file.path}/parts`, { part: COUNT + 1 })).toMatchObject({
        body: { code: 'malformed' },
      });

      for (let number = 1; number < COUNT; number += 1) await file.send(number);
      expect(await file.complete()).toMatchObject({ body: { code: 'attachment-incomplete' } });
      expect((await file.shown()).storedParts).toHaveLength(COUNT - 1);
      expect(await bucketOf(run).versions()).toEqual(before);
      await file.send(COUNT);
      expect(await file.complete()).toMatchObject({ status: 200, body: { bytes: BYTES } });
      expect(await run.request(ana, 'POST', `${file.path}/parts`, { part: 1 })).toMatchObject({
        status: 404,
      });

      const anas = attaching(run, conversationId, ana, await run.socket(ana));
      const { attachmentId, declared } = file;
      const seq = await anas.sent({ attachmentId, declared, path: file.path, upload: permit });
      const { url } = await anas.opened(seq, ben);
      const { body } = await fetch(url);
      const hash = createHash('sha256');
      for await (const chunk of body ?? []) hash.update(chunk);
      expect(hash.digest('base64')).toBe(declared.sha256);
      expect((await bucketOf(run).versions()).length).toBe(before.length + 1);
      report('attachment-parts-refused', {
        'stored of what was refused': { found: 0, of: Object.keys(refused).length + 1 },
      });
    },
    PATIENCE,
  );

  test(
    'is not gone on with by who was removed, and nothing of it stays: not a day later where it is left, nor where its conversation is destroyed',
    async () => {
      const { ana, gus } = people;
      const room = await aGroup();
      const file = await begin(gus, room);
      await file.send(1);
      await run.request(ana, 'DELETE', `conversations/${room}/members/${gus.id}`);
      expect(await run.request(gus, 'POST', `${file.path}/parts`, { part: 2 })).toMatchObject({
        status: 403,
        body: { code: 'not-a-member' },
      });
      expect(await file.complete()).toMatchObject({ status: 403 });

      const destroyed = await aGroup();
      const half = await begin(ana, destroyed);
      await half.send(1);
      const { uploads } = bucketOf(run);
      const keyOf = (id: string, { attachmentId }: { readonly attachmentId: string }) =>
        `files/${id}/${attachmentId}`;
      expect(await uploads()).toEqual(expect.arrayContaining([keyOf(room, file), keyOf(destroyed, half)]));
      for (const name of ['olga-1', 'otto-1']) {
        const officer = await run.person(name, 'privacy-officer');
        const answer = await run.request(officer, 'POST', 'admin/shreds', { conversationId: destroyed });
        expect(answer.status).toBe(200);
      }
      expect(await uploads()).not.toContain(keyOf(destroyed, half));

      run.stack.clock.advance(DAY + 6 * 60_000); // S3's own rule ends it a day after that
      await expect
        .poll(() => {
          run.stack.clock.advance(61_000);
          return uploads();
        }, EACH_MINUTE)
        .toEqual([]);
      expect((await bucketOf(run).versions()).filter((key) => key.includes(room))).toEqual([]);
    },
    PATIENCE,
  );
});

async function aGroup(): Promise<string> {
  const { ana, ben, gus } = people;
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id, gus.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  return (body as { conversationId: string }).conversationId;
}

/** An upload in parts by somebody, step by step. One part at a time is in memory. */
async function begin(who: Person, where = conversationId) {
  const whole = createHash('sha256');
  const parts = Array.from({ length: COUNT }, (_, nth) => {
    const bytes = part(nth + 1);
    whole.update(bytes);
    return digest(bytes);
  });
  const declared = { contentType: 'video/mp4', bytes: BYTES, sha256: whole.digest('base64') };
  const attachments = `conversations/${where}/attachments`;
  const said = { ...declared, partBytes: PART_BYTES, parts };
  const { status, body } = await run.request(who, 'POST', attachments, said);
  expect([status, body]).toEqual([201, { attachmentId: expect.any(String) }]);
  const { attachmentId } = body as BegunUpload;
  const path = `${attachments}/${attachmentId}`;
  const permitted = async (number: number): Promise<UploadPermit> => {
    const answer = await run.request(who, 'POST', `${path}/parts`, { part: number });
    expect(answer.status).toBe(200);
    return answer.body as UploadPermit;
  };
  return {
    ...{ attachmentId, declared, path, permitted },
    send: async (number: number) =>
      expect(await put(await permitted(number), part(number))).toEqual({ status: 200 }),
    shown: async () => (await run.request(who, 'GET', path)).body as Attachment,
    complete: () => run.request(who, 'POST', `${path}/completion`, {}),
  };
}

/** The bytes of one part, counted from 1; each is another. */
function part(number: number): Buffer {
  return Buffer.alloc(number < COUNT ? PART_BYTES : BYTES - PART_BYTES * (COUNT - 1), `part ${number} `);
}
