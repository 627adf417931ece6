import { describe, expect, test } from 'vitest';
import type { Emergencies, Emergency, EmergencyReview } from '../../../functions/domain/emergency.ts';
import { type EmergencyRooms, openEmergency } from '../../../functions/domain/open-emergency.ts';
import { phi } from '../../../functions/domain/phi.ts';
import { listEmergencies, reviewEmergency } from '../../../functions/domain/review-emergencies.ts';
import { watchEmergencies } from '../../../functions/domain/watch-emergencies.ts';
import { DataKeys } from '../../../functions/vault/data-keys.ts';
import { vault } from '../../../functions/vault/vault.ts';
import { aConversation, aRef, callerNamed, person } from './in-memory.ts';

const NOW = 1_800_000_000_000;
const HOUR = 60 * 60 * 1000;
const [ana, ben, cleo, office] = ['ana', 'ben', 'cleo', 'office'].map(person) as [
  string,
  string,
  string,
  string,
];

class MemoryEmergencies implements Emergencies {
  readonly all = new Map<string, Emergency>();

  async one(id: string) {
    return this.all.get(id);
  }
  async begin(emergency: Emergency) {
    const standing = this.all.get(emergency.emergencyId) ?? emergency;
    this.all.set(emergency.emergencyId, standing);
    return standing;
  }
  async waiting() {
    return [...this.all.values()].filter(({ review }) => !review);
  }
  async page() {
    return { emergencies: [...this.all.values()] };
  }
  async noteTold(id: string, told: object) {
    const standing = this.all.get(id);
    if (standing && !standing.review) this.all.set(id, { ...standing, ...told });
  }
  async review(emergency: Emergency & { readonly review: EmergencyReview }) {
    if (this.all.get(emergency.emergencyId)?.review) return false;
    this.all.set(emergency.emergencyId, emergency);
    return true;
  }
}

function aWard() {
  const clock = { now: NOW };
  const chat = aConversation([ana, ben], () => clock.now);
  const emergencies = new MemoryEmergencies();
  const told: { readonly overdue: boolean; readonly people: readonly string[] }[] = [];
  const late: Emergency[] = [];
  const rooms: EmergencyRooms & {
    readonly emergencies: Emergencies;
    readonly late: (one: Emergency) => void;
  } = {
    ...chat.rooms,
    sessions: chat.sessions,
    emergencies,
    notes: vault(new DataKeys(chat.keys, chat.keys, () => clock.now)),
    records: async function* () {
      yield [...chat.sessions.records.values()];
    },
    announcements: {
      ...chat.rooms.announcements,
      announceEmergency: async (_emergency, overdue, to) => {
        told.push({ overdue, people: to.map((socket) => socket.person) });
      },
    },
    excludedSites: ['south'],
    lost: () => {},
    late: (one) => void late.push(one),
  };
  const ward = { ...chat, rooms, emergencies, told, late, clock };
  const caller = (fields = {}) =>
    Promise.resolve({ ...callerNamed(cleo), authenticatedAt: clock.now, askedAt: clock.now, ...fields });
  const open = (fields = {}, ref = aRef(), reason = 'nobody else is here') =>
    outcome(
      openEmergency(rooms, caller(fields), { conversationId: chat.conversationId, ref, reason: phi(reason) }),
    );
  const officer = (name = office) => Promise.resolve({ ...callerNamed(name), roles: ['privacy-officer'] });
  const review = (name: string, emergencyId: string) =>
    outcome(
      reviewEmergency(rooms, officer(name), { emergencyId, verdict: 'justified', note: phi('checked') }),
    );
  return Object.assign(ward, { open, officer, review });
}

async function outcome(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'allowed',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}

const [signIn] = ['sign-in'];
const grantOf = ({ sessions }: ReturnType<typeof aWard>) =>
  sessions.records.get(cleo)?.emergencies?.get(String(signIn));

