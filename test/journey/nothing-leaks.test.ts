import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { delay, refuse } from '../../local/front-door/faults.ts';
import { AwsError } from '../../local/front-door/service.ts';
import type { Person } from '../fixtures/deployed.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { found, sinksOf } from '../fixtures/sinks.ts';

let run: Run;
const planted: string[] = [];

/** Something that a person might write, and that nothing else would. */
function plant(what: string): string {
  const text = `${what} Hübner-${randomBytes(9).toString('hex')}`;
  planted.push(text);
  return text;
}

const userName = (role: string) => {
  const name = `${role}-${randomBytes(9).toString('hex')}`;
  planted.push(name);
  return name;
};

beforeAll(async () => {
  run = await startRun();
});
afterAll(() => run.close());

test('texts, titles and names of people stand in no table, queue, log, record or metric, whatever went wrong', async () => {
  const ana = await run.person(userName('ana'), 'clinician');
  const ben = await run.person(userName('ben'), 'patient');
  const stranger = await run.person(userName('cleo'), 'clinician');
  const conversationId = await written(ana, ben);
  await refused(ana, stranger, conversationId);
  await broken(ana, conversationId);

  const sinks = sinksOf(run);
  const findings: Record<string, number> = {};
  let parts = 0;
  for (const sink of sinks) {
    parts += (await sink.read()).length;
    findings[sink.name] = await found(sink, planted);
  }
  report('nothing-leaks', {
    planted: planted.length,
    placesSearched: sinks.length,
    partsSearched: parts,
    found: Object.values(findings).reduce((sum, count) => sum + count, 0),
    queuesInTheTemplate: run.stack.resources.filter(({ type }) => type === 'AWS::SQS::Queue').length,
  });
  expect(parts).toBeGreaterThan(100);
  expect(Object.entries(findings).filter(([, count]) => count > 0)).toEqual([]);
});

test('a leak into any one of these places is found', async () => {
  for (const sink of sinksOf(run)) {
    const leak = plant(`leak into ${sink.name.slice(0, 12)}`);
    expect(await found(sink, [leak])).toBe(0);
    await sink.plant(leak);
    expect(await found(sink, [leak]), sink.name).toBeGreaterThan(0);
  }
});

/** What goes well: a conversation with a title, messages both ways, a late reader, a changed membership. */
async function written(ana: Person, ben: Person): Promise<string> {
  const [nurse, patient] = [await run.client(ana), await run.client(ben)];
  const { conversationId } = await nurse.createConversation('group', [ben.id], plant('title'));
  for (let count = 0; count < 5; count += 1) {
    await nurse.send(conversationId, plant('from the nurse'));
    await patient.send(conversationId, plant('from the patient'));
  }
  await patient.catchUp(conversationId);
  await run.request(ben, 'GET', `conversations/${conversationId}/messages`);
  await run.request(ana, 'GET', 'me');
  await nurse.renew();
  return conversationId;
}

/** What is refused: by rule, by shape, by type, at the gateway. */
async function refused(ana: Person, stranger: Person, conversationId: string): Promise<void> {
  const socket = await run.socket(ana);
  const send = (text: string, ref: string = randomUUID()) =>
    socket.ask({ type: 'message.send', ref, conversationId, since: 0, body: { kind: 'text', text } });
  const ref = randomUUID();
  await send(plant('first'), ref);
  expect(await send(plant('reused'), ref)).toMatchObject({ code: 'ref-reused' });
  expect(await send(`${plant('control')}\u0007`)).toMatchObject({ code: 'malformed' });
  const frames = [
    { type: 'message.send', text: plant('unknown key') },
    { type: plant('unknown type') },
    { type: 'conversation.catch-up', conversationId: plant('no id'), since: 0 },
    { type: 'session.renew', token: plant('no token') },
    { [plant('a key')]: 1 },
  ];
  for (const frame of frames) expect(await socket.ask(frame)).toMatchObject({ type: 'refused' });
  socket.send(plant('no JSON'));
  await expect.poll(() => socket.heard.filter(({ code }) => code === 'malformed').length).toBeGreaterThan(3);

  const other = await run.socket(stranger);
  const text = plant('from a stranger');
  await other.ask({
    type: 'message.send',
    ref: randomUUID(),
    conversationId,
    since: 0,
    body: { kind: 'text', text },
  });
  await run.request(stranger, 'POST', 'conversations', {
    ref: randomUUID(),
    kind: 'direct',
    members: [plant('nobody')],
  });
  await run.request(stranger, 'POST', 'conversations', plant('no JSON either'));
  await run.request(stranger, 'GET', `conversations/${encodeURIComponent(plant('no path'))}/messages`);
  await run.request(stranger, 'GET', `me?name=${encodeURIComponent(plant('a query'))}`);
}

/** What breaks: a table that fails, keys that fail, a push that fails, a function that dies in the middle. */
async function broken(ana: Person, conversationId: string): Promise<void> {
  const { faults, functions, resources } = run.stack;
  const socket = await run.socket(ana);
  const send = () => {
    const body = { kind: 'text', text: plant('while it breaks') };
    return socket.ask({ type: 'message.send', ref: randomUUID(), conversationId, since: 0, body });
  };
  const quoting = new AwsError('ValidationException', plant('an error of AWS that quotes what it was given'));
  for (const [service, operation] of [
    ['dynamodb', 'PutItem'],
    ['dynamodb', 'Query'],
    ['execute-api', 'PostToConnection'],
  ] as const) {
    const off = faults.add({ service, operation, effect: refuse(quoting) });
    await send();
    off();
  }
  const dying = faults.add({ service: 'dynamodb', operation: 'PutItem', effect: delay(2_000) });
  const answer = send();
  const sending = resources.find(
    ({ type, logicalId }) => type.endsWith('Function') && logicalId.startsWith('SendMessage'),
  );
  await expect
    .poll(
      () =>
        functions.environments().filter(({ function: of, state }) => of === sending?.ref && state === 'busy')
          .length,
    )
    .toBeGreaterThan(0);
  await functions.crash(sending?.ref ?? '');
  dying();
  expect(await answer).toMatchObject({ message: 'Internal server error' });
  const { body } = await run.request(ana, 'GET', `conversations/${conversationId}/messages`);
  expect(body).toMatchObject({ more: false });
}
