import { randomUUID } from 'node:crypto';
import { renewTokens } from '../../examples/plain-client/sign-in.mjs';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import type { Run } from '../fixtures/running.ts';

/** Trials of each promise about somebody who is shut out; `WARDLINE_TRIALS` asks for more. */
export const TRIALS = Number(process.env.WARDLINE_TRIALS ?? 30);

/** However slow the machine is, and whatever else it does. */
export const LASTS_AT_MOST_MS = 600_000 + TRIALS * 10_000;

/** Trials after which who stays gets new tokens: they live for a quarter of an hour. */
export const RENEWED_EVERY = 50;

/** What P6 promises, and how fast a plain request has to be for a machine to be held to it. */
const WITHIN_MS = 1_000;
const PLAIN_MS = 100;

/** What somebody was refused after, and the slowest plain request of somebody else meanwhile; milliseconds. */
export interface Stopped {
  readonly ms: number;
  readonly plainMs: number;
}

/**
 * Trials in which somebody was stopped too late: after more than a second, and, where others keep the machine from answering plain requests
 * within a tenth of that, after more than ten of those. Of each trial by what was measured in it.
 */
export function tooLate(trials: readonly Stopped[]): readonly Stopped[] {
  return trials.filter(({ ms, plainMs }) => !(ms <= WITHIN_MS * Math.max(1, plainMs / PLAIN_MS)));
}

/** One request: when it was made and answered on the monotonic clock, and how. */
export interface Probe {
  readonly startedAt: number;
  readonly answeredAt: number;
  readonly status: number;
}

/** Asks over HTTP again and again, and so many times more when it is stopped; once at least. */
export function probe(run: Run, person: () => Person) {
  const probes: Probe[] = [];
  let left = Number.POSITIVE_INFINITY;
  const asking = (async () => {
    for (; left > 0; left -= 1) {
      const startedAt = performance.now();
      const { status } = await run.request(person(), 'GET', 'me');
      probes.push({ startedAt, answeredAt: performance.now(), status });
    }
  })();
  asking.catch(() => {}); // `stop` tells
  return {
    stop: async (more = 0): Promise<readonly Probe[]> => {
      left = more;
      await asking;
      return probes;
    },
  };
}

/** The same person under newer tokens of the same sign-in. */
export async function renewed(run: Run, person: Person): Promise<Person> {
  const tokens = await renewTokens(run.deployment, person.tokens.refreshToken);
  return { ...person, tokens: { ...person.tokens, ...tokens } };
}

/** The longest of those that were under way in a stretch of `ms` milliseconds. */
export function slowest(probes: readonly Probe[], from: number, ms: number): number {
  const meanwhile = probes.filter(({ startedAt, answeredAt }) => answeredAt > from && startedAt < from + ms);
  return Math.max(...meanwhile.map(({ startedAt, answeredAt }) => answeredAt - startedAt));
}

/** So many trials, one after the other: the first meets functions that have to start, and is told apart. */
export async function inTurn<T>(trials: number, trial: (nth: number) => Promise<T>) {
  const all: T[] = [];
  while (all.length < trials) all.push(await trial(all.length + 1));
  return { all, cold: all.slice(0, 1), warm: all.slice(1) };
}

/** Sends one message after the other until the socket closes. */
export async function talk(socket: BareSocket, conversationId: string): Promise<void> {
  const isClosed = socket.closed.then(() => undefined);
  for (let since = 0; socket.open; ) {
    const asking = socket.ask(message(conversationId, since), ({ type }) => type !== 'message.new');
    const answer = await Promise.race([asking.catch(() => undefined), isClosed]); // a close leaves it without an answer
    if (answer?.type === 'message.accepted') since = Number(answer.seq);
  }
}

export function message(conversationId: string, since: number) {
  const body = { kind: 'text', text: 'good morning' };
  return { type: 'message.send', ref: randomUUID(), conversationId, since, body };
}

/** Median, 99th of a hundred, and worst, in whole milliseconds. */
export function spread(given: readonly number[]) {
  const sorted = [...given].sort((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  return { p50: at(0.5), p99: at(0.99), worst: at(1) };
}
