import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fail } from '../../local/front-door/faults.ts';
import { BareSocket } from '../fixtures/bare-socket.ts';
import { strayLines } from '../fixtures/log-lines.ts';
import { type Run, startRun } from '../fixtures/running.ts';

interface Recorded {
  readonly message: string;
  readonly requestId: string;
  readonly operation: string;
  readonly person: string;
  readonly object: string;
  readonly purpose: string;
  readonly rule: string;
  readonly outcome: string;
  readonly code?: string;
}

let run: Run;
beforeAll(async () => {
  run = await startRun();
});
afterAll(() => run.close());

/** Every decision and fault in the functions' logs. */
function recorded(): Recorded[] {
  return run.stack.logs.groups().flatMap((group) =>
    run.stack.logs.read(group).flatMap(({ message }) => {
      if (!message.startsWith('{')) return [];
      const line = JSON.parse(message) as Recorded;
      return line.message === 'decision' || line.message === 'fault' ? [line] : [];
    }),
  );
}

test('every frame, request and handshake leaves exactly one typed decision, allowed or refused, or one fault', async () => {
  const ana = await run.person('ana-1', 'clinician');
  const ben = await run.person('ben-1', 'patient');
  const asked: { routeKey: string; requestId: string }[] = [];
  run.stack.traffic.on(({ routeKey, requestId }) => asked.push({ routeKey, requestId }));

  const group = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  const { conversationId } = body as { conversationId: string };
  const socket = await run.socket(ana);
  await socket.ask({ type: 'session.open' });
  const send = {
    type: 'message.send',
    ref: randomUUID(),
    conversationId,
    since: 0,
    body: { kind: 'text', text: 'hi' },
  };
  await socket.ask(send);
  await socket.ask({ ...send, body: { kind: 'text', text: 'another' } });
  await socket.ask({ ...send, surprise: 1 });
  await socket.ask({ type: 'conversation.catch-up', conversationId, since: 0 });
  await socket.ask({ type: 'conversation.catch-up', conversationId: 'a'.repeat(26), since: 0 });
  await socket.ask({ type: 'session.renew', token: 'not.a.token' });
  await socket.ask({ type: 'nonsense' });
  await socket.ask('no JSON');
  await run.request(ana, 'GET', 'me');
  await run.request(ben, 'GET', `conversations/${conversationId}/messages?limit=0`);
  await run.request(ben, 'GET', `conversations/${conversationId}/messages`);
  await run.request(ben, 'POST', `conversations/${conversationId}/members`, { person: ben.id });
  await run.request(ana, 'DELETE', `conversations/${conversationId}/members/${ben.id}`);
  await expect(BareSocket.open(run.deployment.webSocketUrl, 'forged')).rejects.toThrow('403');
  const off = run.stack.faults.add({ service: 'dynamodb', operation: 'Query', effect: fail() });
  await socket.ask({ ...send, ref: randomUUID() });
  off();

  const decided = () => asked.filter(({ routeKey }) => routeKey !== '$disconnect');
  await expect.poll(() => decided().length).toBe(18);
  expect(strayLines(run)).toEqual([]);
  const lines = recorded();
  for (const { routeKey, requestId } of decided()) {
    const found = lines.filter((line) => line.requestId === requestId);
    expect(
      found.map(({ message }) => message),
      `${routeKey} ${requestId}`,
    ).toHaveLength(1);
  }
  expect(lines.filter(({ message }) => message === 'fault')).toHaveLength(1);
  const decisions = lines.filter(({ message }) => message === 'decision');
  for (const { operation, object, purpose, rule, outcome, code, person } of decisions) {
    const isRefused = outcome === 'refused';
    expect([operation, object, purpose, rule, person].every((part) => part.length > 0)).toBe(true);
    expect(code !== undefined).toBe(isRefused);
  }
  expect(
    decisions
      .filter(({ outcome }) => outcome === 'refused')
      .map(({ operation, code }) => `${operation} ${code}`),
  ).toEqual(
    expect.arrayContaining([
      'message.send ref-reused',
      'message.send malformed',
      'conversation.catch-up not-a-member',
      'conversation.read malformed',
      'session.renew token-invalid',
      'frame.unknown unknown-type',
      'frame.unknown malformed',
      'member.add not-an-owner',
      'session.connect token-invalid',
    ]),
  );
});

test('a stated purpose stands in the record, of a read as of a message, and is refused where the policy does not name it', async () => {
  const ana = await run.person('ana-2', 'clinician');
  const group = { ref: randomUUID(), kind: 'group', members: [(await run.person('ben-2', 'patient')).id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  const { conversationId } = body as { conversationId: string };
  const socket = await run.socket(ana);
  const message = { ref: randomUUID(), conversationId, since: 0, body: { kind: 'text', text: 'hi' } };
  const send = (purpose?: string) => socket.ask({ type: 'message.send', ...message, purpose });
  const read = (purpose: string) =>
    run.request(ana, 'GET', `conversations/${conversationId}/messages`, undefined, {
      'wardline-purpose': purpose,
    });

  expect(await send('emergency')).toMatchObject({ type: 'refused', code: 'purpose-not-allowed' });
  expect(await send('curiosity')).toMatchObject({ type: 'refused', code: 'malformed' });
  expect(await send('operations')).toMatchObject({ type: 'message.accepted', seq: 1 });
  expect(await read('emergency')).toMatchObject({ status: 403, body: { code: 'purpose-not-allowed' } });
  expect(await read('operations, treatment')).toMatchObject({ status: 400, body: { code: 'malformed' } });
  expect(await read('operations')).toMatchObject({ status: 200 });
  await socket.ask({ type: 'conversation.catch-up', conversationId, since: 0 });

  const mine = recorded().filter(({ person, object }) => person === ana.id && object === conversationId);
  expect(mine.map(({ operation, purpose, outcome }) => [operation, purpose, outcome])).toEqual(
    expect.arrayContaining([
      ['message.send', 'emergency', 'refused'],
      ['message.send', 'operations', 'allowed'],
      ['conversation.read', 'operations', 'allowed'],
      ['conversation.catch-up', 'treatment', 'allowed'],
    ]),
  );
});
