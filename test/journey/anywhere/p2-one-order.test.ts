import { afterAll, beforeAll, expect, test } from 'vitest';
import { countCalls } from '../../fixtures/observed/calls.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { NOT_READ } from '../../fixtures/results.ts';
import type { Device } from '../../sdk/devices.ts';
import { type AnyClinic, anyClinic, atLeast, PATIENCE, upTo } from '../promises/clinic.ts';

/** Ten people with two devices each: the twenty sockets are what races, and adding a person costs half a second. */
const MEMBERS = upTo(10).map((place) => `member-${place}`);
const DEVICES = 2;
const MESSAGES = atLeast('WARDLINE_MESSAGES_EACH', 25);

let clinic: AnyClinic;
beforeAll(async () => {
  clinic = await anyClinic(MEMBERS);
});
afterAll(() => clinic.close());

test(
  'P2: twenty devices of ten people that write at once see one dense order, the same on each',
  async () => {
    const [owner = '', ...others] = MEMBERS;
    const id = await clinic.group(owner, ...others);
    const observed = new Observed(clinic.run, id);
    const writers: Device[] = [];
    for (const member of MEMBERS) {
      for (const _ of upTo(DEVICES)) {
        const made = await clinic.online(member);
        observed.device(member, made);
        writers.push(made);
      }
    }
    const races = countCalls(
      clinic.run,
      ({ operation, errorCode }) =>
        operation === 'PutItem' && errorCode === 'ConditionalCheckFailedException',
    );
    const sent = writers.flatMap(({ chat }, writer) =>
      upTo(MESSAGES).map((place) => chat.conversation(id).send(`writer ${writer}, message ${place}`)),
    );
    const places = await Promise.all(sent.map(({ acknowledged }) => acknowledged));

    const all = writers.length * MESSAGES;
    const reader = await clinic.socket(owner);
    const figures = await observed.figures('P2', '20 writers racing', reader, {
      writers: writers.length,
      people: MEMBERS.length,
      racesLost: races(),
    });
    reportPromise('p2-20-writers-racing', figures);
    expect(violations(figures)).toEqual([]);
    expect(places.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(upTo(all));
    expect(figures).toMatchObject({
      messages: all,
      acknowledged: all,
      storedInTable: clinic.run.stack ? all : NOT_READ,
      storedThroughCatchUp: all,
    });
    expect(figures.missing).toEqual({ found: 0, of: all * writers.length });
    for (const { seqs } of writers) expect(seqs(id)).toEqual(upTo(all));
    const [first] = writers.map(({ texts }) => texts(id));
    for (const { texts } of writers) expect(texts(id)).toEqual(first);
    expect(figures.facts.racesLost).not.toBe(0);
  },
  PATIENCE,
);
