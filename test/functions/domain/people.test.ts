import { describe, expect, test } from 'vitest';
import { socketsOf } from '../../../functions/domain/announcements.ts';
import { admit } from '../../../functions/domain/caller.ts';
import { changeRoles, type Move } from '../../../functions/domain/change-roles.ts';
import { createPerson, type Joiner } from '../../../functions/domain/create-person.ts';
import { disablePerson, enablePerson } from '../../../functions/domain/disable-person.ts';
import { listSessions } from '../../../functions/domain/list-sessions.ts';
import { phi } from '../../../functions/domain/phi.ts';
import type { Identity } from '../../../functions/domain/session-record.ts';
import { Role } from '../../../protocol/roles.ts';
import { aConversation, callerNamed, person } from './in-memory.ts';
import { anOrganisation, asking, NOW, outcomeOf } from './in-memory-people.ts';

const [nora, pia, olga, carl] = [person('nora'), person('pia'), person('olga'), person('carl')];
const others = Role.options.filter((role) => role !== 'administrator');

function aClinic() {
  return anOrganisation([
    { person: nora, roles: ['clinician'], site: 'north', department: 'ward-5', sub: 'sub-of-nora' },
    { person: pia, roles: ['patient'], site: 'north', sub: 'sub-of-pia' },
    { person: carl, roles: ['caregiver'], actsFor: [pia], site: 'north', sub: 'sub-of-carl' },
    { person: olga, roles: ['privacy-officer'], sub: 'sub-of-olga' },
  ]);
}

/** A token of nora's, as a door sees it. */
const token: Identity = {
  person: nora,
  session: '0192f0c1-7c00-7000-8000-000000000001',
  roles: ['clinician'],
  site: 'north',
  authenticatedAt: NOW - 60_000,
  expiresAt: NOW + 900_000,
};

