import { afterAll, beforeAll, expect, test } from 'vitest';
import { lengthen } from '../../fixtures/observed/long-log.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import type { Run } from '../../fixtures/running.ts';
import { atLeast, type Clinic, PATIENCE, startClinic, upTo } from './clinic.ts';

/** The most sockets that are kept of one person, and the people that make the number of clients with them. */
const DEVICES = 20;
const CLIENTS = atLeast('WARDLINE_CLIENTS', 1_000);
const PEOPLE = upTo(Math.ceil(CLIENTS / DEVICES)).map((place) => `person-${place}`);
const WARD = 10;
const [KNOWN, MISSED] = [10, 15];

/** AWS answers a thousand handshakes side by side, two cores one after the other: the clients are as much more patient. */
const SLOWER = 12;

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic(PEOPLE);
}, PATIENCE);
afterAll(() => clinic.close());

test(
  'P4: a thousand clients that come back in the same moment are all in sync, at a bounded cost for each',
  async () => {
    const { run } = clinic;
    const wards: { id: string; names: string[] }[] = [];
    for (let first = 0; first < PEOPLE.length; first += WARD) {
      const names = PEOPLE.slice(first, first + WARD);
      const [owner = '', ...others] = names;
      const id = await clinic.group(owner, ...others);
      await lengthen(run, id, clinic.person(owner), KNOWN + MISSED);
      wards.push({ id, names });
    }
    const { clock } = run.stack;
    const patient = {
      now: () => clock.now(),
      after: (milliseconds: number, fire: () => void) => clock.after(milliseconds * SLOWER, fire),
    };
    const clients = wards.flatMap(({ id, names }) =>
      names.flatMap((name) =>
        upTo(DEVICES).map(() => {
          const made = clinic.offline(name, { clock: patient });
          made.chat.conversation(id, { since: KNOWN }); // as an app that kept what it had been told before
          return { ...made, id };
        }),
      ),
    );

    const spent = cost(run);
    const began = performance.now();
    await Promise.all(clients.map(({ chat }) => chat.connect()));
    const openIn = performance.now() - began;
    const missing = () =>
      clients.filter(({ chat, id }) => chat.conversation(id).knownEnd < KNOWN + MISSED).length;
    await expect.poll(missing, { timeout: PATIENCE / 2, interval: 100 }).toBe(0);
    const inSyncIn = performance.now() - began;

    const wrong = clients.filter(
      ({ seqs, id }) =>
        seqs(id).join() !==
        upTo(MISSED)
          .map((place) => KNOWN + place)
          .join(),
    );
    const sum = (of: (client: (typeof clients)[number]) => number) =>
      clients.reduce((total, client) => total + of(client), 0);
    const each = (total: number) => Math.round((100 * total) / clients.length) / 100;
    const { readUnits, writeUnits, invocations } = spent();
    const facts = {
      clients: clients.length,
      people: PEOPLE.length,
      notInSync: { found: wrong.length, of: clients.length },
      framesSentEach: each(sum(({ network }) => network.sent.length)),
      framesHeardEach: each(sum(({ network }) => network.heard.length)),
      syncFramesEach: each(sum(({ network }) => network.sent.filter(({ type }) => type === 'sync').length)),
      socketsEach: each(sum(({ network }) => network.sockets.length)),
      readUnitsEach: each(readUnits),
      writeUnitsEach: each(writeUnits),
      invocationsEach: each(invocations),
      secondsToOpen: Math.round(openIn / 1_000),
      secondsToSync: Math.round(inSyncIn / 1_000),
    };
    reportPromise('reconnect-of-1000-clients', { promise: 'P4', journey: 'all come back at once', facts });
    expect(wrong.map(({ seqs, id }) => seqs(id))).toEqual([]);
    expect(clients.length).toBeGreaterThanOrEqual(CLIENTS);
    for (const { told } of clients) expect(told.gap).toEqual([]);
    expect(facts.framesSentEach).toBeLessThan(6);
  },
  PATIENCE,
);

/** Sums what is spent from now on. */
function cost({ stack }: Run) {
  const total = { readUnits: 0, writeUnits: 0, invocations: 0 };
  const off = [
    stack.meter.on(({ units }) => {
      total.readUnits += units.read;
      total.writeUnits += units.write;
    }),
    stack.functions.on('invocation', () => {
      total.invocations += 1;
    }),
  ];
  return () => {
    for (const stop of off) stop();
    return total;
  };
}
