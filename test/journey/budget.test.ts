import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrafficRecord } from '../../local/api-gateway/traffic.ts';
import type { InvocationRecord } from '../../local/lambda/service.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';

/** What one warm text of at most 300 bytes between two people may cost (design, "How a message travels"). */
const budget = {
  writeUnits: 1,
  readUnits: 4,
  /** More where the environment meets the conversation for the first time: its data key. */
  readUnitsAtFirst: 2,
  kmsCalls: 0,
  invocations: 1,
  /** The frame, its acknowledgement, and one for the other person. */
  billedFrames: 3,
  /** Session, head, page, the other person's sockets; the Put; one push. */
  calls: 6,
};

let run: Run;
let ana: Person;
let nurse: BareSocket;
let patient: BareSocket;
let since = 0;
let conversationId = '';

beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-1', 'clinician');
  const ben = await run.person('ben-1', 'patient');
  [nurse, patient] = [await run.socket(ana), await run.socket(ben)];
  await nurse.ask({ type: 'session.open' });
  await patient.ask({ type: 'session.open' });
  const proposal = { ref: randomUUID(), kind: 'direct', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  conversationId = (body as { conversationId: string }).conversationId;
});
afterAll(() => run.close());

/** Sends one text and gives everything that it cost, by the front door's and the gateway's own counters. */
async function costOf(text: string) {
  const { stack } = run;
  const api = stack.webSocketApis[0];
  if (!api) throw new Error('there is no WebSocket API');
  const invocations: InvocationRecord[] = [];
  const frames: TrafficRecord[] = [];
  const off = [
    stack.functions.on('invocation', (record) => invocations.push(record)),
    stack.traffic.on((record) => frames.push(record)),
  ];
  const before = api.counters().billedFrames;
  const heard = patient.heard.length;
  const body = { kind: 'text', text };
  const answer = await nurse.ask(
    { type: 'message.send', ref: randomUUID(), conversationId, since, body },
    ({ type }) => type === 'message.accepted',
  );
  since = Number(answer.seq);
  await expect.poll(() => patient.heard.length).toBe(heard + 1);
  await expect.poll(() => frames.length).toBe(1);
  for (const stop of off) stop();
  const trace = (frames[0]?.traceId ?? '').replace('Root=', '');
  const calls = stack.meter.byTrace(trace);
  const invoked = invocations.filter(({ traceId }) => traceId.includes(trace)); // the stream's dispatcher has its own
  const units = (kind: 'read' | 'write') => calls.reduce((sum, call) => sum + call.units[kind], 0);
  return {
    calls: calls.length,
    readUnits: units('read'),
    writeUnits: units('write'),
    kmsCalls: calls.filter(({ service }) => service === 'kms').length,
    invocations: invoked.length,
    billedFrames: api.counters().billedFrames - before,
    cold: invoked[0]?.coldStart,
  };
}

test('a warm text between two people costs one write unit, four read units, no KMS call and three frames', async () => {
  const first = await costOf('the first');
  expect(first.kmsCalls).toBeLessThanOrEqual(1);
  const texts = [
    'short',
    'x'.repeat(300),
    'y'.repeat(300),
    ...Array.from({ length: 8 }, () => 'z'.repeat(300)),
  ];
  const costs = [];
  for (const text of texts) costs.push(await costOf(text)); // the page fills up with long texts on the way
  for (const { cold, ...cost } of costs) {
    expect(cold).toBe(false);
    expect(cost).toMatchObject({
      calls: budget.calls,
      writeUnits: budget.writeUnits,
      kmsCalls: budget.kmsCalls,
      invocations: budget.invocations,
      billedFrames: budget.billedFrames,
    });
    expect(cost.readUnits).toBeLessThanOrEqual(budget.readUnits);
  }
  const behind = () =>
    run.stack.meter.totals(
      ({ principal = '', operation }) => /RaiseHeads/.test(principal) && operation === 'UpdateItem',
    );
  await expect.poll(() => behind().calls).toBeGreaterThan(0);
  expect(behind().writeUnits).toBeLessThanOrEqual(costs.length + 1); // one coalesced head write behind each, at most
  const worst = costs.reduce((most, { readUnits }) => Math.max(most, readUnits), 0);
  report('budget', { ...costs.at(-1), worstReadUnits: worst, messages: costs.length });
});

test('an environment that has not met the conversation pays for its keys once', async () => {
  const sending = run.stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::Lambda::Function' && logicalId.startsWith('SendMessage'),
  );
  await run.stack.functions.crash(sending?.ref ?? '');
  const first = await costOf('after a cold start');
  expect(first).toMatchObject({ cold: true, kmsCalls: 1, writeUnits: 1 });
  expect(first.readUnits).toBeLessThanOrEqual(budget.readUnits + budget.readUnitsAtFirst);
  expect(await costOf('warm again')).toMatchObject({ cold: false, kmsCalls: 0 });
});
