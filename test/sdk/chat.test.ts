import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fetch } from '../../sdk/index.ts';
import { DAY, failing, id, live, MINUTE, settled, start } from './pretend-chat.ts';
import { kind, tokenOf } from './pretend-deployment.ts';

describe('a chat', () => {
  test('waits for days without giving up, trying about four times a minute', async () => {
    const started = start();
    started.deployment.isReachable = false;
    let [connected, acknowledged] = ['pending', 'pending'];
    const conversation = started.chat.conversation(id);
    const set = (to: 'connected' | 'failed') => () => {
      connected = to;
    };
    started.chat.connect().then(set('connected'), set('failed'));
    const message = conversation.send('patience');
    message.acknowledged.then(
      () => {
        acknowledged = 'stored';
      },
      () => {
        acknowledged = 'failed';
      },
    );
    await started.clock.turn(2 * DAY);
    expect([connected, acknowledged, message.status]).toEqual(['pending', 'pending', 'queued']);
    expect(started.deployment.tries / (2 * 24 * 60)).toBeGreaterThan(3);
    expect(started.deployment.tries / (2 * 24 * 60)).toBeLessThan(5);
    expect(started.told.state.map(({ code }) => code)).toEqual(['connect-called', 'unreachable']);
    started.deployment.isReachable = true;
    await started.clock.turn(MINUTE);
    expect([connected, acknowledged, message.status]).toEqual(['connected', 'stored', 'accepted']);
  });

  test('states its purpose in every frame of a conversation and every request, and in no frame of the session', async () => {
    const headers: Record<string, string>[] = [];
    const fetch: Fetch = async (_url, init) => {
      headers.push(init.headers);
      return { ok: true, status: 200, json: async () => ({}) } as Awaited<ReturnType<Fetch>>;
    };
    const { chat, clock, deployment } = await live({ purpose: 'operations', fetch });
    const conversation = chat.conversation(id);
    await clock.turn(MINUTE);
    void conversation.send('for the record');
    await clock.turn(MINUTE);
    await chat.me();

    const stated = new Map(deployment.frames.map(({ frame: { type, purpose } }) => [type, purpose]));
    expect([...stated].sort()).toEqual([
      ['conversation.catch-up', 'operations'],
      ['message.send', 'operations'],
      ['session.open', undefined],
      ['sync', 'operations'],
    ]);
    expect(headers.map((sent) => sent['wardline-purpose'])).toEqual(['operations']);
  });

  test('asks for a fresh token after a handshake that failed, and not before', async () => {
    const asked: boolean[] = [];
    const started = start({
      random: () => 0.5,
      getToken: async ({ fresh }) => {
        asked.push(fresh);
        return tokenOf('anne');
      },
    });
    started.deployment.isReachable = false;
    void started.chat.connect();
    await started.clock.turn(100);
    started.deployment.isReachable = true;
    await started.clock.turn(MINUTE);
    expect(asked).toEqual([false, true]);
  });

  test('says something every few minutes, renews before its token ends, and overlaps its sockets, for a day', async () => {
    const { clock, deployment, told, chat } = await live();
    chat.conversation(id);
    const heard: number[] = [];
    chat.on('message', ({ seq }) => heard.push(seq));
    let [most, least] = [0, 9];
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      await clock.turn(MINUTE);
      [most, least] = [Math.max(most, deployment.open.length), Math.min(least, deployment.open.length)];
      deployment.append(id, 'bob', `${minute}`);
      deployment.push(id, minute + 1);
    }
    await clock.turn(1000);
    expect(heard).toEqual(Array.from({ length: 24 * 60 }, (_, place) => place + 1));
    expect(least).toBe(1);
    expect(deployment.peers.length).toBeGreaterThan((24 * 60) / 116);
    expect(deployment.peers.length).toBeLessThan((24 * 60) / 89 + 1);
    expect(told.state).toHaveLength(2);
    const times = deployment.frames.map(({ at }) => at);
    expect(Math.max(...times.slice(1).map((at, place) => at - (times[place] ?? 0)))).toBeLessThan(
      10 * MINUTE,
    );
    const renewals = deployment.frames
      .filter(({ frame }) => /session\.(open|renew)/.test(frame.type))
      .map(({ at }) => at);
    expect(Math.max(...renewals.slice(1).map((at, place) => at - (renewals[place] ?? 0)))).toBeLessThan(
      14 * MINUTE + 1000,
    );
  });

  test('has at most one frame without a ref unanswered', async () => {
    const { chat, deployment, clock } = await live();
    deployment.fate = () => ({ ...kind, delay: 1000 });
    for (let place = 0; place < 8; place += 1) chat.conversation(`${place}`.repeat(26));
    await clock.turn(20_000);
    const asked = deployment.frames.filter(({ frame }) => frame.ref === undefined).map(({ at }) => at);
    expect(asked.length).toBeGreaterThan(8);
    for (const [place, at] of asked.slice(3).entries())
      expect(at - (asked[place + 2] ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  test('gets a push that is on its way to the old socket while the new one is open, and what breaks with the old one', async () => {
    const { chat, deployment, clock, told } = await live();
    chat.conversation(id);
    const late = deployment.append(id, 'bob', 'listed before the new socket was');
    for (let turned = 0; deployment.open.length < 2 && turned < 120 * 60; turned += 1) await clock.turn(1000);
    const [old] = deployment.open;
    told.message.length = 0;
    const next = deployment.append(id, 'bob', 'pushed to the old socket alone');
    await clock.turn(25_000);
    old?.send({ type: 'message.new', conversationId: id, ...next });
    await clock.turn(10);
    expect(told.message.map(({ seq }) => seq)).toEqual([next.seq]);
    expect(late.seq).toBe(next.seq - 1);

    deployment.append(id, 'bob', 'lost with the old socket');
    old?.end(1006);
    await clock.turn(100);
    expect(told.message.map(({ seq }) => seq)).toEqual([next.seq, next.seq + 1]);
    expect(told.state).toHaveLength(2);
  });

  test('knows what it missed a moment after a gap shows, after it came back, and when it is asked to catch up', async () => {
    const { chat, deployment, clock, told } = await live();
    const conversation = chat.conversation(id);
    await clock.turn(100);
    for (const text of ['lost', 'pushed']) deployment.append(id, 'bob', text);
    deployment.push(id, 2);
    await clock.turn(200);
    expect(told.message.map(({ seq }) => seq)).toEqual([1, 2]);

    deployment.open[0]?.end(1006);
    deployment.append(id, 'bob', 'while it was away');
    await clock.turn(1000);
    expect(told.message.map(({ seq }) => seq)).toEqual([1, 2, 3]);

    deployment.fate = () => ({ ...kind, delay: 50 });
    const first = conversation.catchUp();
    await clock.turn(60);
    await first;
    conversation.catchUp().catch(() => {});
    await clock.turn(30); // read by the server, and not answered yet
    const { seq } = deployment.append(id, 'bob', 'before the second question');
    let known = 0;
    const second = conversation.catchUp().then(() => {
      known = conversation.knownEnd;
    });
    await clock.turn(500);
    await second;
    expect(known).toBe(seq);
  });

  test('ignores what it does not know, and one listener that throws harms no other', async () => {
    const { chat, deployment, told } = await live();
    const [peer] = deployment.open;
    const thrown: unknown[] = [];
    const hear = (error: unknown) => thrown.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', hear);
    onTestFinished(() => {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    });
    const fresh = start();
    const off = fresh.chat.on('state', () => {
      throw new Error('a listener of the app');
    });
    const after: unknown[] = [];
    fresh.chat.on('state', (change) => after.push(change));
    void fresh.chat.connect();
    await fresh.clock.turn(1000);
    off();
    expect(after).toHaveLength(2);
    expect(thrown).toHaveLength(2);

    const unknown = { type: 'presence.changed', person: 'p' };
    peer?.send(unknown as never);
    peer?.send({
      ...deployment.append(id, 'bob', 'x'),
      type: 'message.new',
      conversationId: id,
      mood: 1,
    } as never);
    for (const junk of ['null', '3', '[]', '{}', '"x"']) peer?.send(JSON.parse(junk));
    expect(told.message).toHaveLength(1);
    expect(chat.state).toBe('live');
  });

  test('tells its logger nothing that anybody wrote, and no token', async () => {
    const { chat, deployment, logged, clock } = await live({ outbox: failing() });
    deployment.refuse = ({ type }) => (type === 'message.send' ? 'malformed' : undefined);
    await expect(settled(chat.conversation(id).send('a secret').acknowledged, clock)).rejects.toMatchObject({
      code: 'malformed',
    });
    deployment.open[0]?.end(1006);
    await clock.turn(MINUTE);
    expect(logged.length).toBeGreaterThan(4);
    expect(JSON.stringify(logged)).not.toMatch(/a secret|h\.[A-Za-z0-9]/);
  });
});

test('each socket says what kind of device it is on, where the app has said so', async () => {
  const { sent } = await live({ device: 'tablet' });
  expect(sent('session.open')).toEqual([{ type: 'session.open', device: 'tablet' }]);
  expect((await live()).sent('session.open')).toEqual([{ type: 'session.open' }]);
});

test('connecting again while live finds a connection that is no more, as when the device was asleep', async () => {
  for (const features of [['sync'], []]) {
    const started = await live();
    const { chat, clock, deployment, told } = started;
    deployment.features = features;
    deployment.open[0]?.end(1006);
    await clock.turn(20_000);
    told.state.length = 0;
    await chat.connect();
    await clock.turn(15_000);
    expect(told.state).toEqual([]);

    deployment.fate = () => ({ ...kind, frame: 'unanswered' });
    await chat.connect();
    await clock.turn(10_000);
    expect(told.state).toMatchObject([{ to: 'recovering', code: 'no-answer' }]);
    chat.close();
  }
});