describe('making somebody', () => {
  const made = (joiner: Joiner, by = asking('ada', ['administrator'])) => {
    const clinic = aClinic();
    return { clinic, outcome: outcomeOf(createPerson(clinic.rooms, by, joiner)) };
  };

  test('gives them a profile, a temporary password that stands in the answer, and no office', async () => {
    const joiner: Joiner = { username: phi('staff-9'), roles: ['staff'], site: 'north', department: 'desk' };
    const { clinic, outcome } = made(joiner);
    const { profile, temporaryPassword } = (await outcome) as {
      profile: { person: string };
      temporaryPassword: string;
    };
    expect(clinic.accounts.passwords.get('staff-9')).toBe(temporaryPassword);
    expect(clinic.profiles.kept.get(profile.person)).toEqual({
      ...{ person: profile.person, roles: ['staff'], site: 'north', department: 'desk' },
      sub: 'sub-of-staff-9',
    });
    for (const office of ['administrator', 'privacy-officer', 'auditor'] as const) {
      const tried = made({ username: phi('staff-8'), roles: [office] });
      expect(await tried.outcome).toBe('operator-only');
      expect(tried.clinic.accounts.users.size).toBe(0);
    }
  });

  test('is refused, with nothing made, for whoever is no administrator or has not that site in charge', async () => {
    const refused = async (joiner: Joiner, by?: ReturnType<typeof asking>) => {
      const { clinic, outcome } = made(joiner, by);
      const before = clinic.profiles.kept.size;
      const code = await outcome;
      expect([clinic.accounts.users.size, clinic.profiles.kept.size]).toEqual([0, before]);
      return code;
    };
    const patient: Joiner = { username: phi('p-1'), roles: ['patient'] };
    for (const role of others)
      expect(await refused(patient, asking('ada', [role])), role).toBe('not-allowed');
    const northern = () => asking('ada', ['administrator'], 'north');
    expect(await refused(patient, northern())).toBe('not-allowed'); // at no site: everybody's
    expect(await refused({ ...patient, site: 'south' }, northern())).toBe('not-allowed');
    expect(await refused({ ...patient, roles: ['clinician', 'auditor'] })).toBe('roles-apart');
    const carer: Joiner = { ...patient, roles: ['caregiver'] };
    for (const nobody of [nora, person('ghost')]) {
      expect(await refused({ ...carer, actsFor: [nobody] })).toBe('unknown-person');
    }
    const southern = asking('ada', ['administrator'], 'south');
    expect(await refused({ ...carer, actsFor: [pia], site: 'south' }, southern)).toBe('unknown-person');
  });

  test('again gives another password until they have signed in, and gives nobody’s who stands otherwise', async () => {
    const clinic = aClinic();
    const join = (joiner: Partial<Joiner> = {}) =>
      outcomeOf(
        createPerson(clinic.rooms, asking('ada', ['administrator']), {
          username: phi('p-1'),
          roles: ['patient'],
          site: 'north',
          ...joiner,
        }),
      );
    await join();
    const first = clinic.accounts.passwords.get('p-1');
    expect(await join()).toMatchObject({ temporaryPassword: expect.not.stringContaining(String(first)) });
    const standing = clinic.accounts.passwords.get('p-1');
    expect(await join({ roles: ['staff'] })).toBe('username-taken');
    expect(await join({ site: 'south' })).toBe('username-taken');
    clinic.accounts.users.set('foreign-1', 'foreign');
    expect(await join({ username: phi('foreign-1') })).toBe('username-taken');
    clinic.accounts.users.set('olga', { person: olga, sub: 'sub-of-olga', hasSignedIn: false });
    expect(await join({ username: phi('olga') })).toBe('username-taken'); // an officer who has not signed in yet
    expect([...clinic.accounts.passwords]).toEqual([['p-1', standing]]);
    clinic.accounts.users.set('p-1', {
      ...(clinic.accounts.users.get('p-1') as object),
      hasSignedIn: true,
    } as never);
    expect(await join()).not.toHaveProperty('temporaryPassword');
  });

  test('where no password may be set, asked again gives none, and leaves the first', async () => {
    const clinic = aClinic();
    const { accounts } = clinic.rooms;
    const find = accounts.find.bind(accounts);
    const create = accounts.create.bind(accounts);
    const rooms = { ...clinic.rooms, accounts: { find, create } };
    const joiner: Joiner = { username: phi('p-1'), roles: ['patient'] };
    const join = () => outcomeOf(createPerson(rooms, asking('ada', ['administrator']), joiner));
    expect(await join()).toHaveProperty('temporaryPassword');
    const first = clinic.accounts.passwords.get('p-1');
    expect(await join()).not.toHaveProperty('temporaryPassword');
    expect(clinic.accounts.passwords.get('p-1')).toBe(first);
  });
});

