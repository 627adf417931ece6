import { randomBytes, randomUUID } from 'node:crypto';
import { DeleteObjectCommand, DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isBarePicture } from '../../functions/domain/picture.ts';
import { fail } from '../../local/front-door/faults.ts';
import type { Download } from '../../protocol/attachments.ts';
import type { DestructionCertificate } from '../../protocol/requests.ts';
import { attaching, bucketOf, get } from '../fixtures/attaching.ts';
import type { Person } from '../fixtures/deployed.ts';
import { stamped } from '../fixtures/observed/stamped.ts';
import type { Run } from '../fixtures/running.ts';
import { type Sharing, startSharing } from '../fixtures/sharing.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';
import { Picture, redAndBlue } from '../functions/pictures/drawing.ts';
import { PATIENCE } from './promises/clinic.ts';

const EACH_MINUTE = { timeout: 180_000, interval: 2_000 };
const DAY = 24 * 60 * 60_000;
const DEPLOYED_DAYS = 2_192; // six years, the default of a deployment

let run: Run;
let people: Sharing['people'];
beforeAll(async () => {
  ({ run, people } = await startSharing());
}, PATIENCE);
afterAll(() => run.close());

describe('an attachment', () => {
  test(
    'lives as long as its message: hidden with it, deleted with it in every version, kept under a hold, and gone with what is destroyed',
    async () => {
      const { clock } = run.stack;
      const { versions } = bucketOf(run);
      const officers = [
        await run.person('olga-1', 'privacy-officer'),
        await run.person('otto-1', 'privacy-officer'),
      ];
      const keysOf = async (id: string) => (await versions()).filter((key) => key.includes(id)).length;

      const rooms = await Promise.all(['expires', 'held', 'destroyed'].map(() => aRoom()));
      const [expires, held, destroyed] = rooms as [Room, Room, Room];
      for (const { with: hers } of rooms) await hers.sent(await hers.uploaded(randomBytes(100)));
      const picture = await redAndBlue('image/jpeg', 8, 8);
      await expires.with.uploaded(picture, 'image/jpeg'); // and one that no message ever carries, with a preview
      await expect.poll(() => Promise.all(rooms.map(({ id }) => keysOf(id)))).toEqual([3, 1, 1]);

      const [olga, otto] = (await again(...officers)) as [Person, Person];
      const wish = { ref: randomUUID(), reason: 'M-1', conversations: [held.id] };
      expect((await run.request(olga, 'POST', 'admin/holds', wish)).status).toBe(201);
      await refusedToAdministrators(`files/${held.id}/`);
      for (const officer of [olga, otto]) {
        const answer = await run.request(officer, 'POST', 'admin/shreds', { conversationId: destroyed.id });
        expect(answer.status).toBe(200);
        if (officer !== otto) continue;
        const { certificate } = answer.body as { certificate: DestructionCertificate };
        expect(certificate).toMatchObject({ attachmentVersionsDeleted: 1, backupDays: expect.any(Number) });
        const kept = Date.parse(certificate.attachmentsFinalFrom) - Date.parse(certificate.destroyedAt);
        expect(kept).toBe((certificate.backupDays + 1) * DAY);
      }
      expect(await keysOf(destroyed.id)).toBe(0);
      const late = { contentType: 'text/plain', bytes: 1, sha256: Buffer.alloc(32).toString('base64') };
      const [ana] = (await again(people.ana)) as [Person];
      const again410 = await run.request(ana, 'POST', `conversations/${destroyed.id}/attachments`, late);
      expect(again410).toMatchObject({ status: 410, body: { code: 'shredded' } });
      await stamped(run);

      clock.advance(2 * DAY); // the orphan goes, and nothing else
      await expect.poll(async () => swept(() => keysOf(expires.id)), EACH_MINUTE).toBe(1);
      clock.advance(DEPLOYED_DAYS * DAY);
      const [ben] = (await again(people.ben)) as [Person];
      for (const { id } of [expires, held]) {
        const answer = await run.request(ben, 'POST', `conversations/${id}/messages/1/downloads`, {});
        expect(answer).toMatchObject({ status: 404, body: { code: 'unknown-attachment' } });
      }
      clock.advance(8 * DAY);
      await expect.poll(async () => swept(() => keysOf(expires.id)), EACH_MINUTE).toBe(0);
      expect(await keysOf(held.id)).toBe(1);
    },
    PATIENCE,
  );

  test(
    'that is a picture has one preview, small and bare, for the members alone, which goes with what it shows',
    async () => {
      const { stack } = run;
      const { versions } = bucketOf(run);
      const [ana, ben, eve] = (await again(people.ana, people.ben, people.eve)) as [Person, Person, Person];
      const room = await aRoom(ana, ben);
      const isDrawing = (principal?: { readonly arn: string }) =>
        principal?.arn.includes('MakePreview') ?? false;
      const rule = { service: 'dynamodb', operation: 'UpdateItem', principal: isDrawing, effect: fail() };
      const letPass = stack.faults.add(rule);
      const lines = () => stack.logs.groups().flatMap((group) => stack.logs.read(group));
      const faults = () =>
        lines().filter(({ message }) => /"message":"fault".*"operation":"MakePreview"/.test(message));
      const before = faults().length;
      const file = await room.with.uploaded(await redAndBlue('image/jpeg', 900, 600), 'image/jpeg');
      const seq = await room.with.sent(file);
      const kept = async () => (await versions()).filter((key) => key.includes(file.attachmentId)).sort();
      const both = ['files', 'previews'].map((place) => `${place}/${room.id}/${file.attachmentId}`);
      await expect.poll(faults, { timeout: 20_000 }).toHaveLength(before + 1); // it was kept, and could not be noted
      expect(await kept()).toEqual(both);
      const preview = { rendition: 'preview' };
      await room.with.opened(seq, ben);
      expect(await room.with.download(seq, ben, preview)).toMatchObject({
        body: { code: 'no-preview' },
      });

      letPass();
      const ask = () => room.with.download(seq, ben, preview);
      await expect
        .poll(
          async () => {
            stack.clock.advance(20_000); // Lambda tries an event again a minute later, and finds the preview it kept
            return (await ask()).status;
          },
          { interval: 1_000, timeout: 30_000 },
        )
        .toBe(200);
      expect(await kept()).toEqual(both);
      const { url } = (await ask()).body as Download;
      const { status, bytes, headers } = await get(url);
      expect([status, headers.get('content-disposition')]).toEqual([200, 'attachment']);
      expect(isBarePicture(bytes, 'image/jpeg')).toBe(true);
      const { width, height } = await Picture.fromBuffer(bytes);
      expect([width, height]).toEqual([512, 341]);
      expect((await get(url.replace('/previews/', '/files/'))).status).toBe(403);
      expect(await room.with.download(seq, eve, preview)).toMatchObject({
        body: { code: 'not-a-member' },
      });

      for (const name of ['olga-2', 'otto-2']) {
        const officer = await run.person(name, 'privacy-officer');
        const answer = await run.request(officer, 'POST', 'admin/shreds', { conversationId: room.id });
        expect(answer.status).toBe(200);
      }
      expect(await kept()).toEqual([]);
    },
    PATIENCE,
  );
});

