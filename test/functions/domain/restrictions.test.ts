import { describe, expect, test } from 'vitest';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import { createConversation } from '../../../functions/domain/create-conversation.ts';
import type { People, Profile } from '../../../functions/domain/people.ts';
import { restrictPatient } from '../../../functions/domain/restrictions.ts';
import { aConversation, aRef, callerNamed, person } from './in-memory.ts';

const [ana, ben, dan, officer] = ['ana', 'ben', 'dan', 'officer'].map(person) as [
  string,
  string,
  string,
  string,
];

/** Ben is a patient, everybody else a clinician. */
class MemoryPeople implements People {
  restrictions: readonly string[] = [];

  async profile(name: string): Promise<Profile> {
    const isPatient = name === ben;
    return {
      ...{ person: name, roles: [isPatient ? 'patient' : 'clinician'] },
      ...(isPatient && { restrictions: this.restrictions }),
    };
  }
  async profiles(names: readonly string[]) {
    return new Map(await Promise.all(names.map(async (name) => [name, await this.profile(name)] as const)));
  }
  async restrict(_patient: string, people: readonly string[]) {
    this.restrictions = people;
  }
}

const outcome = (asked: Promise<unknown>) =>
  asked.then(
    () => 'allowed',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

function aWard(members: readonly string[]) {
  const chat = aConversation(members);
  const people = new MemoryPeople();
  const rooms = { ...chat.rooms, people };
  const as = (name: string, role = 'clinician') => Promise.resolve({ ...callerNamed(name), roles: [role] });
  return {
    people,
    restrict: (patient: string, list: readonly string[], by = as(officer, 'privacy-officer')) =>
      outcome(restrictPatient({ people, restrictions: people }, by, patient, list)),
    add: (who: string) =>
      outcome(changeMembers(rooms, as(ana), chat.conversationId, { kind: 'member.added', person: who })),
    create: (by: string, role: string, others: readonly string[]) =>
      outcome(createConversation(rooms, as(by, role), { ref: aRef(), kind: 'group', members: others })),
    as,
  };
}

describe('a patient’s restriction', () => {
  test('keeps who is named out of a conversation that the patient is in, whoever adds them, and nobody else', async () => {
    const ward = aWard([ana, ben]);
    expect(await ward.restrict(ben, [dan])).toBe('allowed');
    expect(await ward.add(dan)).toBe('restricted');
    expect(await ward.add(person('eve'))).toBe('allowed');
    await ward.restrict(ben, []);
    expect(await ward.add(dan)).toBe('allowed');
  });

  test('keeps the patient out of one in which they are, and the two out of a new one, whoever begins it', async () => {
    const ward = aWard([ana, dan]);
    await ward.restrict(ben, [dan]);
    expect(await ward.add(ben)).toBe('restricted');
    expect(await ward.create(ana, 'clinician', [ben, dan])).toBe('restricted');
    expect(await ward.create(dan, 'clinician', [ben])).toBe('restricted');
    expect(await ward.create(ben, 'patient', [dan])).toBe('restricted');
    expect(await ward.create(ana, 'clinician', [ben])).toBe('allowed');
  });

  test('is set by a privacy officer alone, of a patient, about others', async () => {
    const ward = aWard([ana, ben]);
    expect(await ward.restrict(ben, [dan], ward.as(ana))).toBe('not-allowed');
    expect(await ward.restrict(ana, [dan])).toBe('unknown-person');
    expect(await ward.restrict(ben, [ben])).toBe('unknown-person');
    expect(ward.people.restrictions).toEqual([]);
  });
});
