import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type * as z from 'zod';
import { Inbox } from '../../../protocol/requests.ts';
import type { BareSocket } from '../../fixtures/bare-socket.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { type Anywhere, anyDeployment } from '../../fixtures/running.ts';
import { type SyncedFrame, syncAll } from '../../fixtures/sync-all.ts';

vi.setConfig({ testTimeout: 120_000 });

let run: Anywhere;
let ana: Person;
let ben: Person;
let phone: BareSocket;
let tablet: BareSocket;
let bens: BareSocket;

beforeAll(async () => {
  run = await anyDeployment();
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'patient');
  [phone, tablet, bens] = [await run.socket(ana), await run.socket(ana), await run.socket(ben)];
  for (const socket of [phone, tablet, bens]) await socket.ask({ type: 'session.open' });
});
afterAll(() => run.close());

async function group(owner: Person, members: readonly Person[], title?: string): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members: members.map(({ id }) => id), title };
  const { status, body } = await run.request(owner, 'POST', 'conversations', proposal);
  expect(status).toBe(201);
  return (body as { conversationId: string }).conversationId;
}

async function say(socket: BareSocket, conversationId: string, text: string): Promise<number> {
  const ref = randomUUID();
  const frame = { type: 'message.send', ref, conversationId, since: 0, body: { kind: 'text', text } };
  const answer = await socket.ask(frame, (heard) => heard.ref === ref);
  expect(answer).toMatchObject({ type: 'message.accepted' });
  return Number(answer.seq);
}

async function inboxOf(person: Person, query = ''): Promise<z.infer<typeof Inbox>> {
  const { status, body } = await run.request(person, 'GET', `conversations${query}`);
  expect(status).toBe(200);
  return Inbox.parse(body);
}

const idsIn = ({ conversations }: z.infer<typeof Inbox>) =>
  conversations.map(({ conversationId }) => conversationId);

test('an inbox is in the order of last activity, and its pages give each conversation once', async () => {
  const made: string[] = [];
  for (let nth = 0; nth < 7; nth += 1) made.push(await group(ben, [ana], `Ward ${nth}`));
  for (const nth of [3, 0, 5]) await say(bens, made[nth] ?? '', `from ward ${nth}`);
  await expect.poll(async () => idsIn(await inboxOf(ana)).slice(0, 3)).toEqual([made[5], made[0], made[3]]);
  const whole = await inboxOf(ana);
  expect(whole.next).toBeUndefined();
  expect(new Set(idsIn(whole))).toEqual(new Set(made));
  expect(whole.conversations[0]).toMatchObject({
    kind: 'group',
    title: 'Ward 5',
    last: 1,
    readUpTo: 0,
    unread: 1,
    latest: { seq: 1, sender: ben.id, body: { kind: 'text', text: 'from ward 5' } },
  });
  const times = whole.conversations.map(({ lastAt }) => lastAt);
  expect(times).toEqual(times.toSorted().reverse());

  const pages = [await inboxOf(ana, '?limit=3')];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) {
    pages.push(await inboxOf(ana, `?limit=3&after=${next}`));
  }
  expect(pages.map(({ conversations }) => conversations.length)).toEqual([3, 3, 1]);
  expect(pages.flatMap(idsIn)).toEqual(idsIn(whole));
});

test('unread is exact after marks from either device, and each hears of the other’s', async () => {
  const conversationId = await group(ben, [ana]);
  const unread = async () => {
    const found = (await inboxOf(ana)).conversations.find((one) => one.conversationId === conversationId);
    return [found?.unread, found?.readUpTo];
  };
  for (const text of ['one', 'two', 'three', 'four']) await say(bens, conversationId, text);
  await say(phone, conversationId, 'my own');
  expect(await unread()).toEqual([4, 0]);

  const mark = (socket: BareSocket, upTo: number) =>
    socket.ask(
      { type: 'conversation.mark-read', conversationId, upTo },
      ({ type }) => type !== 'message.new',
    );
  const marked = (upTo: number) => ({ type: 'conversation.marked-read', conversationId, upTo });
  expect(await mark(phone, 2)).toEqual(marked(2));
  await expect.poll(() => tablet.heard).toContainEqual(marked(2));
  expect(await unread()).toEqual([2, 2]);

  expect(await mark(tablet, 3)).toEqual(marked(3));
  expect(await mark(phone, 1)).toEqual(marked(3)); // never back
  await expect.poll(() => phone.heard).toContainEqual(marked(3));
  expect(await mark(phone, 999)).toEqual(marked(5)); // never past the end
  expect(await unread()).toEqual([0, 5]);
  expect(bens.heard.filter(({ type }) => type === 'conversation.marked-read')).toEqual([]);

  // another role leaves what was read as it is
  const members = `conversations/${conversationId}/members`;
  await run.request(ben, 'POST', members, { person: ana.id, role: 'owner' });
  expect(await unread()).toEqual([0, 5]);
});

