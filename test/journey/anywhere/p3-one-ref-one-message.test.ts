import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { caughtUp, itemsIfHere } from '../../fixtures/observed/stored.ts';
import { NOT_READ } from '../../fixtures/results.ts';
import { type AnyClinic, anyClinic, PATIENCE, sending, upTo } from '../promises/clinic.ts';

const ROUNDS = 10;
const SOCKETS = 5;

let clinic: AnyClinic;
beforeAll(async () => {
  clinic = await anyClinic(['ana', 'ben']);
});
afterAll(() => clinic.close());

test(
  'P3: a ref that five devices send twice each at the same time is one message, in ten races of ten',
  async () => {
    const id = await clinic.group('ana', 'ben');
    const observed = new Observed(clinic.run, id);
    observed.device('ben', await clinic.online('ben'));
    const sockets = await Promise.all(upTo(SOCKETS).map(() => clinic.socket('ana')));
    for (const socket of sockets) observed.socket('ana', socket);

    for (const round of upTo(ROUNDS)) {
      const frame = sending(id, `round ${round}`);
      const isAnswer = ({ type, ref }: Readonly<Record<string, unknown>>) =>
        ref === frame.ref && type !== 'message.new';
      for (const socket of sockets) for (const _ of upTo(2)) socket.send(frame);
      for (const { heard } of sockets) await expect.poll(() => heard.filter(isAnswer).length).toBe(2);
      const answers = sockets.flatMap(({ heard }) => heard.filter(isAnswer));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toMatchObject({ type: 'message.accepted', seq: round });
    }

    const figures = await observed.figures('P3', 'ten races of one ref', await clinic.socket('ben'), {
      racesOf: 2 * SOCKETS,
    });
    reportPromise('p3-ten-races-of-one-ref', figures);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({
      messages: ROUNDS,
      sendings: ROUNDS * SOCKETS * 2,
      acknowledged: ROUNDS,
      storedInTable: clinic.run.stack ? ROUNDS : NOT_READ,
      storedThroughCatchUp: ROUNDS,
    });
  },
  PATIENCE,
);

test(
  'P3: a ref with another body is refused, at once and in a race, and nothing is stored',
  async () => {
    const id = await clinic.group('ana', 'ben');
    const socket = await clinic.socket('ana');
    const [ref, tries] = [randomUUID(), 20];
    await socket.ask(sending(id, 'as it was written', { ref }), ({ type }) => type === 'message.accepted');
    for (const place of upTo(tries)) socket.send(sending(id, `another body ${place}`, { ref }));
    const refusals = () => socket.heard.filter((frame) => frame.type === 'refused' && frame.ref === ref);
    await expect.poll(() => refusals().length).toBe(tries);
    expect(new Set(refusals().map(({ code }) => code))).toEqual(new Set(['ref-reused']));

    const rivals = upTo(ROUNDS).map(() => randomUUID());
    for (const rival of rivals) {
      socket.send(sending(id, 'this', { ref: rival }));
      socket.send(sending(id, 'or that', { ref: rival }));
    }
    const answers = (rival: string) =>
      socket.heard.filter((frame) => frame.ref === rival && frame.type !== 'message.new');
    for (const rival of rivals) {
      await expect
        .poll(() =>
          answers(rival)
            .map(({ type }) => type)
            .sort(),
        )
        .toEqual(['message.accepted', 'refused']);
    }
    const items = await itemsIfHere(clinic.run, id);
    const read = await caughtUp(socket, id);
    const stored = items ?? read;
    reportPromise('p3-another-body', {
      promise: 'P3',
      journey: 'a ref with another body',
      storedInTable: items?.length ?? NOT_READ,
      storedThroughCatchUp: read.length,
      facts: {
        storedWithAnotherBody: { found: stored.length - 1 - ROUNDS, of: tries + ROUNDS },
        refused: refusals().length + rivals.length,
      },
    });
    expect([stored.length, read.length]).toEqual([1 + ROUNDS, 1 + ROUNDS]);
  },
  PATIENCE,
);
