import { randomBytes } from 'node:crypto';
import { createJimp } from '@jimp/core';
import jpeg from '@jimp/js-jpeg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { attachments, type Conversation, type Fetch } from '../../../sdk/index.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { type Anywhere, anyDeployment } from '../../fixtures/running.ts';
import { dressedJpeg, exifSegment } from '../../sdk/attachments/dressed-pictures.ts';
import { storageOf } from '../../sdk/attachments/pretend-files.ts';
import { type Device, type Devices, devicesOf } from '../../sdk/devices.ts';

vi.setConfig({ testTimeout: 300_000 });

const MiB = 1024 * 1024;

let run: Anywhere;
let ana: Person;
let ben: Person;
let devices: Devices;
beforeAll(async () => {
  run = await anyDeployment();
  ana = await run.person('ana-files', 'clinician');
  ben = await run.person('ben-files', 'patient');
  devices = devicesOf(run);
});
afterAll(() => run.close());

describe('a file that one member sends', () => {
  test('is what another downloads, under its name', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const theirs = await talk(nurse);
    const bytes = randomBytes(100_000);
    const letter = new File([bytes], '../Arztbrief.pdf', { type: 'application/pdf' });
    const { seq } = await theirs.sendFile(letter, { text: 'your letter' }).acknowledged;
    await expect.poll(() => patient.seqs(theirs.id)).toContain(seq);
    const message = patient.told.message.find((one) => one.seq === seq && one.conversationId === theirs.id);
    if (!message) throw new Error('nothing came');
    expect(message.body).toMatchObject({ kind: 'file', name: 'Arztbrief.pdf', text: 'your letter' });
    const file = await patient.chat.conversation(theirs.id).download(message);
    expect([file.name, file.type]).toEqual(['Arztbrief.pdf', 'application/pdf']);
    expect(await bytesOf(file)).toEqual(bytes);
  });

  test('of seventy megabytes goes up in parts, and only what is missing once its app was killed half-way', async () => {
    const storage = storageOf();
    const bytes = randomBytes(70 * MiB);
    const file = new File([bytes], 'lung.mp4', { type: 'video/mp4' });
    let [begun, stored] = [0, 0];
    const untilFour: Fetch = async (url, init) => {
      if (init.method !== 'PUT') return fetch(url, init);
      begun += 1;
      if (begun > 4) return hanging(init.signal);
      const answer = await fetch(url, init);
      if (answer.ok) stored += 1;
      return answer;
    };
    const before = await online(ana, { attachments: attachments({ storage }), fetch: untilFour });
    const theirs = await talk(before);
    const killed = theirs.sendFile(file);
    await expect.poll(() => stored, { timeout: 120_000 }).toBe(4);
    before.chat.close();
    await expect(killed.acknowledged).rejects.toMatchObject({ code: 'closed' });

    let puts = 0;
    const counting: Fetch = (url, init) => {
      if (init.method === 'PUT') puts += 1;
      return fetch(url, init);
    };
    const after = await online(ana, { attachments: attachments({ storage }), fetch: counting });
    expect(await after.chat.unfinishedFiles()).toMatchObject([{ conversationId: theirs.id }]);
    const { seq } = await after.chat.conversation(theirs.id).sendFile(file).acknowledged;
    expect(puts).toBe(9 - 4);
    expect(storage.kept.size).toBe(0);
    // a scan that ends before the completion is told by that alone; this one reads seventy megabytes
    await expect.poll(() => after.told.attachment).toMatchObject([{ sender: ana.id, state: 'clean' }]);

    const patient = await online(ben);
    const down = await patient.chat.conversation(theirs.id).download(seq);
    expect((await bytesOf(down)).equals(bytes)).toBe(true);
  });

  test('as a picture has lost where it was taken', async () => {
    const planted = 'N 48 11.5 E 11 34.2 Mustermann';
    const Picture = createJimp({ formats: [jpeg] });
    const bare = await new Picture({ width: 64, height: 48, color: 0x884422ff }).getBuffer('image/jpeg');
    const taken = dressedJpeg(bare, [exifSegment(1, planted)], [], Buffer.from(planted));
    const [nurse, patient] = [await online(ana), await online(ben)];
    const theirs = await talk(nurse);
    const photo = new File([taken], 'IMG_0001.jpg', { type: 'image/jpeg' });
    const { seq } = await theirs.sendFile(photo).acknowledged;
    const file = await patient.chat.conversation(theirs.id).download(seq);
    const seen = await bytesOf(file);
    expect([taken.includes(planted), seen.includes(planted), file.type]).toEqual([true, false, 'image/jpeg']);
    expect((await Picture.fromBuffer(seen)).bitmap.data).toEqual(
      (await Picture.fromBuffer(bare)).bitmap.data,
    );
  });
});

const bytesOf = async (file: Blob) => Buffer.from(await file.arrayBuffer());

function online(person: Person, options: Parameters<Devices['online']>[1] = {}): Promise<Device> {
  return devices.online(person, { attachments: attachments(), ...options });
}

function talk({ chat }: Device): Promise<Conversation> {
  return chat.createConversation({ kind: 'group', members: [ben.id] });
}

function hanging(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}
