import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { isMembership } from '../../../functions/domain/entry.ts';
import { delay } from '../../../local/front-door/faults.ts';
import { type Figures, Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { itemsOf } from '../../fixtures/observed/stored.ts';
import { assemblyWith, type PlantedBug } from '../../fixtures/planted-bugs.ts';
import { type Clinic, PATIENCE, sending, startClinic, upTo } from './clinic.ts';
import { placesIn } from './heard.ts';

/** Each works on texts alone that begin with its name, so that one stack holds them all. */
const bugs: Readonly<Record<string, PlantedBug>> = {
  'what is being sent': {
    at: /async function sendMessage\((\w+),(\w+),(\w+)\)\{/,
    instead: '$&globalThis.planted=reveal($3.body.text);',
  },
  unstored: {
    at: /append:async ?\(?\w+(?:,\w+)*\)?=>\{/,
    instead: '$&if(globalThis.planted?.startsWith("unstored"))return{outcome:"stored"};',
  },
  overwritten: {
    at: /(ConditionExpression:"attribute_not_exists\(pk\)"),(ReturnValuesOnConditionCheckFailure:"ALL_OLD")/,
    instead: '...(globalThis.planted?.startsWith("overwritten")?{}:{$1,$2})',
  },
  repeated: {
    at: /function isRepeat\((\w+),(\w+),(\w+)\)\{/,
    instead: '$&if(reveal($2.body.text).startsWith("repeated"))return!1;',
  },
  skipped: {
    at: /function logPage\((\w+),(\w+),(\w+)\)\{/,
    instead:
      '$&$2={...$2,entries:$2.entries.filter(({seq,body})=>seq%7!==0||body.kind!=="text"||!reveal(body.text).startsWith("skipped"))};',
  },
  'heard on': {
    at: /async function settle\w*\((\w+),(\w+),(\w+),(\w+)\)\{/,
    instead: '$&if(globalThis.planted?.startsWith("heard on"))return $2;',
  },
};

/** Milliseconds for which a Put is kept waiting: longer than a warm removal takes on a machine with much else to do. */
const HELD_MS = 4_000;

type Journey = (clinic: Clinic, text: string, toldWithinMs: number) => Promise<Figures>;

const rows: readonly { bug: string; promise: string; journey: Journey; shows: string }[] = [
  { bug: 'unstored', promise: 'P1', journey: sentOneByOne, shows: 'lost' },
  { bug: 'overwritten', promise: 'P2', journey: sentAtOnce, shows: 'lost' },
  { bug: 'repeated', promise: 'P3', journey: sentTwice, shows: 'storedTwice' },
  { bug: 'skipped', promise: 'P4', journey: missed, shows: 'missing' },
  { bug: 'heard on', promise: 'P6', journey: removedWhileSending, shows: 'heardWhileRemoved' },
];

describe('the figures of a journey', () => {
  let clinic: Clinic;
  const closers: (() => unknown)[] = [];
  beforeAll(async () => {
    const assembly = await assemblyWith(Object.values(bugs), (remove) => closers.push(remove));
    clinic = await startClinic(['ana', 'ben', 'cleo'], { assembly });
    closers.unshift(() => clinic.close());
  });
  afterAll(async () => {
    for (const close of closers) await close();
  });

  test.each(rows)(
    'show it where $promise is broken, and nothing where it is kept: $bug',
    async ({ bug, promise, journey, shows }) => {
      expect(violations(await journey(clinic, 'sound', 60_000))).toEqual([]);
      const broken = await journey(clinic, bug, 2_000);
      expect(violations(broken)).toContain(shows);
      reportPromise(`planted-${bug.replaceAll(' ', '-')}`, {
        ...broken,
        promise: `${promise}, broken on purpose`,
      });
    },
    PATIENCE,
  );
});

/** Five messages of one socket, each after the other's acknowledgement. */
async function sentOneByOne(clinic: Clinic, text: string, toldWithinMs: number): Promise<Figures> {
  const { observed, ana, id } = await talk(clinic, toldWithinMs);
  for (const place of upTo(5))
    await ana.ask(sending(id, `${text} ${place}`), ({ type }) => type === 'message.accepted');
  return observed.figures('P1', `one by one: ${text}`, await clinic.socket('cleo'));
}

/** Four sockets that send at the same moment, three times over; each Put waits for the others. */
async function sentAtOnce(clinic: Clinic, text: string, toldWithinMs: number): Promise<Figures> {
  const { observed, ana, id } = await talk(clinic, toldWithinMs);
  const others = [await clinic.socket('ana'), await clinic.socket('cleo'), await clinic.socket('cleo')];
  for (const [place, socket] of others.entries()) observed.socket(place ? 'cleo' : 'ana', socket);
  onTestFinished(
    clinic.run.stack.faults.add({ service: 'dynamodb', operation: 'PutItem', effect: delay(100) }),
  );
  for (const round of upTo(3)) {
    await Promise.all(
      [ana, ...others].map((socket) => {
        const frame = sending(id, `${text} ${round}`);
        return socket.ask(frame, ({ ref, type }) => ref === frame.ref && type !== 'message.new');
      }),
    );
  }
  return observed.figures('P2', `at once: ${text}`, await clinic.socket('cleo'));
}

/** One frame, sent again after its acknowledgement. */
async function sentTwice(clinic: Clinic, text: string, toldWithinMs: number): Promise<Figures> {
  const { observed, ana, id } = await talk(clinic, toldWithinMs);
  const frame = sending(id, text);
  for (const _ of upTo(2)) await ana.ask(frame, ({ type }) => type === 'message.accepted');
  return observed.figures('P3', `twice: ${text}`, await clinic.socket('cleo'));
}

/** Ten messages while a device is away. */
async function missed(clinic: Clinic, text: string, toldWithinMs: number): Promise<Figures> {
  const { observed, ana, id } = await talk(clinic, toldWithinMs);
  const away = await clinic.online('ben', { random: () => 0.01 });
  observed.device('ben', away);
  away.chat.conversation(id);
  away.network.isDown = true;
  away.network.break();
  for (const place of upTo(10))
    await ana.ask(sending(id, `${text} ${place}`), ({ type }) => type === 'message.accepted');
  away.network.isDown = false;
  await away.chat.connect();
  return observed.figures('P4', `missed: ${text}`, await clinic.socket('cleo'));
}

/** Ben is removed while the Put of a message waits that was decided on when he was a member. */
async function removedWhileSending(clinic: Clinic, text: string, toldWithinMs: number): Promise<Figures> {
  const { observed, ana, id } = await talk(clinic, toldWithinMs);
  const ben = await clinic.socket('ben');
  await ana.ask(sending(id, 'the first'), ({ type }) => type === 'message.accepted');
  const path = `conversations/${id}/members/${clinic.person('ben').id}`;
  const admitted = clinic.run.request(clinic.person('ana'), 'DELETE', path.replace(id, 'a'.repeat(26)));
  expect((await admitted).status).toBe(403); // its function is warm from here on
  let held = 0;
  const off = clinic.run.stack.faults.add({
    service: 'dynamodb',
    operation: 'PutItem',
    call: () => Boolean(++held),
    times: 1,
    effect: delay(HELD_MS),
  });
  const accepted = ana.ask(sending(id, text), ({ type, seq }) => type === 'message.accepted' && seq !== 1);
  await expect.poll(() => held, { interval: 5 }).toBe(1);
  expect((await clinic.run.request(clinic.person('ana'), 'DELETE', path)).status).toBe(200);
  await accepted;
  off();
  const removed = (await itemsOf(clinic.run, id)).find(isMembership)?.seq ?? 0;
  expect(removed).toBe(2);
  await expect.poll(() => placesIn(ben.heard, id)).toContain(removed);
  const places = placesIn(ben.heard, id);
  return observed.figures('P6', `removed while sending: ${text}`, await clinic.socket('cleo'), {
    heardWhileRemoved: { found: places.filter((seq) => seq > removed).length, of: places.length },
  });
}

/** A new conversation of all three, watched: one socket of ana, and what else a journey adds. */
async function talk(clinic: Clinic, toldWithinMs: number) {
  const id = await clinic.group('ana', 'ben', 'cleo');
  const observed = new Observed(clinic.run, id, toldWithinMs);
  const ana = await clinic.socket('ana');
  observed.socket('ana', ana);
  return { observed, ana, id };
}
