import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import * as sdk from '../../../sdk/index.ts';
import type { Deployed, Person } from '../../fixtures/deployed.ts';
import { anyDeployment } from '../../fixtures/running.ts';
import { type Device, type Devices, devicesOf } from '../../sdk/devices.ts';

let run: Deployed;
let ana: Person;
let ben: Person;
let online: Devices['online'];
let getToken: Devices['getToken'];

beforeAll(async () => {
  run = await anyDeployment();
  ana = await run.person('ana-sdk', 'clinician');
  ben = await run.person('ben-sdk', 'patient');
  ({ online, getToken } = devicesOf(run));
});
afterAll(() => run.close());

describe('two people with the SDK', () => {
  test('talk: each message once and in order, also to the devices of its sender', async () => {
    const [nurse, phone, patient] = [await online(ana), await online(ana), await online(ben)];
    const theirs = await nurse.chat.createConversation({ kind: 'direct', members: [ben.id] });
    const first = theirs.send('good morning');
    expect(first.status).toBe('queued');
    expect(await first.acknowledged).toMatchObject({ seq: 1 });
    expect(first.status).toBe('accepted');
    const answer = patient.chat.conversation(theirs.id).send('good morning — 早上好 😀');
    await answer.acknowledged;
    const all = ['good morning', 'good morning — 早上好 😀'];
    for (const { texts } of [nurse, phone, patient]) await expect.poll(() => texts(theirs.id)).toEqual(all);
    expect(nurse.told.message.map(({ sender }) => sender)).toEqual([ana.id, ben.id]);
    expect(nurse.told.status.map(({ status }) => status)).toEqual(['sending', 'accepted']);
    expect(await theirs.history({ limit: 1 })).toMatchObject({ entries: [{ seq: 2 }], more: true });
    expect(await nurse.chat.me()).toMatchObject({ id: ana.id, roles: ['clinician'] });
  });

  test('store each message once although every first acknowledgement is lost', async () => {
    const [nurse, patient] = [await online(ana, { random: () => 0.001 }), await online(ben)];
    const theirs = await nurse.chat.createConversation(group());
    const lost = new Set<unknown>();
    nurse.network.inward = ({ type, ref }) => {
      if (type !== 'message.accepted' || lost.has(ref)) return 'pass';
      lost.add(ref);
      return 'break';
    };
    const sent = upTo(25).map((place) => theirs.send(`message ${place}`));
    const acknowledged = await Promise.all(sent.map((message) => message.acknowledged));
    expect(acknowledged.map(({ seq }) => seq)).toEqual(upTo(25));
    expect(lost.size).toBe(25);
    const all = upTo(25).map((place) => `message ${place}`);
    await expect.poll(() => patient.texts(theirs.id)).toEqual(all);
    await expect.poll(() => nurse.texts(theirs.id)).toEqual(all);
    expect((await theirs.history()).entries).toHaveLength(25);
    expect(sincesOf(nurse)).toEqual(sent.map(({ ref }) => [ref, 1]));
  });

  test('write while there is no network: it waits, and then goes in order', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const theirs = await nurse.chat.createConversation(group());
    nurse.network.isDown = true;
    nurse.network.break();
    await expect.poll(() => nurse.chat.state).toBe('recovering');
    const sent = upTo(12).map((place) => theirs.send(`offline ${place}`));
    const meanwhile = patient.chat.conversation(theirs.id).send('meanwhile');
    await meanwhile.acknowledged;
    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set(['queued']));
    expect(nurse.chat.unacknowledged()).toEqual(sent);

    nurse.network.isDown = false;
    await nurse.chat.connect();
    await Promise.all(sent.map((message) => message.acknowledged));
    const all = ['meanwhile', ...upTo(12).map((place) => `offline ${place}`)];
    await expect.poll(() => patient.texts(theirs.id)).toEqual(all);
    await expect.poll(() => nurse.texts(theirs.id)).toEqual(all);
  });

  test('get three hundred messages that were missed, once and in order', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const theirs = await nurse.chat.createConversation(group());
    await theirs.send('before').acknowledged;
    await expect.poll(() => patient.seqs(theirs.id)).toEqual([1]);
    patient.network.isDown = true;
    patient.network.break();
    for (const place of upTo(300)) theirs.send(`missed ${place}`);
    await expect.poll(() => nurse.chat.unacknowledged().length, { timeout: 90_000 }).toBe(0);
    patient.network.isDown = false;
    await patient.chat.connect();
    await theirs.send('after').acknowledged;
    await expect.poll(() => patient.seqs(theirs.id)).toEqual(upTo(302));
    expect(patient.told.gap).toEqual([]);
    const late = await online(ben, {}, (chat) => chat.conversation(theirs.id, { since: 300 }));
    await expect.poll(() => late.texts(theirs.id)).toEqual(['missed 300', 'after']);
  }, 150_000);

  test('hear of nothing twice and miss nothing where pushes are lost, and of no gap', async () => {
    const [nurse, patient] = [await online(ana), await online(ben)];
    const theirs = await nurse.chat.createConversation(group());
    patient.network.inward = ({ type, seq }) =>
      type === 'message.new' && Number(seq) % 3 !== 0 ? 'drop' : 'pass';
    for (const place of upTo(15)) await theirs.send(`message ${place}`).acknowledged;
    await expect.poll(() => patient.seqs(theirs.id)).toEqual(upTo(15));
    expect(patient.told.gap).toEqual([]);
  });
});

