import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Request } from '../../../functions/domain/approvals.ts';
import { changeRetention } from '../../../functions/domain/change-retention.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { endOf } from '../../../functions/domain/data-key.ts';
import { destroyKeys, type StandingKey } from '../../../functions/domain/destroy-keys.ts';
import {
  daysFor,
  type RetentionDays,
  type RetentionKind,
  underLongestDays,
} from '../../../functions/domain/retention.ts';
import { aRetention, callerNamed, person } from './in-memory.ts';
import { DAY_MS } from './ward.ts';

const WEEK_MS = 7 * DAY_MS;
const [olga, otto] = [person('olga'), person('otto')];

/** To the millisecond when the last entry of January expires by 30 days. */
const START = endOf('2030-01') - 1 + 30 * DAY_MS;

/** Two officers, the policy, and a key for each past month of one conversation of each kind. */
function anOffice(days: RetentionDays) {
  const time = { now: START };
  const requests = new Map<string, Request>();
  let asked = 0;
  const { policy, ...retention } = aRetention(days);
  const rooms = {
    retention,
    restamps: {
      standing: async () => ({ asked, done: 0, version: 0 }),
      ask: async () => {
        asked += 1;
        return asked;
      },
    },
    requests: {
      ask: async (request: Request, now: number) => {
        const found = requests.get(request.object);
        if (found && found.until > now) return found;
        requests.set(request.object, request);
        return request;
      },
      close: async ({ object }: Request) => void requests.delete(object),
    },
    people: { profile: async (one: string) => ({ person: one, roles: ['privacy-officer'] }) },
    sessions: { of: async () => ({ sockets: [] }) },
    now: () => time.now,
  };
  const set = async (who: string, kind: RetentionKind, wanted: number) => {
    const caller = Promise.resolve({ ...callerNamed(who), roles: ['privacy-officer'] });
    return (await changeRetention(rooms, caller, { kind, days: wanted })).value;
  };
  const state = async (...wish: Parameters<typeof set>) => {
    const value = await set(...wish);
    return 'policy' in value ? value.policy.days : value.state;
  };

  const kinds: readonly Head['kind'][] = ['direct', 'group'];
  const keys = new Set(
    kinds.flatMap((kind) => ['2029-10', '2029-11', '2029-12', '2030-01'].map((epoch) => `${kind} ${epoch}`)),
  );
  const walk = async () => {
    const log = {
      head: async (kind: string) => ({ conversationId: kind, kind }) as Head, // a conversation is named as its kind
    };
    await destroyKeys({
      log: underLongestDays(log, retention.standing(), rooms.now),
      keys: {
        standing: async function* () {
          yield [...keys].map((key): StandingKey => {
            const [conversationId = '', epoch = ''] = key.split(' ');
            return { conversationId, epoch, under: epoch };
          });
        },
        destroy: async ({ conversationId, epoch }) => keys.delete(`${conversationId} ${epoch}`),
        destroyUnheld: async (due) => {
          for (const { key } of due) keys.delete(`${key.conversationId} ${key.epoch}`);
          return true;
        },
      },
      titles: { replace: async () => true },
      vault: {
        openTitle: () => Promise.reject(new Error('there is no title')),
        sealTitle: () => Promise.reject(new Error('there is no title')),
      },
      holds: { all: async () => [], placings: async () => 0 },
      now: rooms.now,
      failed: (_id, error) => {
        throw error;
      },
    });
    return [...keys];
  };
  return { time, rooms, requests, set, state, keys, walk, policy: () => ({ ...policy }), asked: () => asked };
}

describe('fewer days than hold now', () => {
  test('take two people who ask for the same number, and nothing is changed or stamped before', async () => {
    const { state, set, policy, asked, requests } = anOffice({ default: 100 });
    const before = policy();
    for (const [who, kind, days] of [
      [olga, 'default', 99],
      [olga, 'default', 99],
      [otto, 'default', 98],
      [otto, 'group', 99],
    ] as const) {
      expect(await state(who, kind, days)).toBe('awaiting-second-person');
    }
    expect([policy(), asked()]).toEqual([before, 0]);
    expect(await set(otto, 'default', 99)).toMatchObject({
      policy: { days: { default: 99 }, changed: { by: otto, requestedBy: olga } },
      restamping: true,
    });
    expect([...requests.keys()].sort()).toEqual(['default-98', 'group-99']);
    expect(await state(otto, 'default', 1)).toBe('awaiting-second-person'); // the next cut needs two again
  });

  test('are told apart from as many and from more, which are one person’s, by the kinds that have none of their own', async () => {
    for (const [days, kind, wanted, isCut] of [
      [{ default: 100 }, 'default', 100, false],
      [{ default: 100 }, 'default', 101, false],
      [{ default: 100 }, 'default', 99, true],
      [{ default: 100 }, 'direct', 100, false],
      [{ default: 100 }, 'direct', 99, true],
      [{ default: 100, direct: 50 }, 'direct', 99, false],
      [{ default: 100, direct: 200 }, 'direct', 199, true],
      [{ default: 100, direct: 200 }, 'default', 99, true],
      [{ default: 100, direct: 200, group: 1 }, 'default', 1, false], // it is nobody's any more
    ] as const) {
      const office = anOffice(days);
      const answer = await office.state(olga, kind, wanted);
      const name = JSON.stringify([days, kind, wanted]);
      expect(answer, name).toEqual(isCut ? 'awaiting-second-person' : { ...days, [kind]: wanted });
      expect(office.policy().changed?.requestedBy, name).toBeUndefined();
    }
  });

  test('are looked at again where somebody changed the days meanwhile', async () => {
    const office = anOffice({ default: 100 });
    const { rooms } = office;
    const standing = rooms.retention.standing;
    rooms.retention.standing = async () => {
      rooms.retention.standing = standing;
      const found = await standing();
      await office.set(otto, 'default', 200); // after the look, before the write
      return found;
    };
    expect(await office.state(olga, 'default', 150)).toBe('awaiting-second-person');
    expect(office.policy().days).toEqual({ default: 200 });
  });
});