describe('changing what somebody is', () => {
  const admitted = async (clinic: ReturnType<typeof aClinic>, at = NOW + 1_000) =>
    admit(clinic.sessions, token, 'message.send', at);

  test('holds at the next frame whatever the token says, all of it: a role, a site, whom they act for', async () => {
    const clinic = aClinic();
    const change = (move: Move) =>
      outcomeOf(changeRoles(clinic.rooms, asking('ada', ['administrator']), nora, move));
    expect(await admitted(clinic)).toMatchObject({ roles: ['clinician'], site: 'north' });
    expect(await change({ roles: ['staff'], site: null })).not.toHaveProperty('receipt');
    const caller = await admitted(clinic);
    expect(caller.roles).toEqual(['staff']);
    expect(caller).not.toHaveProperty('site'); // the token's is past too
    expect(clinic.profiles.kept.get(nora)).toMatchObject({ department: 'ward-5', version: 1 });
    await change({ roles: ['caregiver', 'staff'], actsFor: [pia], site: 'south' });
    expect(await admitted(clinic)).toMatchObject({
      roles: ['caregiver', 'staff'],
      actsFor: [pia],
      site: 'south',
    });
    await change({ roles: ['staff'] });
    expect(await admitted(clinic)).not.toHaveProperty('actsFor');
  });

  test('reaches pushes too: who may not read a conversation any more hears nothing of it', async () => {
    const clinic = aClinic();
    const { head } = aConversation([pia, nora]);
    await clinic.sessions.register({ ...token, connectionId: 'one' });
    const heard = () => socketsOf(clinic.sessions, head, callerNamed(pia), NOW);
    expect(await heard()).toHaveLength(1);
    for (const roles of [['guest'], ['caregiver'], ['auditor'], []]) {
      clinic.sessions.records.set(nora, { ...(await clinic.sessions.of(nora)), entitled: { roles } });
      expect(await heard()).toEqual([]);
    }
    const carer = { roles: ['caregiver'], actsFor: [pia] };
    clinic.sessions.records.set(nora, { ...(await clinic.sessions.of(nora)), entitled: carer });
    expect(await heard()).toHaveLength(1);
  });

  test('of two changes at once one is told that it was overtaken, and what was told of it last stands', async () => {
    const clinic = aClinic();
    const change = (role: 'staff' | 'guest') =>
      outcomeOf(changeRoles(clinic.rooms, asking('ada', ['administrator']), nora, { roles: [role] }));
    const outcomes = await Promise.all([change('staff'), change('guest')]);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(1);
    expect((await admitted(clinic)).roles).toEqual(clinic.profiles.kept.get(nora)?.roles);
    await clinic.rooms.entitler.entitle(nora, { roles: ['auditor'] }, 0); // a write that was under way for long
    expect((await admitted(clinic)).roles).toEqual(clinic.profiles.kept.get(nora)?.roles);
  });

  test('is refused for oneself, an officer, a stranger, another site and what nobody may hold, with nothing changed', async () => {
    const clinic = aClinic();
    const before = new Map(clinic.profiles.kept);
    const refused = (
      who: string,
      roles: Move['roles'],
      by = asking('ada', ['administrator']),
      site?: string,
    ) => outcomeOf(changeRoles(clinic.rooms, by, who, { roles, site }));
    const northern = () => asking('ada', ['administrator'], 'north');
    for (const role of others)
      expect(await refused(nora, ['staff'], asking('ada', [role]))).toBe('not-allowed');
    expect(await refused(nora, ['staff'], asking('nora', ['administrator']))).toBe('not-allowed');
    expect(await refused(nora, ['staff'], asking('ada', ['administrator'], 'south'))).toBe('not-allowed');
    expect(await refused(nora, ['staff'], northern(), 'south')).toBe('not-allowed'); // out of their charge
    expect(await refused(person('ghost'), ['staff'], northern())).toBe('not-allowed'); // whether there is one stays unsaid
    expect(await refused(person('ghost'), ['staff'])).toBe('unknown-person');
    expect(await refused(olga, ['staff'])).toBe('operator-only');
    for (const office of ['administrator', 'privacy-officer', 'auditor'] as const) {
      expect(await refused(nora, [office])).toBe('operator-only');
      expect(await refused(nora, ['clinician', office])).toBe('roles-apart');
    }
    expect([clinic.profiles.kept, clinic.entitled.size, clinic.sessions.records.size]).toEqual([
      before,
      0,
      0,
    ]);
  });
});

