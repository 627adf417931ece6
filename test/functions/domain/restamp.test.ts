import { describe, expect, test } from 'vitest';
import type { Head } from '../../../functions/domain/conversation.ts';
import { isStanding } from '../../../functions/domain/holds.ts';
import { dateFor, policyOfKeys, restamp } from '../../../functions/domain/restamp.ts';
import { longestDaysFor } from '../../../functions/domain/retention.ts';
import { DAY_MS, Ward } from './ward.ts';

const YEAR_MS = 365 * DAY_MS;

const aChange = { kind: 'group', days: 90, before: [], changed: { at: 0, by: 'olga' } } as const;

/** Calls the door, a minute between two calls, until nothing is left to be done. */
async function settled(ward: Ward): Promise<void> {
  do {
    ward.now += 61_000;
    await restamp(ward.rooms);
  } while (ward.state.done < ward.state.asked);
}

describe('what is stored', () => {
  test('is stamped by the policy of the moment, longer and shorter, each conversation by its kind', async () => {
    const ward = new Ward();
    ward.converse('d', 'direct', 5);
    ward.converse('g', 'group', 5);
    await settled(ward);
    expect(ward.daysStored('d')).toEqual(Array(5).fill(37));

    ward.policy.days = { default: 30, direct: 100, group: 10 };
    await ward.rooms.restamps.ask();
    await settled(ward);
    expect(ward.daysStored('d')).toEqual(Array(5).fill(107));
    expect(ward.daysStored('g')).toEqual(Array(5).fill(17));
    expect([ward.heads.get('d')?.retentionDays, ward.heads.get('g')?.retentionDays]).toEqual([100, 10]);
  });

  test('is stamped anew where the deployment is set to other days, and not a second time', async () => {
    const ward = new Ward();
    ward.converse('d', 'direct', 3);
    await settled(ward);
    const asked = ward.state.asked;
    ward.policy.days = { default: 40 };
    ward.rooms.retentionDays = 40;
    await settled(ward);
    expect(ward.daysStored('d')).toEqual(Array(3).fill(47));
    await settled(ward);
    expect(ward.state.asked).toBe(asked + 1);
  });

  test('is kept from those who destroy keys for a week more, from the first moment on, where those days are fewer', async () => {
    const ward = new Ward();
    const { retention } = ward.rooms;
    await settled(ward);
    ward.policy.days = { default: 5 };
    ward.rooms.retentionDays = 5;
    const longest = async (at: number) => {
      return longestDaysFor(await policyOfKeys(ward.rooms), 'direct', at);
    };
    expect(await longest(ward.now)).toBe(30);

    const { standing } = retention;
    retention.standing = async () => {
      retention.standing = standing;
      const found = await standing();
      await retention.change(found, aChange); // after the look, before the write
      return found;
    };
    await restamp(ward.rooms);
    expect([ward.state.days, await longest(ward.now)]).toEqual([30, 30]); // nothing is noted that is not remembered

    const until = ward.now + 7 * DAY_MS;
    await restamp(ward.rooms);
    expect(ward.state.days).toBe(5);
    await settled(ward);
    expect([await longest(until - 1), await longest(until)]).toEqual([30, 5]);

    ward.rooms.retentionDays = 7;
    await settled(ward);
    expect(await longest(until)).toBe(5); // more days cut nothing
  });

  test('comes to the same however often the work is broken off or done twice at once', async () => {
    const ward = new Ward({ pageSize: 2 });
    for (const id of ['a', 'b', 'c', 'd', 'e']) ward.converse(id, 'group', 7);
    await settled(ward);
    ward.policy.days = { default: 90 };
    ward.hold('h1', { conversations: ['c'] });
    await ward.rooms.restamps.ask();
    let calls = 0;
    ward.before = async () => {
      calls += 1;
      if (calls % 7 === 0) throw new Error('the function died');
    };
    for (let tries = 0; tries < 400 && ward.state.done < ward.state.asked; tries += 1) {
      ward.now += 61_000;
      await Promise.allSettled([restamp(ward.rooms), restamp(ward.rooms)]);
    }
    for (const id of ['a', 'b', 'd', 'e']) expect(ward.daysStored(id)).toEqual(Array(7).fill(97));
    expect(ward.daysStored('c')).toEqual(Array(7).fill(undefined));
    expect(calls).toBeGreaterThan(60);
  });

  test('is not left with an old date by whoever was writing by an older head meanwhile', async () => {
    const ward = new Ward();
    ward.converse('g', 'group', 2);
    await settled(ward);
    const stale = ward.heads.get('g') as Head;
    ward.policy.days = { default: 300 };
    ward.hold('h1', { conversations: ['g'] });
    await ward.rooms.restamps.ask();
    while (ward.heads.get('g') === stale) {
      ward.now += 61_000;
      await restamp(ward.rooms);
    }
    ward.now += 14_000; // a send that read its head as late as one can, and took as long as one can
    ward.write('g', stale, ward.now);
    await settled(ward);
    expect(ward.daysStored('g')).toEqual([undefined, undefined, undefined]);
  });
});

