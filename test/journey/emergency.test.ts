import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renewTokens } from '../../examples/plain-client/sign-in.mjs';
import { fail } from '../../local/front-door/faults.ts';
import { MOST_MADE_UP } from '../../local/scheduler/recurrence.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const REASON = 'unconscious on arrival, allergies unknown';

let run: Run;
let ana: Person;
let ben: Person;
let officer: Person;
let deputy: Person;
let conversationId: string;
beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-glass', 'clinician');
  ben = await run.person('ben-glass', 'patient');
  officer = await run.person('officer-glass', 'privacy-officer');
  deputy = await run.person('deputy-glass', 'privacy-officer');
  conversationId = await group(ana, ben);
  const socket = await opened(ana);
  await said(socket, conversationId, 'allergic to penicillin');
  socket.close();
});
afterAll(() => run.close());

interface Opened {
  readonly emergencyId: string;
  readonly at: string;
  readonly until: string;
}
interface Listed extends Opened {
  readonly person: string;
  readonly reason?: string;
  readonly review?: object;
}

/** A clinician who signed in this very minute. */
async function clinician(name: string): Promise<Person> {
  return run.person(name, 'clinician');
}

async function group(owner: Person, member: Person): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members: [member.id] };
  const { body } = await run.request(owner, 'POST', 'conversations', proposal);
  return (body as { conversationId: string }).conversationId;
}

async function opened(person: Person): Promise<BareSocket> {
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return socket;
}

async function said(socket: BareSocket, where: string, text: string): Promise<void> {
  const body = { kind: 'text', text };
  const frame = { type: 'message.send', ref: randomUUID(), conversationId: where, since: 0, body };
  await socket.ask(frame, ({ type }) => type === 'message.accepted');
}

const breakGlass = (person: Person, { ref = randomUUID(), reason = REASON, where = conversationId } = {}) =>
  run.request(person, 'POST', `conversations/${where}/emergency`, { ref, reason });
const read = (person: Person, where = conversationId) =>
  run.request(person, 'GET', `conversations/${where}/messages`);
const catchUp = (socket: BareSocket, where = conversationId) =>
  socket.ask(
    { type: 'conversation.catch-up', conversationId: where, since: 0 },
    ({ type }) => type !== 'message.new',
  );

async function listed(emergencyId: string): Promise<Listed | undefined> {
  const { body } = await run.request(officer, 'GET', 'admin/emergencies');
  return (body as { emergencies: Listed[] }).emergencies.find((one) => one.emergencyId === emergencyId);
}
const review = (person: Person, emergencyId: string, verdict = 'justified', note = 'checked with the ward') =>
  run.request(person, 'POST', `admin/emergencies/${emergencyId}/review`, { verdict, note });

/** Signed in anew: the clock was turned since. */
async function privacyOfficers(): Promise<void> {
  officer = await signInAgain(run, officer);
  deputy = await signInAgain(run, deputy);
}

/** For whom AWS says that a data key of the conversation was read: the source identity of each GetItem of one. */
function keyReads(where: string): unknown[] {
  const table = run.stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && logicalId.startsWith('Keys'),
  )?.ref;
  return run.stack.trail
    .events()
    .filter(({ eventName, requestParameters }) => {
      const { tableName, key } = Object(requestParameters);
      const isKey = key?.pk === `C#${where}` && key?.sk !== 'SHRED';
      return eventName === 'GetItem' && tableName === table && isKey;
    })
    .map(({ userIdentity }) => Object(userIdentity.sessionContext).sourceIdentity);
}

/** Records that name the operation, from the log of decisions. */
function decisions(operation: string): Record<string, unknown>[] {
  const { logs } = run.stack;
  return logs
    .groups()
    .flatMap((name) => logs.read(name))
    .filter(({ message }) => message.includes(`"${operation}"`) && message.includes('"decision"'))
    .map(({ message }) => JSON.parse(message));
}