describe('a key', () => {
  test('stands a week after the cut that expired its month, whatever follows, and goes then unless the cut was taken back', async () => {
    const { time, set, walk, keys } = anOffice({ default: 2_192 });
    const all = keys.size;
    const cut = async (days: number) => {
      for (const who of [olga, otto]) await set(who, 'default', days);
    };
    await cut(365);
    time.now += 2 * DAY_MS;
    await cut(1);
    time.now += 5 * DAY_MS - 1;
    expect(await walk()).toHaveLength(all);
    time.now += 1; // the six years are a week past; the one year was cut two days later
    expect(await walk()).toHaveLength(all);
    time.now += 2 * DAY_MS - 1;
    expect(await walk()).toHaveLength(all);
    await set(olga, 'default', 2_192); // taken back in the last millisecond
    time.now += 300 * DAY_MS;
    expect(await walk()).toHaveLength(all);
    await cut(1);
    time.now += WEEK_MS;
    expect(await walk()).toHaveLength(0);
  });

  test('stands by the longest of several cuts in a week', async () => {
    const { time, set, walk, keys } = anOffice({ default: 2_192 });
    const all = keys.size;
    for (const days of [29, 28, 1]) {
      for (const who of [olga, otto]) await set(who, 'default', days); // by each of them all has expired
      time.now += 2 * DAY_MS;
    }
    time.now += DAY_MS - 1;
    expect(await walk()).toHaveLength(all);
    time.now += 1;
    expect(await walk()).toHaveLength(0);
  });

  test('goes at the walk at which its month has expired by every policy that was in force in the week before, and at no earlier one', async () => {
    const days = fc.oneof(fc.constantFrom(1, 23, 30, 37), fc.integer({ min: 1, max: 200 }));
    const kind = fc.constantFrom<RetentionKind>('default', 'direct', 'group');
    const passes = fc.oneof(
      fc.constantFrom(0, 1, DAY_MS, WEEK_MS - 1, WEEK_MS, WEEK_MS + 1),
      fc.integer({ min: 0, max: 40 }).map((count) => count * DAY_MS),
    );
    const steps = fc.array(
      fc.oneof(
        fc.record({ does: fc.constant('set' as const), kind, days }),
        fc.record({ does: fc.constant('pass' as const), ms: passes }),
        fc.record({ does: fc.constant('walk' as const) }),
      ),
      { maxLength: 30 },
    );
    let destroyed = 0;
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(days, steps, async (first, taken) => {
        const office = anOffice({ default: first });
        const { time, keys } = office;
        const history: { from: number; days: RetentionDays }[] = [{ from: 0, days: { default: first } }];
        for (const step of taken) {
          if (step.does === 'pass') time.now += step.ms;
          else if (step.does === 'set') {
            for (const who of [olga, otto]) await office.set(who, step.kind, step.days);
            const before = history.at(-1)?.days ?? { default: first };
            history.push({ from: time.now, days: { ...before, [step.kind]: step.days } });
          } else {
            const inForce = history.filter(
              (_policy, nth) => (history[nth + 1]?.from ?? Number.POSITIVE_INFINITY) > time.now - WEEK_MS,
            );
            const isDue = (key: string, policy: { days: RetentionDays }) => {
              const [of, epoch = ''] = key.split(' ');
              const expiry = endOf(epoch) - 1 + daysFor(policy, of as Head['kind']) * DAY_MS;
              return expiry <= time.now;
            };
            const wanted = [...keys].filter((key) => inForce.some((policy) => !isDue(key, policy)));
            destroyed += keys.size - wanted.length;
            kept += wanted.filter((key) => isDue(key, history.at(-1) ?? { days: { default: 0 } })).length;
            expect(await office.walk()).toEqual(wanted);
          }
        }
      }),
      { numRuns: 400, seed: 13 },
    );
    expect(destroyed).toBeGreaterThan(200);
    expect(kept).toBeGreaterThan(50); // what the policy of the moment would have let go
  });
});