describe('a hold', () => {
  test('is in force once nothing that it keeps has a date, and not before', async () => {
    const ward = new Ward({ pageSize: 1 });
    ward.converse('a', 'group', 3);
    ward.converse('b', 'group', 3, ['cleo']);
    await settled(ward);
    ward.hold('h1', { conversations: ['a'] });
    ward.hold('h2', { people: ['cleo'] });
    await ward.rooms.restamps.ask();
    for (;;) {
      ward.now += 61_000;
      await restamp({ ...ward.rooms, now: ticking(ward) });
      const isKept = [...ward.daysStored('a'), ...ward.daysStored('b')].every((days) => days === undefined);
      const states = [...ward.held.values()].map(({ state }) => state);
      if (states.includes('in-force')) expect(isKept).toBe(true);
      if (ward.state.done === ward.state.asked) break;
    }
    expect([...ward.held.values()].map(({ state }) => state)).toEqual(['in-force', 'in-force']);
  });

  test('stays on a conversation that its person has left, and goes with the hold alone', async () => {
    const ward = new Ward();
    ward.converse('b', 'group', 3, ['cleo']);
    ward.hold('h1', { people: ['cleo'] });
    await settled(ward);
    ward.leave('b', 'cleo');
    await ward.rooms.restamps.ask();
    await settled(ward);
    expect(ward.heads.get('b')?.holds).toEqual(['h1']);
    expect(ward.daysStored('b')).toEqual(Array(3).fill(undefined));

    ward.release('h1');
    await ward.rooms.restamps.ask();
    await settled(ward);
    expect(ward.heads.get('b')?.holds ?? []).toEqual([]);
    expect(ward.daysStored('b')).toEqual(Array(3).fill(37));
    expect([...ward.held.values()].filter(isStanding)).toEqual([]);
  });

  test('that is released while another stands releases nothing', async () => {
    const ward = new Ward();
    ward.converse('a', 'group', 2);
    ward.hold('h1', { conversations: ['a'] });
    ward.hold('h2', { conversations: ['a'] });
    await settled(ward);
    ward.release('h1');
    await ward.rooms.restamps.ask();
    await settled(ward);
    expect(ward.heads.get('a')?.holds).toEqual(['h2']);
    expect(ward.daysStored('a')).toEqual([undefined, undefined]);
  });
});

describe('the date of deletion', () => {
  const now = 1_800_000_000_000;
  const head = (days: number, holds: readonly string[] = []) =>
    ({ retentionDays: days, holds }) as never as Head;
  const entry = (at: number, storedUntil?: number) => ({ conversationId: 'c', seq: 1, at, storedUntil });
  const daysFromNow = (date: number | undefined) => date !== undefined && Math.round((date - now) / DAY_MS);

  test('that was held for more than five years past it is now, because DynamoDB forgets older ones', () => {
    const date = dateFor(head(30), entry(now - 9 * YEAR_MS), now) ?? 0;
    expect(date).toBeGreaterThanOrEqual(now);
    expect(date).toBeLessThan(now + 1_000);
  });

  test('is the old one where a hold is released before it', () => {
    expect(daysFromNow(dateFor(head(30), entry(now - 10 * DAY_MS), now))).toBe(27);
  });

  test('lies at least a week ahead where days are cut, and does not move on with every stamping', () => {
    const old = entry(now - YEAR_MS, now + YEAR_MS);
    const cut = dateFor(head(30), old, now);
    expect(daysFromNow(cut)).toBe(7);
    expect(dateFor(head(30), { ...old, storedUntil: cut }, now + 3 * DAY_MS)).toBe(cut);
    const longer = dateFor(head(2_192), { ...old, storedUntil: cut }, now + 3 * DAY_MS);
    expect(daysFromNow(longer)).toBe(2_192 + 7 - 365);
  });

  test('is none while a hold stands', () => {
    expect(dateFor(head(30, ['h1']), entry(now, now + DAY_MS), now)).toBeUndefined();
  });
});

/** A clock that goes on a little with every look, so that one call is many steps and not all of them. */
function ticking(ward: Ward): () => number {
  return () => {
    ward.now += 15_000;
    return ward.now;
  };
}