describe('who broke the glass', () => {
  test('reads for an hour to the minute, by socket and request, writes nothing, and each read is recorded as an emergency', async () => {
    const cleo = await clinician('cleo-glass');
    const socket = await opened(cleo);
    expect(await read(cleo)).toMatchObject({ status: 403, body: { code: 'not-a-member' } });
    const given = await breakGlass(cleo);
    expect(given.status).toBe(201);
    const { until, at } = given.body as Opened;
    expect(Date.parse(until) - Date.parse(at)).toBe(HOUR);
    expect(JSON.stringify(await read(cleo))).toContain('allergic to penicillin');
    expect(JSON.stringify(await catchUp(socket))).toContain('allergic to penicillin');

    const body = { kind: 'text', text: 'I was here' };
    const send = { type: 'message.send', ref: randomUUID(), conversationId, since: 0, body };
    expect(await socket.ask(send)).toMatchObject({ code: 'not-a-member' });
    const mark = { type: 'conversation.mark-read', conversationId, upTo: 1 };
    expect(await socket.ask(mark)).toMatchObject({ code: 'not-a-member' });
    const other = await group(ana, ben);
    expect(await read(cleo, other)).toMatchObject({ body: { code: 'not-a-member' } });

    await untilMinute(cleo, socket, Date.parse(until) - MINUTE);
    expect((await catchUp(socket)).type).toBe('conversation.log'); // minute 59
    run.stack.clock.advance(Date.parse(until) - run.stack.clock.now());
    expect(await catchUp(socket)).toMatchObject({ type: 'refused', code: 'not-a-member' }); // minute 60
    const reads = decisions('conversation.catch-up').filter(({ person }) => person === cleo.id);
    expect(reads).toMatchObject([
      { outcome: 'allowed', purpose: 'emergency', rule: 'emergency-grant' },
      { outcome: 'allowed', purpose: 'emergency', rule: 'emergency-grant' },
      { outcome: 'refused', code: 'not-a-member' },
    ]);
    await privacyOfficers();
  });

  test('reads under the sign-in that asked and no other, and no longer than it lasts', async () => {
    const dan = await clinician('dan-glass');
    expect((await breakGlass(dan)).status).toBe(201);
    const again = await signInAgain(run, dan);
    expect(await read(again)).toMatchObject({ body: { code: 'not-a-member' } });
    expect((await read(dan)).status).toBe(200);
    await run.request(officer, 'POST', 'admin/revocations', { person: dan.id });
    expect(await read(dan)).toMatchObject({ status: 401, body: { code: 'session-ended' } });
  });

  test('signed in within five minutes: a renewed token of an older sign-in is refused, and a new sign-in is not', async () => {
    const eve = await clinician('eve-glass');
    run.stack.clock.advance(6 * MINUTE);
    const renewed = {
      ...eve,
      tokens: { ...eve.tokens, ...(await renewTokens(run.deployment, eve.tokens.refreshToken)) },
    };
    expect(await breakGlass(renewed)).toMatchObject({ status: 403, body: { code: 'sign-in-again' } });
    expect(await read(renewed)).toMatchObject({ body: { code: 'not-a-member' } });
    expect((await breakGlass(await signInAgain(run, eve))).status).toBe(201);
  });

  test('repeats the same ref in one emergency and one hour, and finds another reason under it refused', async () => {
    const fay = await clinician('fay-glass');
    const ref = randomUUID();
    const first = await breakGlass(fay, { ref });
    const entries = await entriesAbout(fay.id);
    run.stack.clock.advance(6 * MINUTE); // no longer fresh: what was given once stands
    expect(await breakGlass(fay, { ref })).toEqual(first);
    expect(await entriesAbout(fay.id)).toEqual(entries);
    expect(entries).toHaveLength(1);
    expect(await breakGlass(fay, { ref, reason: 'something else' })).toMatchObject({
      body: { code: 'ref-reused' },
    });
    expect(await breakGlass(fay, { reason: '   ' })).toMatchObject({ body: { code: 'malformed' } });
  });
});

