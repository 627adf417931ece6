import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditRecord } from '../../../functions/audit/record.ts';
import type { TrafficRecord } from '../../../local/api-gateway/traffic.ts';
import { fail } from '../../../local/front-door/faults.ts';
import { BareSocket } from '../../fixtures/bare-socket.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { askEveryFrame, askEveryRoute } from '../../fixtures/every-door.ts';
import { recordsOf, requestsInLogs } from '../../fixtures/observed/records.ts';
import { tableOf } from '../../fixtures/observed/stored.ts';
import { report } from '../../fixtures/results.ts';
import { type Run, startRun } from '../../fixtures/running.ts';
import { PATIENCE, sending } from './clinic.ts';

/** What the record of one act may cost beside the act. */
const budget = { read: { calls: 1, writeUnits: 1 }, message: { calls: 0, writeUnits: 0 } };

/** Of DynamoDB on demand, per write unit in us-east-1 (aws.amazon.com/dynamodb/pricing/on-demand, since 2024-11). */
const DOLLARS_PER_WRITE_UNIT = 0.625 / 1_000_000;

let run: Run;
let ana: Person;
let ben: Person;
let conversationId: string;
const asked: TrafficRecord[] = [];

beforeAll(async () => {
  run = await startRun();
  run.stack.traffic.on((record) => asked.push(record));
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'patient');
  const proposal = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  conversationId = (body as { conversationId: string }).conversationId;
});
afterAll(() => run.close());

test(
  'P9: whatever reaches our code leaves exactly one record, allowed or refused, by the gateway’s own list of what it handed on',
  async () => {
    const cara = await run.person('cara-1', 'clinician');
    const offices = await Promise.all(
      (['administrator', 'privacy-officer', 'auditor'] as const).map((role) => run.person(`${role}-1`, role)),
    );
    for (const person of [ana, ben, cara, ...offices]) {
      const places = { conversationId, person: cara.id, peer: ben.id, token: person.tokens.accessToken };
      const socket = await run.socket(person);
      await askEveryFrame(socket, places);
      await askEveryRoute(run, person, places);
      const twice = sending(conversationId, 'said twice');
      await socket.ask(twice);
      await socket.ask(twice); // a repeat stores nothing, and is an act all the same
      socket.close();
    }
    await expect(BareSocket.open(run.deployment.webSocketUrl, 'forged')).rejects.toThrow('403');
    await expect.poll(() => asked.filter(({ routeKey }) => routeKey === '$disconnect').length).toBe(6);

    const handedOn = asked.filter(({ functionArn, status }) => functionArn !== undefined || status === 403);
    const records = await recordsOf(run);
    const written = [...records.map(({ requestId }) => requestId), ...(await requestsInLogs(run))];
    const times = new Map<string, number>();
    for (const requestId of written) times.set(requestId, (times.get(requestId) ?? 0) + 1);
    const wrong = handedOn
      .filter(({ requestId }) => times.get(requestId) !== 1)
      .map(({ routeKey, requestId, status }) => ({ routeKey, status, records: times.get(requestId) ?? 0 }));
    expect(wrong).toEqual([]);
    const known = new Set(asked.map(({ requestId }) => requestId));
    expect(written.filter((requestId) => !known.has(requestId))).toEqual([]);

    const puts = run.stack.trail.events().filter(({ eventName, errorCode, requestParameters }) => {
      const { tableName } = (requestParameters ?? {}) as { readonly tableName?: string };
      return eventName === 'PutItem' && errorCode === undefined && tableName === auditTable();
    });
    expect(puts.length).toBe(records.length);
    for (const record of records) {
      const { pk, sk, expiresAt, ...fields } = record as unknown as Record<string, unknown>;
      expect(AuditRecord.safeParse(fields).error).toBeUndefined();
      expect([pk, sk]).toEqual([`P#${record.person}`, `${record.at}#${record.id}`]);
    }
    report('p9-completeness', {
      handedOn: handedOn.length,
      refusedByTheGatewayAlone: asked.length - handedOn.length,
      decisions: records.length,
      allowed: records.filter(({ outcome }) => outcome === 'allowed').length,
      refused: records.filter(({ outcome }) => outcome === 'refused').length,
      inLogs: written.length - records.length,
      operations: new Set(records.map(({ operation }) => operation)).size,
      withoutOrTwice: { found: wrong.length, of: handedOn.length },
    });
  },
  PATIENCE,
);

