import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Person } from '../fixtures/deployed.ts';
import { caughtUp } from '../fixtures/observed/stored.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { placesIn } from './promises/heard.ts';
import { writeWithoutPause } from './promises/traffic.ts';
import {
  inTurn,
  LASTS_AT_MOST_MS,
  probe,
  RENEWED_EVERY,
  renewed,
  slowest,
  spread,
  TRIALS,
  tooLate,
} from './under-traffic.ts';

let run: Run;
let ana: Person;
let ben: Person;
let cleo: Person;
beforeAll(async () => {
  run = await startRun();
  [ana, ben, cleo] = [await added('ana'), await added('ben'), await added('cleo')];
});
afterAll(() => run.close());

const added = (name: string) => run.person(`${name}-1`, 'clinician');

test(
  'who is removed under traffic is refused at their next frame within a second, and hears nothing above the removal',
  async () => {
    const plain = probe(run, () => ana);
    const room = await aRoom();
    const trials = await inTurn(TRIALS, async (nth) => {
      if (nth % RENEWED_EVERY === 0) await renewAll(room);
      return room.removal();
    });
    const plainProbes = await plain.stop();
    const { left, joined, absent, heard, heardWhileAbsent, writtenWhileAbsent, refused } =
      await room.outcome();
    const stopped = trials.warm.map(({ asked, ms }) => ({ ms, plainMs: slowest(plainProbes, asked, ms) }));

    report('removal', {
      removals: TRIALS,
      'of these cold, told apart': trials.cold.length,
      'request to first refusal when cold, ms': Math.round(trials.cold[0]?.ms ?? Number.NaN),
      'entries stored above a removal': absent.length,
      'of these delivered to the removed': { found: heardWhileAbsent.length, of: heard.length },
      'of these sent by the removed': { found: writtenWhileAbsent.length, of: refused.length },
      'request to first refusal, ms': spread(trials.warm.map(({ ms }) => ms)),
      'request to its answer, ms': spread(trials.warm.map(({ answeredMs }) => answeredMs)),
      'slowest plain request meanwhile, ms': spread(stopped.map(({ plainMs }) => plainMs)),
    });
    expect([left.length, joined.length]).toEqual([TRIALS, TRIALS]);
    expect(absent.length).toBeGreaterThanOrEqual(TRIALS);
    expect(heardWhileAbsent).toEqual([]);
    expect(writtenWhileAbsent).toEqual([]);
    expect(new Set(refused)).toEqual(new Set(['not-a-member']));
    expect(tooLate(stopped)).toEqual([]);
  },
  LASTS_AT_MOST_MS,
);

type Room = Awaited<ReturnType<typeof aRoom>>;

/** A conversation of ana's in which ben and cleo write without a pause, and ben is removed and added again. */
async function aRoom() {
  const proposal = { ref: randomUUID(), kind: 'group', members: [ben.id, cleo.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  const { conversationId } = body as { conversationId: string };
  const [writing, silent, cleos] = [await opened(ben), await opened(ben), await opened(cleo)];
  const [removed, others] = [
    writeWithoutPause(writing, conversationId),
    writeWithoutPause(cleos, conversationId),
  ];
  const members = `conversations/${conversationId}/members`;
  const change = async (method: string, path: string, wish?: object) =>
    expect(await run.request(ana, method, path, wish)).toMatchObject({ status: 200 });

  return {
    removal: async () => {
      await Promise.all([removed.more(1), others.more(1)]);
      const asked = performance.now();
      const refusal = removed.nextRefusal();
      await change('DELETE', `${members}/${ben.id}`);
      const answeredMs = performance.now() - asked;
      const ms = (await refusal) - asked;
      await others.more(2); // or there was nothing to hear
      await change('POST', members, { person: ben.id });
      return { asked, ms, answeredMs };
    },
    renew: async () => {
      for (const [socket, { tokens }] of [
        [writing, ben] as const,
        [silent, ben] as const,
        [cleos, cleo] as const,
      ]) {
        const frame = { type: 'session.renew', token: tokens.accessToken };
        await socket.ask(frame, ({ type }) => type === 'session.renewed');
      }
    },
    outcome: async () => {
      await Promise.all([removed.stop(), others.stop()]);
      for (const socket of [writing, silent]) await socket.ask({ type: 'session.open' }, isOpened); // after every push
      const entries = await caughtUp(cleos, conversationId);
      const places = (kind: string) =>
        entries.filter((entry) => entry.body.kind === kind).map(({ seq }) => seq);
      const [left, joined] = [places('member.removed'), places('member.added')];
      const isAbsent = (seq: number) =>
        left.some((from, place) => seq > from && seq < (joined[place] ?? Number.POSITIVE_INFINITY));
      const heard = placesIn([...writing.heard, ...silent.heard], conversationId);
      const absent = entries.filter(({ seq }) => isAbsent(seq));
      return {
        ...{ left, joined, heard, absent, heardWhileAbsent: heard.filter(isAbsent) },
        writtenWhileAbsent: absent.filter(({ sender }) => sender === ben.id),
        refused: removed.refused(),
      };
    },
  };
}

async function opened(person: Person) {
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return socket;
}

async function renewAll(room: Room): Promise<void> {
  [ana, ben, cleo] = [await renewed(run, ana), await renewed(run, ben), await renewed(run, cleo)];
  await room.renew();
}

function isOpened({ type }: Readonly<Record<string, unknown>>): boolean {
  return type === 'session.opened';
}