test('patients, caregivers, guests, staff, offices and members do not break it, nor is an unknown conversation told of to them', async () => {
  const roles = [
    'patient',
    'caregiver',
    'guest',
    'staff',
    'administrator',
    'privacy-officer',
    'auditor',
  ] as const;
  for (const role of roles) {
    const somebody = await run.person(`no-${role}-glass`, role);
    for (const where of [conversationId, 'a'.repeat(26)])
      expect(await breakGlass(somebody, { where }), role).toMatchObject({ body: { code: 'not-allowed' } });
  }
  const member = await signInAgain(run, ana);
  expect(await breakGlass(member)).toMatchObject({ status: 409, body: { code: 'already-a-member' } });
  const gus = await clinician('gus-glass');
  expect(await breakGlass(gus, { where: 'a'.repeat(26) })).toMatchObject({
    body: { code: 'unknown-conversation' },
  });
});

describe('it is told', () => {
  test('to members who are here and to the privacy officers within the minute, and to who is away when they catch up', async () => {
    await privacyOfficers();
    const [member, office] = [await opened(await signInAgain(run, ana)), await opened(officer)];
    const hal = await clinician('hal-glass');
    const { body } = await breakGlass(hal);
    const { emergencyId, until } = body as Opened;
    const told = { kind: 'emergency.opened', person: hal.id, until };
    const hears = (one: BareSocket, what: object) =>
      expect.poll(() => one.heard, { timeout: 20_000 }).toContainEqual(expect.objectContaining(what));
    await hears(member, { type: 'message.new', conversationId, body: told });
    await hears(office, { type: 'emergency.awaiting-review', emergencyId, person: hal.id, overdue: false });
    const back = await signInAgain(run, ben);
    const later = await read(back);
    expect((later.body as { entries: { body: object }[] }).entries.at(-1)?.body).toEqual(told);
    const { body: list } = await run.request(back, 'GET', 'conversations');
    expect(JSON.stringify(list)).toContain('allergic to penicillin'); // the newest message is what somebody said
  });

  test('a minute later where nobody could be told at the opening', async () => {
    officer = await signInAgain(run, officer);
    const office = await opened(officer);
    const ida = await clinician('ida-glass');
    const lost = run.stack.faults.add({ service: 'dynamodb', operation: 'Scan', effect: fail() });
    const { body } = await breakGlass(ida);
    lost();
    const { emergencyId } = body as Opened;
    const heard = () => office.heard.filter((frame) => frame.emergencyId === emergencyId);
    expect(heard()).toEqual([]);
    run.stack.clock.advance(MINUTE);
    await expect.poll(heard, { timeout: 20_000 }).toHaveLength(1);
  });
});

describe('a review', () => {
  test('is made once, by a privacy officer, with a note that is read by privacy officers alone', async () => {
    await privacyOfficers();
    const jon = await clinician('jon-glass');
    const { emergencyId } = (await breakGlass(jon)).body as Opened;
    expect(await listed(emergencyId)).toMatchObject({ person: jon.id, reason: REASON });
    expect((await run.request(jon, 'GET', 'admin/emergencies')).status).toBe(403);
    expect(await review(jon, emergencyId)).toMatchObject({ body: { code: 'not-allowed' } });
    expect(await review(officer, 'a'.repeat(26))).toMatchObject({ body: { code: 'unknown-emergency' } });
    const done = await review(officer, emergencyId);
    expect(done).toMatchObject({
      status: 200,
      body: { review: { by: officer.id, verdict: 'justified', note: 'checked with the ward' } },
    });
    expect(await review(officer, emergencyId)).toEqual(done);
    expect(await review(deputy, emergencyId)).toMatchObject({ body: { code: 'already-reviewed' } });
    expect(await listed(emergencyId)).toMatchObject({ review: { by: officer.id } });
  });

  test('is late after 72 hours: once a day it is logged and told again, and it is counted until it is made', async () => {
    const kim = await clinician('kim-glass');
    const { emergencyId } = (await breakGlass(kim)).body as Opened;
    run.stack.clock.advance(72 * HOUR - 3 * MINUTE);
    const runs = () => metrics('UnreviewedEmergencies').length; // an older one is late by now
    await expect.poll(runs, { timeout: 40_000 }).toBeGreaterThanOrEqual(MOST_MADE_UP); // who overlaps tells twice
    await privacyOfficers(); // two minutes
    const office = await opened(officer);
    const late = () => events('review-late').filter(({ emergency }) => emergency === emergencyId);
    const overdue = () =>
      office.heard.filter((frame) => frame.emergencyId === emergencyId && frame.overdue === true);
    const before = runs();
    run.stack.clock.advance(MINUTE);
    await expect.poll(() => late().length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => overdue().length).toBe(1);
    await expect.poll(runs, { timeout: 20_000 }).toBeGreaterThan(before); // the run that told has ended
    const counted = runs();
    run.stack.clock.advance(MINUTE);
    await expect.poll(runs, { timeout: 20_000 }).toBeGreaterThan(counted);
    expect(late()).toHaveLength(1); // not each minute
    expect((await review(officer, emergencyId, 'not-justified', 'the patient was awake')).status).toBe(200);
  });
});