/** That whoever administers the account deletes nothing there, and hides nothing: what is hidden, S3's own rules end a day later. */
async function refusedToAdministrators(Prefix: string): Promise<void> {
  const { client, Bucket } = bucketOf(run);
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
  const [{ Key, VersionId } = {}] = Versions;
  for (const version of [{}, { VersionId }]) {
    const deletion = new DeleteObjectCommand({ Bucket, Key, ...version });
    await expect(client.send(deletion)).rejects.toMatchObject({ name: 'AccessDenied' });
  }
  const Objects = [{ Key }, { Key, VersionId }];
  const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(Errors?.map(({ Code }) => Code)).toEqual(['AccessDenied', 'AccessDenied']);
}

interface Room {
  readonly id: string;
  readonly with: ReturnType<typeof attaching>;
}

/** A conversation of Ana and Ben of its own, and what Ana does with files there. */
async function aRoom(ana = people.ana, ben = people.ben): Promise<Room> {
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  const { conversationId: id } = body as { conversationId: string };
  return { id, with: attaching(run, id, ana, await run.socket(ana)) };
}

/** The same people under new sign-ins: the clock has been turned. */
async function again(...given: readonly Person[]): Promise<readonly Person[]> {
  const fresh: Person[] = [];
  for (const person of given) fresh.push(await signInAgain(run, person));
  return fresh;
}

/** What there is once another minute has passed. */
async function swept<T>(look: () => Promise<T>): Promise<T> {
  run.stack.clock.advance(61_000);
  return look();
}
