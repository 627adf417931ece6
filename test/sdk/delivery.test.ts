import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chat } from '../../sdk/index.ts';
import { HandClock } from './hand-clock.ts';
import { type Fate, PretendDeployment, tokenOf } from './pretend-deployment.ts';

const HOUR = 60 * 60_000;
const YEAR = 365 * 24 * HOUR;
const conversationId = 'c'.repeat(26);

const fates = fc.infiniteStream(
  fc.record<Fate>({
    delay: fc.integer({ min: 1, max: 900 }),
    frame: fc.constantFrom(
      'answered',
      'answered',
      'answered',
      'lost before',
      'lost late',
      'fault before',
      'fault after',
      'throttled',
      'unanswered',
    ),
    push: fc.constantFrom('once', 'once', 'twice', 'never'),
  }),
);

/** How long a person waits before each message; the longer ones let others write meanwhile. */
const waits = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 12 });

/** How far a device's own clock is off: its person may have set it to anything. */
const off = fc.constantFrom(0, -YEAR, YEAR);

test('whatever the network does and devices take the time to be, each message is stored once in the order of its writer, and everybody gets every entry once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fates,
      waits,
      waits,
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.tuple(off, off),
      async (unkind, annes, bobs, dice, [annesIsOff, bobsIsOff]) => {
        const clock = new HandClock();
        const deployment = new PretendDeployment(clock);
        deployment.fate = () => unkind.next().value;
        const random = () => dice.next().value;
        const writers = [
          { person: 'anne', waits: annes, isOff: annesIsOff },
          { person: 'bob', waits: bobs, isOff: bobsIsOff },
        ].map(({ person, waits, isOff }) => {
          const chat = new Chat({
            webSocketUrl: 'wss://deployment',
            httpApiUrl: 'https://deployment',
            getToken: async () => tokenOf(person),
            WebSocket: deployment.WebSocket,
            clock: {
              now: () => clock.now() + isOff,
              after: (milliseconds, fire) => clock.after(milliseconds, fire),
            },
            random,
          });
          const heard: number[] = [];
          const gaps: unknown[] = [];
          chat.on('message', ({ seq }) => heard.push(seq));
          chat.on('gap', (gap) => gaps.push(gap));
          void chat.connect();
          return { person, chat, heard, gaps, waits, conversation: chat.conversation(conversationId) };
        });

        const sent = await Promise.all(
          writers.map(async ({ person, waits, conversation }) => {
            const messages = waits.map((wait, place) => ({ wait, text: `${person} ${place}` }));
            let due = 0;
            return messages.map(({ wait, text }) => {
              due += wait;
              return new Promise<{ text: string; seq: Promise<number> }>((resolve) => {
                clock.after(due, () => {
                  const { acknowledged } = conversation.send(text);
                  resolve({ text, seq: acknowledged.then(({ seq }) => seq) });
                });
              });
            });
          }),
        );
        await clock.turn(HOUR / 6);
        deployment.fate = () => ({ delay: 10, frame: 'answered', push: 'once' });
        await clock.turn(HOUR);

        const log = deployment.log(conversationId);
        for (const [place, { person, waits }] of writers.entries()) {
          const stored = log.filter(({ sender }) => sender === person);
          expect(stored.map(({ body }) => body)).toEqual(
            waits.map((_, number) => ({ kind: 'text', text: `${person} ${number}` })),
          );
          const acknowledged = await Promise.all(
            (sent[place] ?? []).map(async (message) => (await message).seq),
          );
          expect(acknowledged).toEqual(stored.map(({ seq }) => seq));
        }
        for (const { chat, heard, gaps } of writers) {
          expect(heard).toEqual(log.map(({ seq }) => seq));
          expect(gaps).toEqual([]);
          chat.close();
        }
      },
    ),
    { numRuns: 300 },
  );
}, 120_000);
