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
    fetch: deployment.fetch,
    clock,
    logger: { debug: log, warn: log },
    ...options,
  });
  onTestFinished(() => chat.close());
  const told: { [Name in keyof ChatEvents]: ChatEvents[Name][] } = {
    state: [],
    message: [],
    status: [],
    conversation: [],
    read: [],
    attachment: [],
    gap: [],
    removed: [],
    kept: [],
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

/** A chat that went through its first sync, and not its second. */
export async function connected(before: (started: Started) => void): Promise<Started> {
  const started = start({ random: () => 0.5 });
  before(started);
  started.chat.connect().catch(() => {});
  await started.clock.turn(1000);
  return started;
}

/** A chat that follows conversations in which nothing was said, with both syncs behind it. */
export async function following(
  ids: readonly string[],
  options: Partial<ChatOptions> = {},
): Promise<Started> {
  const started = start({ random: () => 0.5, ...options });
  for (const id of ids) started.chat.conversation(id);
  started.chat.connect().catch(() => {});
  await started.clock.turn(MINUTE);
  expect(started.chat.state).toBe('live');
  return started;
}

export const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

/** Ids in ascending order. */
export function idsOf(count: number): string[] {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const letter = (number: number) => letters[number % 26];
  return upTo(count).map((number) =>
    `${letter(Math.floor(number / 676))}${letter(Math.floor(number / 26))}${letter(number)}`.padEnd(26, 'q'),
  );
}

/** Somebody says so many things in a conversation, unheard. */
export function talk({ deployment }: Pick<Started, 'deployment'>, id: string, count: number): void {
  for (const place of upTo(count)) deployment.append(id, 'bob', `${place}`);
}

/** The numbers of what was told of a conversation, in the order in which it was. */
export function seqsIn({ told }: Pick<Started, 'told'>, id: string): number[] {
  return told.message.filter(({ conversationId }) => conversationId === id).map(({ seq }) => seq);
}

export async function turnUntil(clock: HandClock, isSo: () => boolean): Promise<void> {
  for (let turned = 0; !isSo(); turned += 1) {
    if (turned > MINUTE) throw new Error('not within a minute');
    await clock.turn(1);
  }
}

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
