import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry, PlainClient } from '../../../examples/plain-client/client.mjs';
import type { Deployed, Person } from '../../fixtures/deployed.ts';
import { anyDeployment } from '../../fixtures/running.ts';

let run: Deployed;
let ana: Person;
let ben: Person;
let cleo: Person;

beforeAll(async () => {
  run = await anyDeployment();
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'patient');
  cleo = await run.person('cleo-1', 'clinician');
});
afterAll(() => run.close());

const texts = (client: PlainClient, conversationId: string) =>
  client.entries(conversationId).map(({ body }) => body.text);
const seqs = (entries: readonly Entry[]) => entries.map(({ seq }) => seq);
const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

describe('a conversation', () => {
  test('carries what one says to the other, stored once and in order', async () => {
    const [nurse, patient] = [await run.client(ana), await run.client(ben)];
    const { conversationId } = await nurse.createConversation('direct', [ben.id]);
    const first = await nurse.send(conversationId, 'good morning');
    expect(first.seq).toBe(1);
    await expect.poll(() => texts(patient, conversationId)).toEqual(['good morning']);
    await patient.send(conversationId, 'good morning — 早上好 😀');
    await expect
      .poll(() => texts(nurse, conversationId))
      .toEqual(['good morning', 'good morning — 早上好 😀']);
    expect(patient.entries(conversationId)[0]).toMatchObject({ sender: ana.id, messageId: first.messageId });
  });

  test('between two people is one, whoever begins it, and by the same ref a group is one', async () => {
    const ref = randomUUID();
    const direct = { ref, kind: 'direct', members: [cleo.id] };
    const [once, again] = [
      await run.request(ana, 'POST', 'conversations', direct),
      await run.request(cleo, 'POST', 'conversations', { ...direct, ref: randomUUID(), members: [ana.id] }),
    ];
    expect(once.status).toBe(201);
    expect(again.body).toEqual(once.body);

    const group = { ref, kind: 'group', members: [ben.id, cleo.id], title: 'Ward 5' };
    const made = await Promise.all(upTo(4).map(() => run.request(ana, 'POST', 'conversations', group)));
    expect(new Set(made.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(made[0]?.body).toMatchObject({ title: 'Ward 5' });
    const other = await run.request(ana, 'POST', 'conversations', { ...group, title: 'Ward 6' });
    expect(other).toMatchObject({ status: 409, body: { code: 'ref-reused', retryable: false } });
  });

  test('stores a ref that is sent five times once, with five equal acknowledgements', async () => {
    const socket = await run.socket(ana);
    const conversationId = await aGroup([ben]);
    const ref = randomUUID();
    const frame = {
      type: 'message.send',
      ref,
      conversationId,
      since: 0,
      body: { kind: 'text', text: 'once' },
    };
    for (const _ of upTo(5)) socket.send(frame);
    const acknowledged = () => socket.heard.filter(({ type }) => type === 'message.accepted');
    await expect.poll(() => acknowledged().length).toBe(5);
    expect(new Set(acknowledged().map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await history(ana, conversationId)).toHaveLength(1);

    const reused = await socket.ask({ ...frame, body: { kind: 'text', text: 'twice' } });
    expect(reused).toMatchObject({ type: 'refused', ref, code: 'ref-reused' });
  });

  test('puts sixty messages that two people send at once into one dense order for everybody', async () => {
    const [nurse, patient, doctor] = [await run.client(ana), await run.client(ben), await run.client(cleo)];
    const conversationId = await aGroup([ben, cleo]);
    const sent = await Promise.all(
      upTo(60).map((place) => (place % 2 ? nurse : patient).send(conversationId, `message ${place}`)),
    );
    expect(sent.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(upTo(60));
    for (const client of [nurse, patient, doctor]) {
      await expect.poll(() => seqs(client.entries(conversationId)), { timeout: 20_000 }).toEqual(upTo(60));
    }
    expect(texts(nurse, conversationId)).toEqual(texts(doctor, conversationId));
    expect(texts(patient, conversationId)).toEqual(texts(doctor, conversationId));
  });

  test('gives a client that was away exactly what it missed, once and in order', async () => {
    const [nurse, patient] = [await run.client(ana), await run.client(ben)];
    const conversationId = await aGroup([ben]);
    const told: number[] = [];
    patient.on('entry', (of, { seq }) => {
      if (of === conversationId) told.push(seq);
    });
    await nurse.send(conversationId, 'before');
    await expect.poll(() => texts(patient, conversationId)).toEqual(['before']);

    patient.drop();
    for (const place of upTo(8)) await nurse.send(conversationId, `during ${place}`);
    await nurse.send(conversationId, 'after');
    const all = ['before', ...upTo(8).map((place) => `during ${place}`), 'after'];
    await expect.poll(() => texts(patient, conversationId), { timeout: 20_000 }).toEqual(all);
    expect(told).toEqual(upTo(10));
  });

  test('is closed to a stranger, on the socket and over HTTP, and nothing tells whether it exists', async () => {
    const conversationId = await aGroup([ben]);
    const nowhere = 'a'.repeat(26);
    const socket = await run.socket(cleo);
    const answers = [];
    for (const id of [conversationId, nowhere]) {
      const ref = randomUUID();
      const send = {
        type: 'message.send',
        ref,
        conversationId: id,
        since: 0,
        body: { kind: 'text', text: 'hi' },
      };
      const { ref: _ref, ...refusal } = await socket.ask(send);
      answers.push(
        JSON.stringify(refusal),
        JSON.stringify(await socket.ask({ type: 'conversation.catch-up', conversationId: id, since: 0 })),
      );
      const read = await run.request(cleo, 'GET', `conversations/${id}/messages`);
      expect(read).toMatchObject({ status: 403, body: { code: 'not-a-member' } });
      const member = { person: cleo.id };
      const join = await run.request(cleo, 'POST', `conversations/${id}/members`, member);
      expect(join).toMatchObject({ status: 403, body: { code: 'not-a-member' } });
    }
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({
      type: 'refused',
      code: 'not-a-member',
      retryable: false,
    });
    expect(await history(ana, conversationId)).toEqual([]);
  });

  test('shows a member who joins later what comes from then on, and one who is removed nothing more', async () => {
    const [nurse, doctor] = [await run.client(ana), await run.client(cleo)];
    const conversationId = await aGroup([ben]);
    await nurse.send(conversationId, 'before cleo');
    const added = await run.request(ana, 'POST', `conversations/${conversationId}/members`, {
      person: cleo.id,
    });
    expect(added.status).toBe(200);
    await nurse.send(conversationId, 'with cleo');
    await doctor.catchUp(conversationId);
    expect(doctor.entries(conversationId).map(({ body }) => body.text ?? body.kind)).toEqual([
      'member.added',
      'with cleo',
    ]);
    const later = await run.request(cleo, 'GET', `conversations/${conversationId}/messages`);
    expect(later.body).toMatchObject({ floor: 1, upTo: 3, more: false });

    const notOwner = await run.request(cleo, 'DELETE', `conversations/${conversationId}/members/${ben.id}`);
    expect(notOwner).toMatchObject({ status: 403, body: { code: 'not-an-owner' } });
    await run.request(ana, 'DELETE', `conversations/${conversationId}/members/${cleo.id}`);
    await nurse.send(conversationId, 'after cleo');
    await expect(doctor.send(conversationId, 'may I?')).rejects.toMatchObject({ code: 'not-a-member' });
    expect(Math.max(...seqs(doctor.entries(conversationId)))).toBe(4); // their own removal
    expect(seqs(await history(ben, conversationId))).toEqual([1, 2, 3, 4, 5]);
  });

  test('reads in pages from either end', async () => {
    const nurse = await run.client(ana);
    const conversationId = await aGroup([ben]);
    for (const place of upTo(7)) await nurse.send(conversationId, `message ${place}`);
    const page = async (query: string) => {
      const { body } = await run.request(ana, 'GET', `conversations/${conversationId}/messages?${query}`);
      const { entries, more } = body as { entries: Entry[]; more: boolean };
      return { seqs: seqs(entries), more };
    };
    expect(await page('limit=3')).toEqual({ seqs: [5, 6, 7], more: true });
    expect(await page('before=5&limit=3')).toEqual({ seqs: [2, 3, 4], more: true });
    expect(await page('before=2&limit=3')).toEqual({ seqs: [1], more: false });
    expect(await page('after=0&limit=5')).toEqual({ seqs: [1, 2, 3, 4, 5], more: true });
    expect(await page('after=5')).toEqual({ seqs: [6, 7], more: false });
  });
});

async function aGroup(members: readonly Person[]): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members: members.map(({ id }) => id) };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  return (body as { conversationId: string }).conversationId;
}

async function history(person: Person, conversationId: string): Promise<Entry[]> {
  const { body } = await run.request(person, 'GET', `conversations/${conversationId}/messages`);
  return (body as { entries: Entry[] }).entries;
}
