import { afterAll, beforeAll, expect, test } from 'vitest';
import { caughtUp } from '../fixtures/observed/stored.ts';
import { report } from '../fixtures/results.ts';
import { type Clinic, startClinic } from './promises/clinic.ts';
import { placesIn } from './promises/heard.ts';
import { writeWithoutPause } from './promises/traffic.ts';
import { LASTS_AT_MOST_MS, probe, type Stopped, slowest, spread, TRIALS, tooLate } from './under-traffic.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic(['ana', 'ben', 'cleo']);
});
afterAll(() => clinic.close());

test(
  'who is removed under traffic is refused at their next frame within a second, and hears nothing above the removal',
  async () => {
    const { run } = clinic;
    const conversationId = await clinic.group('ana', 'ben', 'cleo');
    const [ana, ben] = [clinic.person('ana'), clinic.person('ben')];
    const [writing, silent, cleos] = [
      await clinic.socket('ben'),
      await clinic.socket('ben'),
      await clinic.socket('cleo'),
    ];
    const [removed, others] = [
      writeWithoutPause(writing, conversationId),
      writeWithoutPause(cleos, conversationId),
    ];
    const members = `conversations/${conversationId}/members`;
    const change = async (method: string, path: string, body?: object) =>
      expect(await run.request(ana, method, path, body)).toMatchObject({ status: 200 });

    const trials: (Stopped & { readonly answeredMs: number })[] = [];
    while (trials.length < TRIALS) {
      await Promise.all([removed.more(1), others.more(1)]);
      const plain = probe(run, ana);
      const asked = performance.now();
      const refusal = removed.nextRefusal();
      await change('DELETE', `${members}/${ben.id}`);
      const answeredMs = performance.now() - asked;
      const ms = (await refusal) - asked;
      trials.push({ ms, answeredMs, plainMs: slowest(await plain.stop()) });
      await others.more(2); // or there was nothing to hear
      await change('POST', members, { person: ben.id });
    }
    await Promise.all([removed.stop(), others.stop()]);
    await writing.ask({ type: 'session.open' }); // after every push, had there been one
    await silent.ask({ type: 'session.open' });

    const entries = await caughtUp(cleos, conversationId);
    const places = (kind: string) => entries.filter(({ body }) => body.kind === kind).map(({ seq }) => seq);
    const [left, joined] = [places('member.removed'), places('member.added')];
    const isAbsent = (seq: number) =>
      left.some((from, place) => seq > from && seq < (joined[place] ?? Number.POSITIVE_INFINITY));
    const heard = placesIn([...writing.heard, ...silent.heard], conversationId);
    const absent = entries.filter(({ seq }) => isAbsent(seq));
    const warm = trials.slice(1);
    report('removal', {
      removals: TRIALS,
      'of these cold, told apart': 1,
      'request to first refusal when cold, ms': Math.round(trials[0]?.ms ?? 0),
      'entries stored above a removal': absent.length,
      'of these delivered to the removed': { found: heard.filter(isAbsent).length, of: heard.length },
      'of these sent by the removed': {
        found: absent.filter(({ sender }) => sender === ben.id).length,
        of: removed.refused().length,
      },
      'request to first refusal, ms': spread(warm.map(({ ms }) => ms)),
      'request to its answer, ms': spread(warm.map(({ answeredMs }) => answeredMs)),
      'slowest plain request meanwhile, ms': spread(warm.map(({ plainMs }) => plainMs)),
    });
    expect([left.length, joined.length]).toEqual([TRIALS, TRIALS]);
    expect(absent.length).toBeGreaterThanOrEqual(TRIALS);
    expect(heard.filter(isAbsent)).toEqual([]);
    expect(absent.filter(({ sender }) => sender === ben.id)).toEqual([]);
    expect(new Set(removed.refused())).toEqual(new Set(['not-a-member']));
    expect(tooLate(warm)).toEqual([]);
  },
  LASTS_AT_MOST_MS,
);