test('a stranger sees nothing of it: no inbox entry, no mark, and nobody is listed by asking', async () => {
  const cleo = await run.person('cleo-1', 'patient');
  const conversationId = await group(ben, [ana]);
  await say(bens, conversationId, 'not for cleo');
  expect(await inboxOf(cleo)).toEqual({ conversations: [] });
  const socket = await run.socket(cleo);
  const answer = await socket.ask({ type: 'conversation.mark-read', conversationId, upTo: 1 });
  expect(answer).toMatchObject({ type: 'refused', code: 'not-a-member' });
  expect(await inboxOf(cleo)).toEqual({ conversations: [] });

  // who was a member sees it no more
  expect(idsIn(await inboxOf(ana))).toContain(conversationId);
  await run.request(ben, 'DELETE', `conversations/${conversationId}/members/${ana.id}`);
  expect(idsIn(await inboxOf(ana))).not.toContain(conversationId);
});

test('removed while away is gone, added while away is unknown, and the rest of the answer says nothing of others’', async () => {
  const dora = await run.person('dora-1', 'patient');
  const [left, kept, joined, others] = [
    await group(ben, [ana]),
    await group(ben, [ana]),
    await group(ben, [dora]),
    await group(ben, [dora]),
  ];
  await say(bens, left, 'before');
  await say(bens, kept, 'before');
  await run.request(ben, 'DELETE', `conversations/${left}/members/${ana.id}`);
  await say(bens, left, 'not for ana');
  await say(bens, joined, 'not for ana either');
  await run.request(ben, 'POST', `conversations/${joined}/members`, { person: ana.id });
  await say(bens, others, 'nor this');
  let frames: SyncedFrame[] = [];
  const shown = async () => {
    frames = await syncAll(phone, { [left]: 1, [kept]: 0, [others]: 0 });
    return frames.flatMap(({ conversations }) => conversations).map(({ conversationId }) => conversationId);
  };
  await expect.poll(shown).toEqual([kept]); // by the dispatcher behind the stream

  const named = (of: (frame: SyncedFrame) => readonly string[]) => frames.flatMap(of);
  expect(new Set(named(({ gone }) => gone))).toEqual(new Set([left, others])); // a stranger is told the same
  const unknown = frames.flatMap((frame) => frame.unknown);
  expect(unknown).toContainEqual({ conversationId: joined, last: 2 });
  expect(unknown.map(({ conversationId }) => conversationId)).not.toContain(kept);
  expect(frames.flatMap(({ conversations }) => conversations)).toEqual([
    expect.objectContaining({ conversationId: kept, upTo: 1 }),
  ]);
  expect(JSON.stringify(frames)).not.toMatch(/not for ana|nor this/);

  const log = await phone.ask(
    { type: 'conversation.catch-up', conversationId: joined, since: 0 },
    ({ type }) => type === 'conversation.log',
  );
  expect(log).toMatchObject({ floor: 1, upTo: 2, entries: [{ body: { kind: 'member.added' } }] });
});

test('a revoked session is refused the inbox, although its token is still valid', async () => {
  const admin = await run.person('admin-1', 'administrator');
  expect((await inboxOf(ana)).conversations.length).toBeGreaterThan(0);
  expect(await run.request(admin, 'POST', 'admin/revocations', { person: ana.id })).toMatchObject({
    status: 200,
  });
  expect(await run.request(ana, 'GET', 'conversations')).toMatchObject({
    status: 401,
    body: { code: 'session-ended' },
  });
});