test('P9: what API Gateway refuses by itself is recorded once, a little later, from its access log', async () => {
  const before = new Set((await recordsOf(run)).map(({ id }) => id));
  const base = run.deployment.httpApiUrl;
  const bare = await fetch(new URL('me', base));
  const forged = await fetch(new URL('me', base), { headers: { authorization: 'Bearer not.a.token' } });
  expect([bare.status, forged.status]).toEqual([401, 401]);
  await expect(BareSocket.open(run.deployment.webSocketUrl, '', { protocols: [] })).rejects.toThrow('401');
  const refused = async () => (await recordsOf(run)).filter(({ id }) => !before.has(id));
  await expect.poll(async () => (await refused()).length).toBe(3);
  const known = new Set(asked.map(({ requestId }) => requestId));
  for (const record of await refused()) {
    expect(record).toMatchObject({
      person: '-',
      operation: 'gateway.refuse',
      rule: 'gateway',
      outcome: 'refused',
      code: 'unauthorized',
    });
    expect(known.has(record.requestId)).toBe(true);
  }
});

test('P9: without a record there is no answer, and nothing is given away', async () => {
  const socket = await run.socket(ana);
  await socket.ask({ type: 'session.open' });
  const off = run.stack.faults.add({
    service: 'dynamodb',
    operation: 'PutItem',
    call: ({ input }) => input.TableName === auditTable(),
    effect: fail(),
  });
  const page = await run.request(ana, 'GET', `conversations/${conversationId}/messages`);
  const caughtUp = await socket.ask({ type: 'conversation.catch-up', conversationId, since: 0 });
  off();
  expect([page.status, JSON.stringify(page.body)]).toEqual([500, expect.not.stringContaining('entries')]);
  expect(caughtUp).not.toHaveProperty('entries');
  const again = await run.request(ana, 'GET', `conversations/${conversationId}/messages`);
  expect(again.body).toHaveProperty('entries');
  socket.close();
});

test('P9: a record costs a read one call and one write unit, and a message nothing', async () => {
  const socket = await run.socket(ana);
  await socket.ask({ type: 'session.open' });
  const read = await costOfRecords(() =>
    socket.ask({ type: 'conversation.catch-up', conversationId, since: 0 }),
  );
  const message = await costOfRecords(() => socket.ask(sending(conversationId, 'x'.repeat(300))));
  expect({ read, message }).toEqual(budget);
  report('p9-cost', {
    read: { ...read, dollarsPerMillion: read.writeUnits * DOLLARS_PER_WRITE_UNIT * 1_000_000 },
    message: { ...message, dollarsPerMillion: 0 },
  });
  socket.close();
});

function auditTable(): string {
  return tableOf(run.stack.resources, 'AuditTrail');
}

/** What the calls on the Audit table cost that one frame led to. */
async function costOfRecords(ask: () => Promise<unknown>) {
  const before = asked.length;
  await ask();
  await expect.poll(() => asked.length).toBeGreaterThan(before);
  const trace = (asked.at(-1)?.traceId ?? '').replace('Root=', '');
  const calls = run.stack.meter
    .byTrace(trace)
    .filter(
      ({ operation, allowedBy }) =>
        operation === 'PutItem' && JSON.stringify(allowedBy).includes('RecordDecisions'),
    );
  return { calls: calls.length, writeUnits: calls.reduce((sum, { units }) => sum + units.write, 0) };
}