describe('breaking the glass', () => {
  test('takes a sign-in of the last five minutes, to the millisecond, and no site that is excluded', async () => {
    const ward = aWard();
    expect(await ward.open({ authenticatedAt: NOW - 300_001 })).toBe('sign-in-again');
    expect(await ward.open({ site: 'south' })).toBe('not-allowed');
    expect(await ward.open({ roles: ['staff'] })).toBe('not-allowed');
    expect([ward.emergencies.all.size, ward.log.entries.length, grantOf(ward)]).toEqual([0, 0, undefined]);
    expect(await ward.open({ authenticatedAt: NOW - 300_000, site: 'north' })).toBe('allowed');
    expect(grantOf(ward)).toEqual({ conversationId: ward.conversationId, until: NOW + HOUR });
  });

  test('lets nobody in before the members’ log has it, wherever the function dies, and a repeat does what is left', async () => {
    for (const dies of ['head', 'newest', 'appendMembership']) {
      const ward = aWard();
      const ref = aRef();
      let left = dies === 'head' ? 1 : 0;
      ward.log.turn = async (what) => {
        if (what === dies && left-- === 0) throw new Error('died');
      };
      expect(await ward.open({}, ref), dies).toBe('died');
      expect(grantOf(ward), dies).toBeUndefined();
      expect(ward.log.entries, dies).toEqual([]);
      ward.log.turn = async () => {};
      ward.clock.now += 1_000;
      expect(await ward.open({ authenticatedAt: NOW }, ref), dies).toBe('allowed');
      expect(grantOf(ward), dies).toBeDefined();
      expect(ward.log.entries, dies).toMatchObject([{ change: { kind: 'emergency.opened', person: cleo } }]);
      expect(ward.emergencies.all.size, dies).toBe(1);
    }
  });

  test('is refused to whom a patient of it wants kept out, in the same words whatever the reason', async () => {
    const ward = aWard();
    const people = (names: readonly string[]) =>
      new Map(
        names.map((name) => [name, { person: name, roles: ['patient'], restrictions: [cleo] }] as const),
      );
    Object.assign(ward.rooms, { people: { profiles: async (names: readonly string[]) => people(names) } });
    expect(await ward.open()).toBe('restricted');
    expect([ward.emergencies.all.size, grantOf(ward)]).toEqual([0, undefined]);
  });

  test('changes no members, and stands in the log as an entry that they all hear', async () => {
    const ward = aWard();
    await ward.open();
    expect(ward.log.heads.get(ward.conversationId)?.members).toEqual(ward.head.members);
    expect(ward.announced).toHaveLength(1);
  });

  test('is not given to another sign-in under the same ref', async () => {
    const ward = aWard();
    const ref = aRef();
    expect(await ward.open({}, ref)).toBe('allowed');
    expect(await ward.open({ session: 'another' }, ref)).toBe('ref-reused');
    expect(ward.sessions.records.get(cleo)?.emergencies?.get('another')).toBeUndefined();
  });
});

describe('a review', () => {
  test('is never of one’s own access, whatever one has become since, and seals what it says', async () => {
    const ward = aWard();
    await ward.open();
    const [id = ''] = ward.emergencies.all.keys();
    expect(await ward.review(cleo, id)).toBe('own-access');
    expect(await ward.review(office, id)).toBe('allowed');
    expect(await ward.review(ana, id)).toBe('already-reviewed');
    const { value } = await listEmergencies(ward.rooms, ward.officer(), undefined);
    expect(value.emergencies.map(({ reason, note }) => [typeof reason, typeof note])).toEqual([
      ['symbol', 'symbol'],
    ]);
    expect(JSON.stringify([...ward.emergencies.all.values()])).not.toMatch(/nobody else|checked/);
  });

  test('is late from the 72nd hour on: told once a day, counted each minute, until it is made', async () => {
    const ward = aWard();
    const privacyOfficer = {
      connectionId: 'c',
      session: 's',
      authenticatedAt: NOW,
      roles: ['privacy-officer'],
    };
    await ward.sessions.register({ ...privacyOfficer, person: office, expiresAt: Number.MAX_SAFE_INTEGER });
    await ward.sessions.register({
      ...{ ...privacyOfficer, person: ana, roles: ['clinician'], expiresAt: Number.MAX_SAFE_INTEGER },
    });
    await ward.open();
    const at = async (hours: number) => {
      ward.clock.now = NOW + hours * HOUR;
      return watchEmergencies(ward.rooms);
    };
    expect([await at(1), await at(71.99)]).toEqual([0, 0]);
    expect([await at(72), await at(73), await at(95.9), await at(96)]).toEqual([1, 1, 1, 1]);
    expect(ward.late).toHaveLength(2);
    expect(ward.told).toEqual([false, true, true].map((overdue) => ({ overdue, people: [office] })));
    const [id = ''] = ward.emergencies.all.keys();
    await ward.review(office, id);
    expect(await at(97)).toBe(0);
  });

  test.each([
    [0, [office]],
    [1, []],
  ])(
    'is told to no office that is signed out for want of activity: %i ms after, to %j',
    async (after, people) => {
      const ward = aWard();
      ward.sessions.rules = { idleMs: () => HOUR, limitMs: 12 * HOUR };
      await ward.sessions.register({
        ...{ person: office, connectionId: 'c', session: 's', roles: ['privacy-officer'] },
        ...{ authenticatedAt: NOW - HOUR + 1 - after, expiresAt: NOW + 99 * HOUR },
      });
      expect(await ward.open()).toBe('allowed');
      expect(ward.told).toEqual([{ overdue: false, people }]);
    },
  );
});
