import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Conversation } from '../../../sdk/index.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { type Anywhere, anyDeployment } from '../../fixtures/running.ts';
import { type Device, type Devices, devicesOf } from '../../sdk/devices.ts';
import { upTo } from '../../sdk/pretend-chat.ts';

vi.setConfig({ testTimeout: 150_000 });

let run: Anywhere;
let ana: Person;
let ben: Person;
let cem: Person;
let devices: Devices;

beforeAll(async () => {
  run = await anyDeployment();
  ana = await run.person('ana-sync', 'clinician');
  ben = await run.person('ben-sync', 'patient');
  cem = await run.person('cem-sync', 'patient');
  devices = devicesOf(run);
});
afterAll(() => run.close());

describe('a device that comes back', () => {
  test('asks once for all of its conversations, and once more five seconds later: everything comes once, in order', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const all = await groups(nurse, 4, 'at home');
    for (const { id } of all) await expect.poll(() => patient.texts(id)).toEqual(['at home']);
    leave(patient);
    await Promise.all(all.map((one, place) => sayAll(one, texts(place * 2))));
    const before = patient.network.sent.length;
    await comeBack(patient);
    for (const [place, { id }] of all.entries())
      await expect.poll(() => patient.texts(id)).toEqual(['at home', ...texts(place * 2)]);
    await expect.poll(() => typesSince(patient, before)).toEqual(['session.open', 'sync', 'sync']);
    expect(patient.told.gap).toEqual([]);
  });

  test('loses its connection again and again in the middle of it, and still hears everything once and in order', async () => {
    const [nurse, patient] = [await online(ana), await online(ben, { random: () => 0.01 })];
    const all = await groups(nurse, 4, 'at home');
    for (const { id } of all) await expect.poll(() => patient.texts(id)).toEqual(['at home']);
    leave(patient);
    await Promise.all(all.map((one) => sayAll(one, texts(3))));
    let losses = 0;
    patient.network.outward = ({ type }) => {
      if (type !== 'sync' || losses >= 6) return 'pass';
      losses += 1;
      return losses % 2 === 0 ? 'break' : 'break after';
    };
    patient.network.inward = ({ type }) => {
      if (type !== 'synced' || losses >= 8) return 'pass';
      losses += 1;
      return 'break';
    };
    await comeBack(patient);
    for (const { id } of all) await expect.poll(() => patient.texts(id)).toEqual(['at home', ...texts(3)]);
    await expect.poll(() => losses).toBe(8);
    await expect.poll(() => patient.chat.state).toBe('live');
    for (const one of all) await one.send('and after').acknowledged;
    for (const { id } of all) await expect.poll(() => patient.seqs(id)).toEqual(upTo(5));
  });

  test('goes on by catch-ups where more was missed than one answer holds', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const [one] = await groups(nurse, 1, 'at home');
    const id = one?.id ?? '';
    await expect.poll(() => patient.texts(id)).toEqual(['at home']);
    leave(patient);
    if (one) await sayAll(one, texts(55));
    await comeBack(patient);
    await expect.poll(() => patient.texts(id)).toEqual(['at home', ...texts(55)]);
    expect(patient.told.gap).toEqual([]);
  });

  test('hears of the conversations it was added to and removed from meanwhile', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const [left] = await groups(nurse, 1, 'at home');
    await expect.poll(() => patient.texts(left?.id ?? '')).toEqual(['at home']);
    leave(patient);
    await left?.removeMember(ben.id);
    const [joined] = await groups(nurse, 1, 'while you were away');
    await comeBack(patient);
    await expect.poll(() => patient.told.removed).toEqual([{ conversationId: left?.id }]);
    await expect.poll(() => patient.texts(joined?.id ?? '')).toEqual(['while you were away']);
    expect(patient.told.conversation.at(-1)).toMatchObject({ conversationId: joined?.id });
    await left?.send('without him').acknowledged;
    await joined?.send('with him').acknowledged;
    await expect.poll(() => patient.texts(joined?.id ?? '').at(-1)).toBe('with him');
    expect(patient.texts(left?.id ?? '')).toEqual(['at home']);
  });
});

