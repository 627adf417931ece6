import { expect, onTestFinished } from 'vitest';
import { Chat, type ChatEvents, type ChatOptions } from '../../sdk/index.ts';
import { HandClock } from './hand-clock.ts';
import { PretendDeployment, tokenOf } from './pretend-deployment.ts';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
export const id = 'c'.repeat(26);

/** A chat on a deployment in memory, on a clock of its own; closed with its test. */
export function start(options: Partial<ChatOptions> = {}) {
  const clock = new HandClock();
  const deployment = new PretendDeployment(clock);
  const logged: unknown[] = [];
  const log = (event: string, facts: object) => logged.push([event, facts]);
  const chat = new Chat({
    webSocketUrl: 'wss://deployment',
    httpApiUrl: 'https://deployment',
    getToken: async () => tokenOf('anne'),
    WebSocket: deployment.WebSocket,
    clock,
    logger: { debug: log, warn: log },
    ...options,
  });
  onTestFinished(() => chat.close());
  const told: { [Name in keyof ChatEvents]: ChatEvents[Name][] } = {
    state: [],
    message: [],
    status: [],
    gap: [],
    removed: [],
    restored: [],
    refused: [],
  };
  for (const name of Object.keys(told) as (keyof ChatEvents)[]) {
    chat.on(name, (event) => (told[name] as unknown[]).push(event));
  }
  const sent = (type: string) =>
    deployment.frames.filter(({ frame }) => frame.type === type).map(({ frame }) => frame);
  return { chat, clock, deployment, logged, told, sent };
}

/** The same, connected. */
export async function live(options: Partial<ChatOptions> = {}) {
  const started = start(options);
  started.chat.connect().catch(() => {});
  await started.clock.turn(1000);
  expect(started.chat.state).toBe('live');
  return started;
}

export type Started = ReturnType<typeof start>;

/** An outbox that cannot keep anything. */
export const failing = () => {
  const fail = () => Promise.reject(new Error('no space: a secret'));
  return { load: fail, put: fail, remove: fail };
};

/** Turns the clock until the promise is settled. */
export async function settled<Value>(
  promise: Promise<Value>,
  clock: HandClock,
  atMost = 10 * MINUTE,
): Promise<Value> {
  let isSettled = false;
  promise.then(
    () => {
      isSettled = true;
    },
    () => {
      isSettled = true;
    },
  );
  for (let turned = 0; !isSettled && turned < atMost; turned += 1000) await clock.turn(1000);
  if (!isSettled) throw new Error(`nothing within ${atMost} ms`);
  return promise;
}
