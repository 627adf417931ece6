import { describe, expect, test } from 'vitest';
import { type Approval, type Request, secondPerson } from '../../../functions/domain/approvals.ts';
import type { Decision } from '../../../functions/domain/decision.ts';
import type { SessionRecord } from '../../../functions/domain/session-record.ts';
import { callerNamed, person } from './in-memory.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];

function anOffice() {
  const standing = new Map<string, Request>();
  const roles = new Map([ana, ben, cleo].map((one) => [one, ['privacy-officer']]));
  const records = new Map<string, Omit<SessionRecord, 'sockets'>>();
  let time = 1_000;
  const rooms = {
    requests: {
      ask: async (request: Request, now: number) => {
        const found = standing.get(request.object);
        if (found && found.until > now) return found;
        standing.set(request.object, request);
        return request;
      },
      close: async ({ object }: Request) => void standing.delete(object),
    },
    people: {
      profile: async (one: string) => ({ person: one, roles: roles.get(one) ?? [] }),
    },
    sessions: { of: async (one: string) => ({ sockets: [], ...records.get(one) }) },
    now: () => time,
  };
  const ask = (who: string, object = 'one', signIn = { session: 'first', authenticatedAt: 500 }) => {
    const decision: Decision = {
      operation: 'session.revoke',
      object,
      purpose: 'operations',
      rule: 'security-role',
      outcome: 'allowed',
    };
    return secondPerson(rooms, { ...callerNamed(who), ...signIn, roles: ['privacy-officer'] }, decision);
  };
  const stateOf = async (asked: Promise<Approval>) => (await asked).state;
  const later = (milliseconds: number) => {
    time += milliseconds;
  };
  return { ask, stateOf, roles, records, standing, later };
}

test('one person alone never brings an act about, however often they ask', async () => {
  const { ask, stateOf } = anOffice();
  for (let asked = 0; asked < 5; asked += 1) {
    expect(await stateOf(ask(ana))).toBe('awaiting-second-person');
  }
  expect(await ask(ben)).toMatchObject({ state: 'approved', requestedBy: ana, approvedBy: ben });
});

test('approval is of one act: another object, or the same a second time, needs two people again', async () => {
  const { ask, stateOf, standing } = anOffice();
  await ask(ana, 'one');
  expect(await stateOf(ask(ben, 'two'))).toBe('awaiting-second-person');
  expect(await stateOf(ask(ben, 'one'))).toBe('approved');
  standing.delete('one'); // whoever carried it out closes it
  expect(await stateOf(ask(ben, 'one'))).toBe('awaiting-second-person');
});

test('a request waits a day and no longer', async () => {
  const { ask, stateOf, later } = anOffice();
  await ask(ana);
  later(DAY_MS - 1);
  expect(await stateOf(ask(ben))).toBe('approved');
  later(1);
  expect(await stateOf(ask(cleo))).toBe('awaiting-second-person');
});

test('who lost the office meanwhile no longer counts, and their request is taken off', async () => {
  const { ask, stateOf, roles, standing } = anOffice();
  await ask(ana);
  roles.set(ana, []);
  await expect(ask(ben)).rejects.toMatchObject({ code: 'not-allowed', decision: { rule: 'two-people' } });
  expect(standing.size).toBe(0);
  expect(await stateOf(ask(ben))).toBe('awaiting-second-person');
  expect(await stateOf(ask(cleo))).toBe('approved');
});

describe('a request falls with the sign-in that it was asked under', () => {
  test.each([
    ['that one was ended', { ended: new Set(['first']) }],
    ['everything of the person was', { revokedUntil: 500 }],
    ['everything was, up to a later moment', { revokedUntil: 1_000 }],
  ])('where %s: the second person is refused, and two are needed again', async (_why, record) => {
    const { ask, stateOf, records, standing } = anOffice();
    await ask(ana);
    records.set(ana, record);
    await expect(ask(ben)).rejects.toMatchObject({ code: 'not-allowed', decision: { rule: 'two-people' } });
    expect(standing.size).toBe(0);
    expect(await stateOf(ask(ben))).toBe('awaiting-second-person');
    expect(await stateOf(ask(cleo))).toBe('approved');
  });

  test.each([
    ['another sign-in was ended', { ended: new Set(['another']) }],
    ['everything before it was', { revokedUntil: 499 }],
    ['nobody was there since', { activeAt: new Map([['first', 500]]) }],
  ])('and not where %s', async (_why, record) => {
    const { ask, stateOf, records, later } = anOffice();
    await ask(ana);
    records.set(ana, record);
    later(DAY_MS - 1);
    expect(await stateOf(ask(ben))).toBe('approved');
  });

  test('whoever was shut out asks anew under a sign-in of now, for another day', async () => {
    const { ask, stateOf, records, later } = anOffice();
    await ask(ana);
    records.set(ana, { ended: new Set(['first']) });
    later(DAY_MS - 1);
    const anew = { session: 'second', authenticatedAt: 900 };
    expect(await ask(ana, 'one', anew)).toMatchObject({
      state: 'awaiting-second-person',
      until: 1_000 + 2 * DAY_MS - 1,
    });
    later(DAY_MS - 1);
    expect(await stateOf(ask(ben))).toBe('approved');
  });

  test('a second sign-in of theirs that asks too leaves the first request as it is', async () => {
    const { ask, later } = anOffice();
    await ask(ana);
    later(60_000);
    const other = { session: 'second', authenticatedAt: 900 };
    expect(await ask(ana, 'one', other)).toMatchObject({ until: 1_000 + DAY_MS });
  });

  test('one that is ended while it asks waits, and brings nothing about', async () => {
    const { ask, stateOf, records } = anOffice();
    records.set(ana, { ended: new Set(['first']) });
    expect(await stateOf(ask(ana))).toBe('awaiting-second-person');
    await expect(ask(ben)).rejects.toMatchObject({ code: 'not-allowed' });
  });
});