test('a new device is told of old conversations without what was said in them, until it names one', async () => {
  const nurse = await online(ana);
  const [old, other] = await groups(nurse, 2, 'long ago', cem);
  const id = old?.id ?? '';
  await old?.send('longer ago').acknowledged;
  await expect.poll(() => isNoted(nurse, id)).toBe(true); // by the dispatcher behind the stream
  const phone = await online(cem);
  const met = () => phone.told.conversation.map(({ conversationId }) => conversationId).sort();
  await expect.poll(met).toEqual([id, other?.id].sort());
  expect(phone.told.conversation).toContainEqual({ conversationId: id, last: 2 });
  await old?.send('today').acknowledged;
  await expect.poll(() => phone.texts(id)).toEqual(['today']);
  phone.told.message.length = 0;
  phone.chat.conversation(id);
  await expect.poll(() => phone.texts(id)).toEqual(['long ago', 'longer ago', 'today']);
  const tablet = await online(cem, {}, (chat) => chat.conversation(id, { since: 2 }));
  await expect.poll(() => tablet.texts(id)).toEqual(['today']);
});

test('the inbox counts what was not read, and a mark on one device is told to the other', async () => {
  const nurse = await online(ana);
  const [one] = await groups(nurse, 1, 'hello');
  const id = one?.id ?? '';
  for (const text of texts(3)) await one?.send(text).acknowledged;
  const [phone, tablet] = [await online(ben), await online(ben)];
  const entry = async () => {
    const { conversations } = await tablet.chat.conversations({ limit: 5 });
    return conversations.find(({ conversationId }) => conversationId === id);
  };
  await expect.poll(async () => (await entry())?.last).toBe(4);
  expect(await entry()).toMatchObject({ unread: 4, readUpTo: 0, latest: { seq: 4, sender: ana.id } });
  const first = await phone.chat.conversations({ limit: 1 });
  const second = await phone.chat.conversations({ limit: 1, after: first.next ?? '' });
  expect(second.conversations[0]?.conversationId).not.toBe(first.conversations[0]?.conversationId);

  const read = phone.chat.conversation(id);
  await read.catchUp();
  leave(phone);
  await expect.poll(() => phone.chat.state).toBe('recovering');
  for (const seq of [1, 4, 2]) read.markRead(seq);
  await comeBack(phone);
  await expect.poll(() => tablet.told.read).toEqual([{ conversationId: id, upTo: 4 }]);
  expect(phone.told.read).toEqual([]);
  expect(await entry()).toMatchObject({ unread: 0, readUpTo: 4 });
  const marks = phone.network.sent.filter(({ type }) => type === 'conversation.mark-read');
  expect(marks.map(({ upTo }) => upTo)).toEqual([4]);
});

const texts = (count: number) => upTo(count).map((place) => `message ${place}`);

/** Groups with somebody, each with one message in it. */
async function groups({ chat }: Device, count: number, text: string, member = ben): Promise<Conversation[]> {
  const made: Conversation[] = [];
  for (const _ of upTo(count)) {
    const one = await chat.createConversation({ kind: 'group', members: [member.id] });
    await one.send(text).acknowledged;
    made.push(one);
  }
  return made;
}

/** One after the other, until each is stored. */
async function sayAll(conversation: Conversation, all: readonly string[]): Promise<void> {
  await Promise.all(all.map((text) => conversation.send(text).acknowledged));
}

async function isNoted({ chat }: Device, id: string): Promise<boolean> {
  const { conversations } = await chat.conversations();
  const entry = conversations.find(({ conversationId }) => conversationId === id);
  return entry?.latest !== undefined && entry.latest.at === entry.lastAt;
}

/** A device of this person that is connected and through its first sync. */
async function online(...[person, options, before]: Parameters<Devices['online']>): Promise<Device> {
  const made = await devices.online(person, options, before);
  await expect.poll(() => made.network.heard.some(({ type }) => type === 'synced')).toBe(true);
  return made;
}

function leave({ network }: Device): void {
  network.isDown = true;
  network.break();
}

async function comeBack({ chat, network }: Device): Promise<void> {
  await expect.poll(() => chat.state).toBe('recovering');
  network.isDown = false;
  await chat.connect();
}

function typesSince({ network }: Device, place: number): unknown[] {
  return network.sent.slice(place).map(({ type }) => type);
}
