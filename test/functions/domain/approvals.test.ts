import { expect, test } from 'vitest';
import { type Approval, type Request, secondPerson } from '../../../functions/domain/approvals.ts';
import type { Decision } from '../../../functions/domain/decision.ts';
import { callerNamed, person } from './in-memory.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];

function anOffice() {
  const standing = new Map<string, Request>();
  const roles = new Map([ana, ben, cleo].map((one) => [one, ['privacy-officer']]));
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
    now: () => time,
  };
  const ask = (who: string, object = 'one') => {
    const decision: Decision = {
      operation: 'session.revoke',
      object,
      purpose: 'operations',
      rule: 'security-role',
      outcome: 'allowed',
    };
    return secondPerson(rooms, { ...callerNamed(who), roles: ['privacy-officer'] }, decision);
  };
  const stateOf = async (asked: Promise<Approval>) => (await asked).state;
  const later = (milliseconds: number) => {
    time += milliseconds;
  };
  return { ask, stateOf, roles, standing, later };
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