describe('AWS’s own record', () => {
  test.each(['a request', 'a socket'] as const)(
    'names who reads for an emergency, and the conversation, at each read by %s; of a member it names the door',
    async (way) => {
      const liv = await clinician(`liv-${way.slice(2)}-glass`);
      const owner = await signInAgain(run, ana);
      const where = await group(owner, ben);
      const author = await opened(owner);
      await said(author, where, 'allergic to latex');
      const socket = await opened(liv);
      const reading = { 'a request': () => read(liv, where), 'a socket': () => catchUp(socket, where) }[way];
      const readAgain = async () => expect(JSON.stringify(await reading())).toContain('allergic to latex');
      expect((await breakGlass(liv, { where })).status).toBe(201);
      expect((await read(await signInAgain(run, ben), where)).status).toBe(200);
      await catchUp(author, where);
      expect(keyReads(where)).toEqual([]);

      await readAgain();
      expect(keyReads(where)).toEqual([liv.id]);
      await readAgain();
      expect(keyReads(where)).toEqual([liv.id, liv.id]); // not from a key in memory
    },
  );

  test('is the condition of an emergency read: without a session in the reader’s name nothing is opened', async () => {
    const mia = await clinician('mia-glass');
    expect((await breakGlass(mia)).status).toBe(201);
    const lost = run.stack.faults.add({ service: 'sts', operation: 'AssumeRole', effect: fail() });
    expect((await read(mia)).status).toBe(500);
    lost();
    expect((await read(mia)).status).toBe(200);
  });
});

async function entriesAbout(person: string): Promise<unknown[]> {
  const { body } = await read(await signInAgain(run, ana));
  const { entries } = body as { entries: { body: { person?: string } }[] };
  return entries.filter((entry) => entry.body.person === person);
}

function lines(): Record<string, unknown>[] {
  const { logs } = run.stack;
  return logs
    .groups()
    .filter((name) => name.includes('WatchEmergencies'))
    .flatMap((name) => logs.read(name))
    .filter(({ message }) => message.startsWith('{'))
    .map(({ message }) => JSON.parse(message));
}
const events = (name: string) => lines().filter(({ message }) => message === name);
const metrics = (name: string) => lines().filter((line) => name in line);

/** Turns the clock to a moment, a token's life at a time, and keeps the person signed in and the socket's token new. */
async function untilMinute(person: Person, socket: BareSocket, moment: number): Promise<void> {
  let { tokens } = person;
  while (run.stack.clock.now() < moment) {
    run.stack.clock.advance(Math.min(5 * MINUTE, moment - run.stack.clock.now()));
    tokens = { ...tokens, ...(await renewTokens(run.deployment, tokens.refreshToken)) };
    expect(await socket.ask({ type: 'session.renew', token: tokens.accessToken })).toMatchObject({
      type: 'session.renewed',
    });
    expect(await socket.ask({ type: 'session.keep' })).toMatchObject({ type: 'session.kept' });
  }
}
