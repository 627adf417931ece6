import { afterAll, beforeAll, expect, test } from 'vitest';
import { countCalls } from '../../fixtures/observed/calls.ts';
import { Observed, violations } from '../../fixtures/observed/observed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { caughtUp } from '../../fixtures/observed/stored.ts';
import { type AnyClinic, anyClinic, PATIENCE, upTo } from '../promises/clinic.ts';
import { placesIn } from '../promises/heard.ts';
import { writeWithoutPause } from '../promises/traffic.ts';

const ROUNDS = 10;

/** Messages that each writer has on the way: whoever floods must not put off their own removal. */
const LANES = { ana: 1, cleo: 1, ben: 3 } as const;

let clinic: AnyClinic;
beforeAll(async () => {
  clinic = await anyClinic(['ana', 'ben', 'cleo']);
});
afterAll(() => clinic.close());

test(
  'P6: somebody who is removed in the midst of traffic hears nothing above the removal, ten times',
  async () => {
    const { run } = clinic;
    const id = await clinic.group('ana', 'ben', 'cleo');
    const ben = clinic.person('ben').id;
    const sockets = [
      await clinic.socket('ana'),
      await clinic.socket('cleo'),
      await clinic.socket('ben'),
    ] as const;
    const theirs = [await clinic.online('ben'), await clinic.online('ben')];
    const reader = await clinic.online('cleo');
    const absences: { removed: number; joined: number }[] = [];
    const isAbsent = (seq: number) => absences.some(({ removed, joined }) => seq > removed && seq < joined);
    const observed = new Observed(run, id);
    for (const [place, socket] of sockets.entries())
      observed.socket(['ana', 'cleo', 'ben'][place] ?? '', socket);
    for (const made of theirs) observed.device('ben', made, (seq) => !isAbsent(seq));
    observed.device('cleo', reader);

    const [ana, cleo, removed] = [
      writeWithoutPause(sockets[0], id, LANES.ana),
      writeWithoutPause(sockets[1], id, LANES.cleo),
      writeWithoutPause(sockets[2], id, LANES.ben),
    ];
    const members = `conversations/${id}/members`;
    const transactions = countCalls(run, ({ operation }) => operation === 'TransactWriteItems'); // one for each try at a change
    const change = async (method: string, path: string, body?: unknown) => {
      expect(await run.request(clinic.person('ana'), method, path, body)).toMatchObject({ status: 200 });
    };
    for (const _ of upTo(ROUNDS)) {
      await Promise.all([ana.more(5), cleo.more(5)]);
      await change('DELETE', `${members}/${ben}`);
      const acceptedOfBen = removed.accepted();
      await Promise.all([ana.more(5), cleo.more(5)]);
      expect(removed.accepted()).toBeLessThanOrEqual(acceptedOfBen + LANES.ben); // what was on its way when DELETE was answered
      await change('POST', members, { person: ben });
    }
    await Promise.all([ana, cleo, removed].map((writer) => writer.stop()));

    const entries = await caughtUp(sockets[0], id);
    const changes = entries.filter(({ body }) => body.kind.startsWith('member.'));
    expect(changes.map(({ body }) => body.kind)).toEqual(
      upTo(ROUNDS).flatMap(() => ['member.removed', 'member.added']),
    );
    for (let place = 0; place < changes.length; place += 2) {
      absences.push({ removed: changes[place]?.seq ?? 0, joined: changes[place + 1]?.seq ?? 0 });
    }
    const heard = [sockets[2], ...theirs.map(({ network }) => network)].flatMap((wire) => wire.heard);
    const absent = entries.filter(({ seq }) => isAbsent(seq));
    const places = placesIn(heard, id);
    const figures = await observed.figures('P6', 'removed in the midst of traffic', sockets[0], {
      removals: ROUNDS,
      sendsAtOnce: LANES.ana + LANES.cleo + LANES.ben,
      transactionsTried: transactions(),
      storedWhileRemoved: absent.length,
      heardWhileRemoved: { found: places.filter(isAbsent).length, of: places.length },
      storedOfTheRemoved: {
        found: absent.filter(({ sender }) => sender === ben).length,
        of: removed.refused().length,
      },
    });
    reportPromise('p6-removed-in-the-midst-of-traffic', figures);
    expect(violations(figures)).toEqual([]);
    expect(absent.length).toBeGreaterThanOrEqual(ROUNDS * 10);
    expect(new Set(removed.refused())).toEqual(new Set(['not-a-member']));
    for (const { told } of theirs) {
      expect(told.removed).toHaveLength(ROUNDS);
      expect(told.gap.map(({ from, to }) => [from, to])).toEqual(
        absences.map(({ removed: last, joined }) => [last + 1, joined - 1]),
      );
    }
  },
  PATIENCE,
);
