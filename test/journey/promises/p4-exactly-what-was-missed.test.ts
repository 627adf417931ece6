import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEEP_ALIVE_MS } from '../../../sdk/reconnect.ts';
import { lengthen } from '../../fixtures/observed/long-log.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import type { Device } from '../../sdk/devices.ts';
import { atLeast, type Clinic, PATIENCE, sending, startClinic, upTo } from './clinic.ts';

const MISSED = atLeast('WARDLINE_MISSED', 10_000);

let clinic: Clinic;
let id = '';
let earlyFrame: ReturnType<typeof sending>;
beforeAll(async () => {
  clinic = await startClinic(['ana', 'ben']);
});
afterAll(() => clinic.close());

/*
 * A send takes 24 ms on two quiet cores, ten thousand of them four minutes: all but the first two and the last are written
 * by the store's own code.
 */
test(
  'P4: devices that missed 10,000 messages get exactly these, once and in order, however they lost touch',
  async () => {
    id = await clinic.group('ana', 'ben');
    const observed = new Observed(clinic.run, id);
    const [phone, away, halfOpen, deaf] = [
      await clinic.online('ana'),
      await clinic.online('ben'),
      await clinic.online('ben'),
      await clinic.online('ben'),
    ] as [Device, Device, Device, Device];
    const devices = { phone, away, halfOpen, deaf };
    for (const [name, made] of Object.entries(devices))
      observed.device(name === 'phone' ? 'ana' : 'ben', made);
    const early = await clinic.socket('ana');
    observed.socket('ana', early);
    earlyFrame = sending(id, 'before all others');
    await early.ask(earlyFrame, ({ type }) => type === 'message.accepted');
    for (const { seqs } of Object.values(devices)) await expect.poll(() => seqs(id)).toEqual([1]);

    phone.network.inward = ({ type }) => (type === 'message.accepted' ? 'break' : 'pass');
    phone.network.outward = ({ type }) => {
      if (type === 'message.send') phone.network.isDown = true; // this frame still leaves, and nothing comes back
      return 'pass';
    };
    const unanswered = phone.chat.conversation(id).send('stored, and its sender never heard');
    away.network.isDown = true;
    away.network.break();
    halfOpen.network.sockets.at(-1)?.pause(); // its peer is gone, and no packet says so
    deaf.network.inward = ({ type }) => (type === 'message.new' ? 'drop' : 'pass');
    await expect.poll(() => phone.chat.state).toBe('recovering');
    expect(unanswered.status).toBe('sending');

    const began = performance.now();
    await lengthen(clinic.run, id, clinic.person('ana'), MISSED);
    const wroteIn = performance.now() - began;
    clinic.run.stack.clock.advance(KEEP_ALIVE_MS); // a keep-alive is due, which the half-open socket never answers
    await expect
      .poll(
        () =>
          halfOpen.network.sent.filter(
            ({ type }) => type === 'session.open' || type === 'conversation.catch-up' || type === 'sync',
          ).length,
      )
      .toBeGreaterThan(2);
    clinic.run.stack.clock.advance(10_000);
    await expect.poll(() => halfOpen.told.state.map(({ code }) => code)).toContain('no-answer');
    for (const { network, chat } of [phone, away]) {
      network.isDown = false;
      network.outward = () => 'pass';
      network.inward = () => 'pass';
      await chat.connect();
    }
    await unanswered.acknowledged;
    await early.ask(
      sending(id, 'after all others', { since: MISSED }),
      ({ type }) => type === 'message.accepted',
    );
    clinic.run.stack.clock.advance(KEEP_ALIVE_MS); // the deaf device has no other way to hear of the last one

    const all = MISSED + 3;
    const figures = await observed.figures('P4', 'away for 10,000 messages', await clinic.socket('ben'), {
      missedMessages: MISSED,
      writtenBySends: 3,
      secondsToWrite: Math.round(wroteIn / 100) / 10,
    });
    reportPromise('p4-away-for-10000-messages', figures);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({
      messages: 3,
      acknowledged: 3,
      storedInTable: all,
      storedThroughCatchUp: all,
    });
    for (const { seqs, told } of Object.values(devices)) {
      expect(seqs(id)).toEqual(upTo(all));
      expect(told.gap).toEqual([]);
    }
    expect(figures.healed).toBeGreaterThanOrEqual(4 * MISSED);
  },
  PATIENCE,
);

test(
  'P3: a ref sent again 10,000 messages later, with its old since, is still one message',
  async () => {
    const observed = new Observed(clinic.run, id);
    const socket = await clinic.socket('ana');
    observed.socket('ana', socket);
    const isAnswer = (frame: Readonly<Record<string, unknown>>) =>
      frame.ref === earlyFrame.ref && frame.type !== 'message.new';
    const before = MISSED + 3;
    for (const _ of upTo(10)) {
      expect(await socket.ask(earlyFrame, isAnswer)).toMatchObject({ type: 'refused', code: 'behind' });
    }

    // an app that kept it in its outbox over all that time, and is started again
    const kept = new Map([
      [
        earlyFrame.ref,
        {
          ref: earlyFrame.ref,
          conversationId: id,
          body: { kind: 'text' as const, text: 'before all others' },
          since: 0,
        },
      ],
    ]);
    const phone = await clinic.online('ana', {
      outbox: {
        load: async () => [...kept.values()],
        put: async () => {},
        remove: async (ref) => void kept.delete(ref),
      },
    });
    observed.device('ana', phone);
    await expect.poll(() => kept.size).toBe(0);
    await expect
      .poll(() => phone.told.status)
      .toEqual([{ ref: earlyFrame.ref, conversationId: id, status: 'accepted' }]);
    const behind = [...phone.network.heard, ...socket.heard].filter(({ code }) => code === 'behind').length;
    const figures = await observed.figures('P3', 'the same ref after 10,000 messages', socket, { behind });
    reportPromise('p3-the-same-ref-after-10000-messages', figures);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({ messages: 1, acknowledged: 1, storedInTable: before });
  },
  PATIENCE,
);
