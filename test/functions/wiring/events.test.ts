import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Decision } from '../../../functions/domain/decision.ts';
import { Fault } from '../../../functions/domain/fault.ts';
import { type EventName, events } from '../../../functions/wiring/events.ts';
import * as reports from '../../../functions/wiring/report.ts';
import { isKnown } from '../../fixtures/log-lines.ts';
import { markdown } from '../../fixtures/results.ts';
import { person } from '../domain/in-memory.ts';

/** The logger then writes through the console that stands here, and not one of its own. */
vi.hoisted(() => {
  process.env.POWERTOOLS_DEV = 'true';
  process.env.POWERTOOLS_METRICS_DISABLED = 'false'; // as that would
});

const NAME = 'Marta Huebner';
const id = person('ana');
const asker = { person: id, session: '-', sourceIp: '192.0.2.1', requestId: 'AbC-d_e=' };
const decision: Decision = {
  operation: 'message.send',
  object: id,
  purpose: 'treatment',
  rule: 'member-of-conversation',
  outcome: 'refused',
  code: 'not-a-member',
};

let lines: string[] = [];
const kept = (line: unknown) => void lines.push(String(line));
beforeEach(() => {
  lines = [];
  for (const method of ['info', 'warn', 'error', 'log'] as const)
    vi.spyOn(console, method).mockImplementation(kept);
});
afterEach(() => vi.restoreAllMocks());

/** An error whose message looks as much like a stack as it can. */
function looksLikeFrames(): Error {
  const error = new Error(
    `said\n    at ${NAME} (file:///index.mjs:1:1)\n    at ${NAME.split(' ')[0]} (node:internal:1:1)`,
  );
  expect(error.stack).toContain(error.message); // V8 writes the stack when it is first asked for
  return error;
}

/** Errors with the name wherever a library might put it. */
const quoting: Readonly<Record<string, () => unknown>> = {
  'its message': () => new Error(NAME),
  'frames of its message': looksLikeFrames,
  'frames of a message that was changed afterwards': () => Object.assign(looksLikeFrames(), { message: '' }),
  'its name': () => Object.assign(new Error('x'), { name: NAME }),
  'its stack': () => Object.assign(new Error('x'), { stack: `Error: x\n    at ${NAME} (${NAME}:1:1)` }),
  'its cause': () => new Error('x', { cause: new Error(NAME) }),
  'what it gathers': () => new AggregateError([new Error(NAME)], NAME),
  'a property': () => Object.assign(new Error('x'), { item: { title: NAME } }),
  'the request id of AWS': () =>
    Object.assign(new Error('x'), { $metadata: { requestId: NAME, httpStatusCode: 400 } }),
  'a sentence of JSON.parse': () => {
    try {
      return JSON.parse(NAME);
    } catch (error) {
      return error;
    }
  },
  'no error at all': () => NAME,
};

describe('a fault is told', () => {
  test.each(Object.entries(quoting))('without what stands in %s', (_where, thrown) => {
    const left = reports.reportFault('sync', 'AbC=', thrown());
    reports.reportLostPush(thrown());
    reports.reportLostStep(thrown());
    reports.reportFaultIn('sync', id, thrown());
    expect(lines).toHaveLength(4);
    expect(`${lines.join()} ${left.stack}`).not.toMatch(/Marta|Huebner/);
  });

  test('by its name, where it happened, and the sentence of a fault of ours', () => {
    const broken = new Fault(`the conversation ${id} has no head`);
    reports.reportFault('sync', 'AbC=', broken);
    const told = JSON.parse(lines[0] ?? '');
    expect(told).toMatchObject({ message: 'fault', fault: 'Fault', what: broken.message, operation: 'sync' });
    expect(told.frames[0]).toMatch(/^at .*events\.test\.ts:\d+:\d+\)?$/);
    expect(told.frames.length).toBeGreaterThan(2);
  });
});

test('a value of another shape than its field has is not told, the rest is, and a field of no name is left out', () => {
  reports.reportDecision(
    { ...asker, sourceIp: NAME, surname: NAME } as never,
    { ...decision, object: NAME, note: NAME } as never,
    'SendMessage',
  );
  expect(lines.join()).not.toContain(NAME);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    person: id,
    object: 'unfit',
    sourceIp: 'unfit',
    rule: decision.rule,
  });
});

test('a line of the log is known by its event, its level, its fields and their shapes', () => {
  reports.reportDecision(asker, decision, 'SendMessage');
  const [line = '', metric = ''] = lines;
  const traced = { ...JSON.parse(line), xray_trace_id: `1-${'a'.repeat(8)}-${'b'.repeat(24)}` };
  expect([isKnown(JSON.stringify(traced)), isKnown(metric)]).toEqual([true, true]);
  for (const change of [
    { text: NAME },
    { object: NAME },
    { message: 'said' },
    { level: 'WARN' },
    { object: 'unfit' },
  ])
    expect(isKnown(JSON.stringify({ ...traced, ...change })), JSON.stringify(change)).toBe(false);
  for (const text of [
    NAME,
    `END RequestId: ${NAME}`,
    `{"said":"${NAME}"}`,
    JSON.stringify({ ...JSON.parse(metric), said: NAME }),
  ])
    expect(isKnown(text), text).toBe(false);
});

test('docs/log-events.md says what every event means and which fields it has', async () => {
  const rows = Object.entries(events).map(([name, { level, means, fields }]) => [
    `\`${name}\``,
    level,
    means,
    Object.keys(fields).join(', '),
  ]);
  await expect(`${HEADING}\n${markdown(['Event', 'Level', 'Means', 'Fields'], rows)}`).toMatchFileSnapshot(
    '../../../docs/log-events.md',
  );
  expect(Object.keys(events) satisfies string[] as EventName[]).toContain('decision');
});

const HEADING = `# What the functions log

Every event that a function may log, from \`functions/wiring/events.ts\`, where each field has a shape that leaves no room for what a person wrote: ids, codes, counts, places in the code. A
value of another shape is logged as \`unfit\`, and a field that is not named here is not logged. A test holds this page to the catalogue, and the log of a running stack to both; beside these events stand
only what Lambda writes around an invocation, and a line of CloudWatch's embedded metric format for each decision.
`;
