import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Amendment } from '../../protocol/amendments.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { type Run, startRun } from '../fixtures/running.ts';

const DAY = 24 * 60 * 60_000;

let run: Run;
let ana: Person;
let ben: Person;
let cleo: Person;
let officer: Person;
let socket: BareSocket;
let conversationId: string;
beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-amend', 'clinician');
  ben = await run.person('ben-amend', 'patient');
  cleo = await run.person('cleo-amend', 'patient');
  officer = await run.person('officer-amend', 'privacy-officer');
  socket = await run.socket(ana);
  await socket.ask({ type: 'session.open' });
  const proposal = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  conversationId = (body as { conversationId: string }).conversationId;
  for (const text of ['left knee', 'seen on Monday']) {
    const frame = { type: 'message.send', ref: randomUUID(), conversationId, since: 0 };
    await socket.ask({ ...frame, body: { kind: 'text', text } }, ({ type }) => type === 'message.accepted');
  }
});
afterAll(() => run.close());

const ask = (person: Person, seq: number, { ref = randomUUID(), text = 'it was the right knee' } = {}) =>
  run.request(person, 'POST', 'me/amendments', { ref, conversationId, seq, text });
const decide = (person: Person, id: string, decision: string) =>
  run.request(person, 'POST', `admin/amendments/${id}/decision`, { decision, note: 'checked' });
const read = (person: Person, id: string) =>
  run.request(person, 'GET', `conversations/${conversationId}/amendments/${id}`);
const refusedAs = (code: string) => ({ body: { code } });

test('a patient asks for an amendment of what they may read; accepted, it stands beside the message for whoever reads that', async () => {
  const ref = randomUUID();
  const asked = await ask(ben, 1, { ref });
  expect(asked).toMatchObject({
    status: 201,
    body: { state: 'open', seq: 1, text: 'it was the right knee' },
  });
  const { amendmentId, at, dueBy } = asked.body as Amendment;
  expect(Date.parse(dueBy) - Date.parse(at)).toBe(60 * DAY);
  expect((await ask(ben, 1, { ref })).body).toEqual(asked.body);
  expect(await ask(ben, 1, { ref, text: 'another' })).toMatchObject(refusedAs('ref-reused'));
  expect(await ask(cleo, 1)).toMatchObject(refusedAs('not-a-member'));
  expect(await ask(ana, 1)).toMatchObject(refusedAs('not-allowed')); // who wrote it says so in a message
  expect(await ask(ben, 9)).toMatchObject({ status: 409 }); // above the log
  expect(await read(ana, amendmentId)).toMatchObject(refusedAs('unknown-amendment')); // not yet

  expect(await decide(ana, amendmentId, 'accepted')).toMatchObject(refusedAs('not-allowed'));
  const later = (await decide(officer, amendmentId, 'extended')).body as Amendment;
  expect(Date.parse(later.dueBy) - Date.parse(at)).toBe(90 * DAY);
  expect(await decide(officer, amendmentId, 'extended')).toMatchObject(refusedAs('already-decided'));
  const { body: list } = await run.request(officer, 'GET', 'admin/amendments');
  expect(list).toMatchObject({ amendments: [{ amendmentId, state: 'open' }] });
  expect(await decide(officer, amendmentId, 'accepted')).toMatchObject({ status: 200 });
  expect(await decide(officer, amendmentId, 'denied')).toMatchObject(refusedAs('already-decided'));

  const told = { kind: 'amendment.accepted', person: ben.id, of: 1, amendmentId };
  await expect.poll(() => socket.heard).toContainEqual(expect.objectContaining({ body: told }));
  const { body: page } = await run.request(ben, 'GET', `conversations/${conversationId}/messages`);
  expect((page as { entries: { body: object }[] }).entries.at(-1)?.body).toEqual(told);
  expect(await read(ana, amendmentId)).toMatchObject({
    body: { text: 'it was the right knee', state: 'accepted' },
  });
  expect(await read(cleo, amendmentId)).toMatchObject(refusedAs('not-a-member'));
});

test('denied, it is told to who asked and to nobody else of the conversation, and the log has nothing of it', async () => {
  const { amendmentId } = (await ask(ben, 2)).body as Amendment;
  expect(await decide(officer, amendmentId, 'denied')).toMatchObject({ status: 200 });
  expect(await read(ben, amendmentId)).toMatchObject({
    body: { state: 'denied', decided: { by: officer.id, note: 'checked' } },
  });
  expect(await read(ana, amendmentId)).toMatchObject(refusedAs('unknown-amendment'));
  const { body } = await run.request(ana, 'GET', `conversations/${conversationId}/messages`);
  expect(JSON.stringify(body)).not.toContain(amendmentId);
  expect(await ask(ben, 3)).toMatchObject(refusedAs('unknown-message')); // a change is no message
});
