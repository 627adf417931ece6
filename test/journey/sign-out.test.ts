import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { renewTokens } from '../../examples/plain-client/sign-in.mjs';
import { fail } from '../../local/front-door/faults.ts';
import { changedAssembly, neverIdle } from '../fixtures/assembly.ts';
import { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { askEveryFrame, askEveryRoute } from '../fixtures/every-door.ts';
import { type Run, startRun } from '../fixtures/running.ts';

const MINUTE = 60_000;

let run: Run;
let ana: Person;
let ben: Person;
let conversationId: string;
beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-out', 'clinician');
  ben = await run.person('ben-out', 'patient');
  const proposal = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  conversationId = (body as { conversationId: string }).conversationId;
});
afterAll(() => run.close());

async function opened(person: Person): Promise<BareSocket> {
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return socket;
}

describe('a membership with an end', () => {
  test('is refused the second after it, hears nothing more, and is told within a minute', async () => {
    const guest = await run.person('guest-out', 'guest');
    const until = new Date(run.stack.clock.now() + 5 * MINUTE);
    const path = `conversations/${conversationId}/members`;
    const without = await run.request(ana, 'POST', path, { person: guest.id });
    expect(without).toMatchObject({ status: 422, body: { code: 'not-eligible' } });
    const inTooLong = new Date(run.stack.clock.now() + 91 * 24 * 60 * MINUTE).toISOString();
    const tooFar = await run.request(ana, 'POST', path, { person: guest.id, until: inTooLong });
    expect(tooFar).toMatchObject({ status: 422, body: { code: 'not-eligible' } });
    const added = await run.request(ana, 'POST', path, { person: guest.id, until: until.toISOString() });
    expect(added.status).toBe(200);

    const [socket, member] = [await opened(guest), await opened(ben)];
    const say = (text: string) => {
      const body = { kind: 'text', text };
      return { type: 'message.send', ref: randomUUID(), conversationId, since: 0, body };
    };
    const heardBy = (one: BareSocket, text: string) =>
      one.heard.some((frame) => (frame.body as { text?: string } | undefined)?.text === text);
    await member.ask(say('before'), ({ type }) => type === 'message.accepted');
    await expect.poll(() => heardBy(socket, 'before')).toBe(true);
    expect(await socket.ask(say('mine'), ({ type }) => type !== 'message.new')).toMatchObject({
      type: 'message.accepted',
    });

    run.stack.clock.advance(until.getTime() - run.stack.clock.now());
    expect(await socket.ask(say('too late'), ({ type }) => type === 'refused')).toMatchObject({
      code: 'not-a-member',
    });
    await member.ask(say('after'), ({ type }) => type === 'message.accepted');
    run.stack.clock.advance(MINUTE);
    const isTold = () =>
      socket.heard.some(({ body }) => (body as { kind?: string } | undefined)?.kind === 'member.removed');
    await expect.poll(isTold, { timeout: 20_000 }).toBe(true);
    expect(heardBy(socket, 'after')).toBe(false);
    const { body } = await run.request(ana, 'GET', `conversations/${conversationId}/messages`);
    const { entries } = body as { entries: { body: { kind: string; person?: string } }[] };
    expect(entries.at(-1)?.body).toEqual({ kind: 'member.removed', person: guest.id });
  });
});

describe('automatic sign-out', () => {
  test('refuses every frame, route and handshake of who was away, whatever tokens are made meanwhile, and closes within a minute', async () => {
    const cleo = await run.person('cleo-out', 'patient');
    const dan = await run.person('dan-out', 'patient');
    const [away, there] = [await opened(cleo), await opened(dan)];
    expect(await there.ask({ type: 'session.keep' })).toMatchObject({ type: 'session.kept' });
    for (let times = 0; times < 2; times += 1) {
      run.stack.clock.advance(7 * MINUTE);
      for (const socket of [away, there]) {
        expect(await socket.ask({ type: 'session.open' })).toMatchObject({ type: 'session.opened' }); // a client alone
      }
    }
    const kept = await there.ask({ type: 'session.keep' }, ({ type }) => type === 'session.kept');
    expect(Date.parse(String(kept.idleAt)) - run.stack.clock.now()).toBeGreaterThan(14.9 * MINUTE);
    const [newer, newest] = [
      await renewTokens(run.deployment, cleo.tokens.refreshToken),
      await renewTokens(run.deployment, dan.tokens.refreshToken),
    ];
    for (const [socket, { accessToken }] of [[away, newer] as const, [there, newest] as const]) {
      const renewed = await socket.ask({ type: 'session.renew', token: accessToken });
      expect(renewed).toMatchObject({ type: 'session.renewed' });
    }

    const off = run.stack.faults.add({ service: 'dynamodb', operation: 'Scan', effect: fail() }); // no sweep comes by
    run.stack.clock.advance(MINUTE);
    const places = { conversationId, person: ben.id, peer: ben.id, token: newer.accessToken };
    const as = { ...cleo, tokens: { ...cleo.tokens, ...newer } };
    const answers = [...(await askEveryFrame(away, places)), ...(await askEveryRoute(run, as, places))];
    expect(answers.length).toBeGreaterThan(25);
    expect(answers.filter(({ code }) => code !== 'session-idle')).toEqual([]);
    await expect(BareSocket.open(run.deployment.webSocketUrl, newer.accessToken)).rejects.toThrow('403');

    off();
    run.stack.clock.advance(MINUTE); // the sweep comes by
    await away.closed;
    expect(away.heard.at(-1)).toEqual({ type: 'session.ended', reason: 'idle' });
    expect(there.open).toBe(true);
    expect(await there.ask({ type: 'session.open' })).toMatchObject({ type: 'session.opened' });
  });

  test('ends every sign-in twelve hours after it began, though nobody is ever idle', async () => {
    const patient = await startRun({ assembly: await changedAssembly(neverIdle) });
    onTestFinished(() => patient.close());
    const eve = await patient.person('eve-out', 'patient');
    patient.stack.clock.advance(12 * 60 * MINUTE - 2 * MINUTE);
    const { accessToken } = await renewTokens(patient.deployment, eve.tokens.refreshToken);
    const late = { ...eve, tokens: { ...eve.tokens, accessToken } };
    const socket = await patient.socket(late);
    expect(await socket.ask({ type: 'session.keep' })).toMatchObject({ type: 'session.kept' });
    patient.stack.clock.advance(2 * MINUTE);
    expect(await patient.request(late, 'GET', 'me')).toMatchObject({
      status: 401,
      body: { code: 'session-time-limit' },
    });
    patient.stack.clock.advance(MINUTE);
    await socket.closed;
    expect(socket.heard.at(-1)).toEqual({ type: 'session.ended', reason: 'time-limit' });
  });
});
