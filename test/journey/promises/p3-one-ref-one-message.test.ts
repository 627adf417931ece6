import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signIn } from '../../../examples/plain-client/sign-in.mjs';
import { BareSocket } from '../../fixtures/bare-socket.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { itemsOf } from '../../fixtures/observed/stored.ts';
import { type Clinic, PATIENCE, sending, startClinic, upTo } from './clinic.ts';

const YEAR = 365 * 24 * 3_600_000;
const ROUNDS = 10;
const SOCKETS = 5;

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic(['ana', 'ben']);
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
      storedInTable: ROUNDS,
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
    const stored = await itemsOf(clinic.run, id);
    reportPromise('p3-another-body', {
      promise: 'P3',
      journey: 'a ref with another body',
      storedInTable: stored.length,
      facts: {
        storedWithAnotherBody: { found: stored.length - 1 - ROUNDS, of: tries + ROUNDS },
        refused: refusals().length + rivals.length,
      },
    });
    expect(stored).toHaveLength(1 + ROUNDS);
  },
  PATIENCE,
);

test(
  'P3: a ref that is sent again after a year is the message it was',
  async () => {
    const id = await clinic.group('ana', 'ben');
    const before = await clinic.socket('ana');
    const frame = sending(id, 'written a year ago');
    const isAnswer = ({ type, ref }: Readonly<Record<string, unknown>>) =>
      ref === frame.ref && type !== 'message.new';
    const first = await before.ask(frame, isAnswer);
    for (const place of upTo(20))
      await before.ask(sending(id, `later ${place}`), ({ seq }) => seq === place + 1);

    clinic.run.stack.clock.advance(YEAR);
    expect(await before.closed).toBe(1001);
    const ana = clinic.person('ana');
    const { accessToken } = await signIn(clinic.run.deployment, {
      ...ana,
      totpSecret: ana.tokens.totpSecret,
    });
    const after = await BareSocket.open(clinic.run.deployment.webSocketUrl, accessToken);
    const observed = new Observed(clinic.run, id);
    observed.socket('ana', before);
    observed.socket('ana', after);
    const answers = [];
    for (const _ of upTo(ROUNDS)) answers.push(await after.ask(frame, isAnswer));
    for (const answer of answers) expect(answer).toEqual(first);
    expect(await after.ask({ ...frame, body: { kind: 'text', text: 'another' } }, isAnswer)).toMatchObject({
      code: 'ref-reused',
    });
    const next = await after.ask(
      sending(id, 'a year later', { since: 21 }),
      ({ type }) => type === 'message.accepted',
    );
    expect(next.seq).toBe(22);

    const figures = await observed.figures('P3', 'the same ref after a year', after, { days: 365 });
    after.close();
    reportPromise('p3-the-same-ref-after-a-year', figures);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({ messages: 22, acknowledged: 22, storedInTable: 22, sendings: 33 });
  },
  PATIENCE,
);
