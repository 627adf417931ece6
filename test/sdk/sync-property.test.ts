import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chat } from '../../sdk/index.ts';
import { HandClock } from './hand-clock.ts';
import { idsOf, MINUTE, upTo } from './pretend-chat.ts';
import { type Fate, kind, PretendDeployment, tokenOf } from './pretend-deployment.ts';

const ids = idsOf(6);
/** The app names the first two before it connects, the third and fourth some time later; the others nobody. */
const [before, later, never] = [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)];

const fates = fc.infiniteStream(
  fc.record<Fate>({
    delay: fc.integer({ min: 1, max: 2500 }),
    frame: fc.constantFrom(
      ...(['answered', 'answered', 'answered', 'answered', 'answered twice', 'answer cut'] as const),
      ...(['lost before', 'lost late', 'fault before', 'fault after', 'throttled', 'unanswered'] as const),
    ),
    push: fc.constantFrom('once', 'twice', 'never'),
  }),
);

/** Somebody else says something somewhere, or the connection is lost. */
const happenings = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 3 * MINUTE }),
    what: fc.oneof(fc.constantFrom(...ids), fc.constantFrom(...ids), fc.constant('loss')),
  }),
  { maxLength: 40 },
);
const sizes = fc.record({
  lagMs: fc.constantFrom(0, 700, 3000),
  mostHeads: fc.constantFrom(1, 2, 1000),
  mostPages: fc.constantFrom(1, 2, 40),
});

test('whatever the network does to a sync, every conversation is told once and in order, from where it is followed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fates,
      happenings,
      sizes,
      fc.integer({ min: 0, max: 3 * MINUTE }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (unkind, all, { lagMs, mostHeads, mostPages }, namedAt, dice) => {
        const clock = new HandClock();
        const deployment = new PretendDeployment(clock);
        for (const id of ids) for (const place of upTo(3)) deployment.append(id, 'bob', `old ${place}`);
        Object.assign(deployment.sync, { lagMs, mostHeads, mostPages });
        deployment.fate = () => unkind.next().value;
        const chat = new Chat({
          webSocketUrl: 'wss://deployment',
          httpApiUrl: 'https://deployment',
          getToken: async () => tokenOf('anne'),
          WebSocket: deployment.WebSocket,
          clock,
          random: () => dice.next().value,
        });
        const told = new Map<string, number[]>(ids.map((id) => [id, []]));
        const met: string[] = [];
        const wrong: unknown[] = [];
        chat.on('message', ({ conversationId, seq }) => told.get(conversationId)?.push(seq));
        chat.on('conversation', ({ conversationId }) => met.push(conversationId));
        for (const name of ['gap', 'removed', 'restored', 'refused'] as const)
          chat.on(name, (event) => wrong.push([name, event]));
        for (const id of before) chat.conversation(id);
        chat.connect().catch(() => {});
        clock.after(namedAt, () => {
          for (const id of later) {
            told.set(id, []); // from here it is what the app asks for
            chat.conversation(id);
          }
        });
        for (const { at, what } of all) {
          clock.after(at, () => {
            if (what === 'loss') for (const peer of deployment.open) peer.end(1006);
            else deployment.push(what, deployment.append(what, 'bob', 'new').seq);
          });
        }
        await clock.turn(4 * MINUTE);
        deployment.fate = () => kind;
        await clock.turn(20 * MINUTE);

        for (const id of [...before, ...later]) expect(told.get(id)).toEqual(upTo(deployment.log(id).length));
        for (const id of never) {
          const seqs = told.get(id) ?? [];
          const first = seqs[0] ?? deployment.log(id).length + 1;
          expect(first).toBeGreaterThan(3);
          expect(seqs).toEqual(upTo(deployment.log(id).length).slice(first - 1));
        }
        expect(met.filter((id) => never.includes(id)).sort()).toEqual(never);
        expect(new Set(met).size).toBe(met.length);
        expect(wrong).toEqual([]);
        chat.close();
      },
    ),
    { numRuns: 250 },
  );
}, 120_000);