describe('disabling somebody', () => {
  const by = () => asking('ada', ['administrator']);

  test('ends every sign-in and keeps what they were, so that enabling them gives that back and nothing more', async () => {
    const clinic = aClinic();
    await outcomeOf(disablePerson(clinic.rooms, by(), nora));
    expect(clinic.profiles.kept.get(nora)).toMatchObject({ roles: [], formerRoles: ['clinician'] });
    expect(clinic.accounts.disabled).toEqual(new Set(['sub-of-nora']));
    expect(await outcomeOf(admit(clinic.sessions, token, 'message.send', NOW + 50) as never)).toBe(
      'session-ended',
    );
    expect(await outcomeOf(changeRoles(clinic.rooms, by(), nora, { roles: ['staff'] }))).toBe(
      'person-disabled',
    );
    expect(await outcomeOf(disablePerson(clinic.rooms, by(), nora))).toMatchObject({
      profile: { formerRoles: ['clinician'] }, // asked again, it has not forgotten
    });

    await outcomeOf(enablePerson(clinic.rooms, by(), nora));
    expect(clinic.profiles.kept.get(nora)).toMatchObject({ roles: ['clinician'] });
    expect(clinic.profiles.kept.get(nora)).not.toHaveProperty('formerRoles');
    expect(clinic.accounts.disabled.size).toBe(0);
    const anew = { ...token, authenticatedAt: NOW + 10_000 };
    expect((await admit(clinic.sessions, anew, 'message.send', NOW + 20_000)).roles).toEqual(['clinician']);
  });

  test('is done at our doors even where the user pool fails, and says that it is not done', async () => {
    const clinic = aClinic();
    clinic.rooms.accounts.disable = () => Promise.reject(new Error('no pool'));
    await expect(disablePerson(clinic.rooms, by(), nora)).rejects.toThrow('no pool');
    expect(await outcomeOf(admit(clinic.sessions, token, 'message.send', NOW + 50) as never)).toBe(
      'session-ended',
    );
    expect(clinic.entitled.get(nora)).toMatchObject({ roles: [] });
  });

  test('is refused for oneself, an officer, also a disabled one, and by whoever has no such office', async () => {
    const clinic = aClinic();
    clinic.profiles.kept.set(olga, { person: olga, roles: [], formerRoles: ['privacy-officer'] });
    const before = new Map(clinic.profiles.kept);
    for (const act of [disablePerson, enablePerson]) {
      const refused = (who: string, asker: ReturnType<typeof asking>) =>
        outcomeOf(act(clinic.rooms, asker, who));
      expect(await refused(nora, asking('nora', ['administrator']))).toBe('not-allowed');
      expect(await refused(olga, by())).toBe('operator-only');
      expect(await refused(nora, asking('ada', ['administrator'], 'south'))).toBe('not-allowed');
      for (const role of others.filter((one) => one !== 'privacy-officer')) {
        expect(await refused(nora, asking('ada', [role]))).toBe('not-allowed');
      }
    }
    expect(await outcomeOf(enablePerson(clinic.rooms, asking('ada', ['privacy-officer']), nora))).toBe(
      'not-allowed',
    );
    expect(clinic.profiles.kept).toEqual(before);
  });
});

test('sign-ins are listed by their sockets, without what was ended or has expired, for oneself or in charge', async () => {
  const clinic = aClinic();
  const lastFrameAt = NOW - 1;
  clinic.sessions.now = () => lastFrameAt;
  const rooms = { sessions: clinic.sessions, people: clinic.profiles, now: () => NOW };
  const [phone, desk, gone] = ['phone', 'desk', 'gone'].map((name) => `${name}-${token.session}`);
  for (const [connectionId, session = '', expiresAt = 0] of [
    ['one', phone, NOW + 5],
    ['two', phone, NOW + 9],
    ['three', desk, NOW + 7],
    ['four', gone, NOW + 7],
    ['five', desk, NOW],
  ] as const) {
    await clinic.sessions.register({ ...token, connectionId, session, expiresAt });
  }
  await clinic.sessions.endOne(nora, String(gone));
  const listed = await listSessions(rooms, asking('nora', ['clinician']));
  expect(listed.value).toEqual({
    person: nora,
    sessions: [
      { session: phone, since: token.authenticatedAt, until: NOW + 9, sockets: 2, lastFrameAt },
      { session: desk, since: token.authenticatedAt, until: NOW + 7, sockets: 1, lastFrameAt },
    ],
  });
  const seen = (by: ReturnType<typeof asking>, who = nora) => outcomeOf(listSessions(rooms, by, who));
  expect(await seen(asking('ada', ['privacy-officer']))).toEqual(listed.value);
  expect(await seen(asking('ada', ['administrator'], 'south'))).toBe('not-allowed');
  expect(await seen(asking('pia', ['clinician']))).toBe('not-allowed');
  expect(await seen(asking('ada', ['auditor']))).toBe('not-allowed');
  expect(await seen(asking('ada', ['administrator']), person('ghost'))).toBe('unknown-person');
});