describe('a device', () => {
  test('of somebody who is removed says so, at once or when it comes back', async () => {
    const [nurse, patient, away] = [await online(ana), await online(ben), await online(ben)];
    const theirs = await nurse.chat.createConversation(group());
    await theirs.send('before').acknowledged;
    for (const { seqs } of [patient, away]) await expect.poll(() => seqs(theirs.id)).toEqual([1]);
    away.network.isDown = true;
    away.network.break();
    await theirs.removeMember(ben.id);
    await theirs.send('after').acknowledged;

    await expect.poll(() => patient.told.removed).toEqual([{ conversationId: theirs.id }]);
    expect(patient.texts(theirs.id)).toEqual(['before', 'member.removed']);
    away.network.isDown = false;
    await away.chat.connect();
    await expect.poll(() => away.told.removed).toEqual([{ conversationId: theirs.id }]);
    expect(away.texts(theirs.id)).toEqual(['before']);
    for (const { chat, told } of [patient, away]) {
      const refused = chat.conversation(theirs.id);
      expect(refused.isMember).toBe(false);
      const message = refused.send('may I?');
      await expect(message.acknowledged).rejects.toMatchObject({ code: 'not-a-member', mayBeStored: false });
      expect(message.status).toBe('refused');
      expect(told.removed).toHaveLength(1);
    }

    await theirs.addMember(ben.id);
    await theirs.send('welcome back').acknowledged;
    await expect.poll(() => patient.texts(theirs.id).slice(2)).toEqual(['member.added', 'welcome back']);
    expect(patient.told.gap).toEqual([{ conversationId: theirs.id, from: 3, to: 3 }]);
    expect(patient.chat.conversation(theirs.id).isMember).toBe(true);
  });

  test('that is closed says of each message whether it may be stored, and a kept outbox goes on with it', async () => {
    const kept = new Map<string, sdk.Unacknowledged>();
    const outbox: sdk.OutboxStorage = {
      load: async () => [...kept.values()],
      put: async (message) => void kept.set(message.ref, message),
      remove: async (ref) => void kept.delete(ref),
    };
    const nurse = await online(ana, { outbox });
    const theirs = await nurse.chat.createConversation(group());
    nurse.network.inward = ({ type }) => (type === 'message.accepted' ? 'drop' : 'pass');
    const [stored, unsent] = [theirs.send('stored'), theirs.send('unsent')];
    const reader = await online(ben);
    await expect.poll(() => reader.texts(theirs.id)).toEqual(['stored']);
    nurse.chat.close();
    await expect(stored.acknowledged).rejects.toMatchObject({ code: 'closed', mayBeStored: true });
    await expect(unsent.acknowledged).rejects.toMatchObject({ code: 'closed', mayBeStored: false });

    const next = await online(ana, { outbox });
    await expect.poll(() => next.chat.unacknowledged()).toEqual([]);
    await expect.poll(() => reader.texts(theirs.id)).toEqual(['stored', 'unsent']);
    expect(next.texts(theirs.id)).toEqual(['stored', 'unsent']);
    await expect.poll(() => kept.size).toBe(0);
  });
});

test('the ten lines of the README work', async () => {
  const readme = readFileSync(new URL('../../../sdk/README.md', import.meta.url), 'utf8');
  const lines = (/```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '').split('\n').filter((line) => line.trim());
  expect(lines.length).toBeLessThanOrEqual(10);
  const [imported, ...body] = lines;
  expect(imported).toMatch(/^import \{ Chat \} from '\.\/index\.ts';/);
  const patient = await online(ben);
  const shown: unknown[][] = [];
  const states: unknown[] = [];
  class Chat extends sdk.Chat {
    constructor(options: sdk.ChatOptions) {
      super({ ...options, WebSocket });
      onTestFinished(() => this.close());
    }
  }
  const given = {
    Chat,
    outputs: run.outputs,
    session: { accessToken: () => getToken(ana)({ fresh: false }) },
    show: (...args: unknown[]) => shown.push(args),
    showState: (to: string) => states.push(to),
    colleague: ben.id,
  };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const seq = await new AsyncFunction(...Object.keys(given), `${body.join('\n')}\nreturn seq;`)(
    ...Object.values(given),
  );
  expect(seq).toBeGreaterThan(0);
  expect(states).toEqual(['connecting', 'live']);
  await expect.poll(() => shown.at(-1)).toEqual([seq, ana.id, { kind: 'text', text: 'Good morning.' }]);
  await expect.poll(() => patient.told.message.at(-1)).toMatchObject({ seq, sender: ana.id });
});

const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);
const group = () => ({ kind: 'group' as const, members: [ben.id] });

/** Each ref that was sent, and with how many different `since`. */
function sincesOf({ network }: Device): [string, number][] {
  const sinces = new Map<string, Set<unknown>>();
  for (const { type, ref, since } of network.sent) {
    if (type === 'message.send') sinces.set(String(ref), (sinces.get(String(ref)) ?? new Set()).add(since));
  }
  return [...sinces].map(([ref, { size }]) => [ref, size]);
}
