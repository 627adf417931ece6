import { afterAll, describe, expect, test } from 'vitest';
import { type TransitionCode, transitions } from '../../sdk/index.ts';
import { id, live, MINUTE, type Started, start } from './pretend-chat.ts';
import { kind, tokenOf } from './pretend-deployment.ts';

describe('every transition of the table', () => {
  const seen = new Set<string>();
  afterAll(() => expect([...seen].sort()).toEqual(Object.keys(transitions).sort()));

  const ways: Record<TransitionCode, () => Promise<Started>> = {
    'connect-called': () => live(),
    opened: () => live(),
    unreachable: async () => {
      const started = start();
      started.deployment.isReachable = false;
      return connecting(started);
    },
    'no-token': () => connecting(start({ getToken: async () => Promise.reject(new Error('offline')) })),
    'connection-lost': async () => following(await live(), ({ deployment }) => deployment.open[0]?.end(1006)),
    'going-away': async () => following(await live(), ({ deployment }) => deployment.open[0]?.end(1001)),
    'no-answer': async () =>
      following(await live(), ({ deployment, chat }) => {
        deployment.fate = () => ({ ...kind, frame: 'unanswered' });
        chat
          .conversation(id)
          .catchUp()
          .catch(() => {});
      }),
    'session-expired': async () => refusing('session-expired'),
    'session-ended': async () => refusing('session-ended'),
    'session-idle': async () => refusing('session-idle'),
    'session-time-limit': async () => refusing('session-time-limit'),
    'token-refused': async () => {
      const started = await live();
      started.deployment.refuse = ({ type }) => (type === 'session.renew' ? 'token-invalid' : undefined);
      await started.clock.turn(14.5 * MINUTE);
      return started;
    },
    'nobody-signed-in': () => connecting(start({ getToken: async () => undefined })),
    'other-person': async () => {
      const people = ['anne', 'bob'];
      const started = await live({ getToken: async () => tokenOf(people.shift() ?? 'bob') });
      return following(started, ({ deployment }) => deployment.open[0]?.end(1006));
    },
    'closed-by-app': async () => following(await live(), ({ chat }) => chat.close()),
  };

  test.each(Object.entries(ways))('happens: %s', async (code, way) => {
    const { told, chat } = await way();
    const { from, to, reason } = transitions[code as TransitionCode];
    const happened = told.state.find((change) => change.code === code);
    expect(happened).toMatchObject({ to, reason });
    expect(from).toContain(happened?.from);
    if (to !== 'recovering') expect([to, 'live']).toContain(chat.state);
    for (const change of told.state) seen.add(change.code);
  });

  test('session.ended signs out at once, on a socket in use and on one that is opening, and nothing reconnects', async () => {
    const ended = { type: 'session.ended', reason: 'revoked' } as const;
    const inUse = await following(await live(), ({ deployment }) => {
      deployment.open[0]?.send(ended);
      deployment.open[0]?.end(1000);
    });
    const opening = start();
    opening.deployment.fate = () => ({ ...kind, frame: 'unanswered' });
    opening.chat.connect().catch(() => {});
    await opening.clock.turn(100);
    opening.deployment.peers[0]?.send(ended);
    await opening.clock.turn(20_000);
    for (const { told, chat, deployment } of [inUse, opening]) {
      expect(told.state.at(-1)).toMatchObject({ to: 'signed-out', code: 'session-ended' });
      expect([chat.state, deployment.tries]).toEqual(['signed-out', 1]);
    }
  });

  test.each([
    ['idle', 'session-idle'],
    ['time-limit', 'session-time-limit'],
    ['a reason of the future', 'session-ended'],
  ])('session.ended says why: %s', async (reason, code) => {
    const { told } = await following(await live(), ({ deployment }) => {
      deployment.open[0]?.send({ type: 'session.ended', reason } as never);
    });
    expect(told.state.at(-1)).toMatchObject({ to: 'signed-out', code });
  });

  test('a handshake that is refused with a fresh token too is asked about: whoever is signed out does not try for ever', async () => {
    const { told, deployment, chat } = await following(await live(), ({ deployment }) => {
      deployment.signedOutBy = 'session-idle';
      deployment.open[0]?.end(1006);
    });
    expect(told.state.at(-1)).toMatchObject({ to: 'signed-out', code: 'session-idle' });
    expect([chat.state, deployment.tries]).toEqual(['signed-out', 3]);
  });

  async function connecting(started: Started): Promise<Started> {
    started.chat.connect().catch(() => {});
    await started.clock.turn(1000);
    return started;
  }

  async function following(started: Started, happen: (started: Started) => void): Promise<Started> {
    happen(started);
    await started.clock.turn(20_000);
    return started;
  }

  async function refusing(code: string): Promise<Started> {
    const started = await live();
    started.deployment.refuse = () => code;
    started.chat
      .conversation(id)
      .catchUp()
      .catch(() => {});
    await started.clock.turn(1000);
    return started;
  }
});
