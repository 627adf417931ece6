import { afterAll, beforeAll, expect, test } from 'vitest';
import { changedAssembly, unattended } from '../../fixtures/assembly.ts';
import { BareSocket } from '../../fixtures/bare-socket.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { signInAgain } from '../../fixtures/sign-in-again.ts';
import { turn } from '../../sdk/devices.ts';
import { type Clinic, PATIENCE, sending, startClinic, upTo } from './clinic.ts';

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

let clinic: Clinic;
let removeAssembly = () => {};
beforeAll(async () => {
  const assembly = await changedAssembly(unattended, (remove) => {
    removeAssembly = remove;
  });
  clinic = await startClinic(['ana', 'ben'], { assembly });
});
afterAll(async () => {
  await clinic.close();
  removeAssembly();
});

test(
  'P4: two devices that talk for two hours and ten minutes lose nothing, over token renewals and new sockets',
  async () => {
    const { run } = clinic;
    const id = await clinic.group('ana', 'ben');
    const [nurse, patient] = [await clinic.online('ana'), await clinic.online('ben')];
    const observed = new Observed(run, id);
    observed.device('ana', nurse);
    observed.device('ben', patient);
    await nurse.chat.conversation(id).send('the first').acknowledged;
    const messages = 130;
    for (const minute of upTo(messages)) {
      for (const _ of upTo(2)) await turn(run, MINUTE / 2, nurse, patient);
      const [from] = minute % 2 ? [nurse] : [patient];
      await from.chat.conversation(id).send(`minute ${minute}`).acknowledged;
    }
    const devices = [nurse, patient];
    const sockets = devices.map(({ network }) => network.sockets.length);
    const renewals = devices.flatMap(({ network }) =>
      network.sent.filter(({ type }) => type === 'session.renew'),
    );
    const reader = await clinic.socket('ana');
    const figures = await observed.figures('P4', 'two hours and ten minutes', reader, {
      minutes: messages,
      sockets: sockets.join(' and '),
      renewals: renewals.length,
    });
    reportPromise('p4-two-hours-and-ten-minutes', figures);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({ messages: messages + 1, acknowledged: messages + 1 });
    expect(sockets).toEqual([2, 2]);
    expect(renewals.length).toBeGreaterThanOrEqual(16);
    for (const { told } of devices) expect(told.state.map(({ to }) => to)).toEqual(['connecting', 'live']);
  },
  PATIENCE,
);

test(
  'P4: the gateway closes a socket after ten silent minutes and after two hours, and a token ends in between',
  async () => {
    const { run } = clinic;
    const { clock } = run.stack;
    clock.advance(15 * MINUTE); // whatever token there was, the next is a new one
    const id = await clinic.group('ana', 'ben');
    const [silent, busy] = [await clinic.socket('ben'), await clinic.socket('ben')];
    const expiry = async () => {
      const { type, code } = await busy.ask(
        { type: 'session.open' },
        (frame) => frame.type !== 'message.new',
      );
      return type === 'refused' ? code : type;
    };
    clock.advance(10 * MINUTE - 5_000);
    expect(silent.open).toBe(true);
    expect(await expiry()).toBe('session.opened');
    clock.advance(5_000);
    expect(await silent.closed).toBe(1001);

    clock.advance(6 * MINUTE);
    expect(await expiry()).toBe('session-expired');
    const ana = await clinic.socket('ana');
    const heard = busy.heard.length;
    const sent = await ana.ask(
      sending(id, 'to whom it may concern'),
      ({ type }) => type === 'message.accepted',
    );
    expect(sent.seq).toBe(1);
    expect(await expiry()).toBe('session-expired');
    const pushed = busy.heard.slice(heard).filter(({ type }) => type === 'message.new').length;

    for (let minutes = 16; minutes < 119; minutes += 9) {
      clock.advance(Math.min(9, 119 - minutes) * MINUTE);
      expect(await expiry()).toBe('session-expired');
    }
    expect(busy.open).toBe(true);
    clock.advance(MINUTE);
    expect(await busy.closed).toBe(1001);
    const late = await clinic.socket('ben');
    const log = await late.ask({ type: 'conversation.catch-up', conversationId: id, since: 0 });
    expect((log.entries as unknown[]).length).toBe(1);
    reportPromise('p4-the-gateways-own-closings', {
      promise: 'P4',
      journey: 'closed by the gateway',
      facts: {
        silentClosedAfterMinutes: 10,
        busyClosedAfterMinutes: 120,
        pushedToAnExpiredSession: { found: pushed, of: 1 },
      },
    });
    expect(pushed).toBe(0);
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
    const ana = await signInAgain(clinic.run, clinic.person('ana'));
    const after = await BareSocket.open(clinic.run.deployment.webSocketUrl, ana.tokens.accessToken);
    const observed = new Observed(clinic.run, id);
    observed.socket('ana', before);
    observed.socket('ana', after);
    const answers = [];
    for (const _ of upTo(10)) answers.push(await after.ask(frame, isAnswer));
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
