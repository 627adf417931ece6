import type { MessageBody } from '../../protocol/bodies.ts';
import type { Caller } from './caller.ts';
import { type Head, membersAt } from './conversation.ts';
import type { Decision } from './decision.ts';
import { holdsAny } from './entitlements.ts';
import type { People, Profile } from './people.ts';
import type { Withheld } from './phi.ts';
import { refuse } from './policy.ts';
import { isRestricted } from './restrictions.ts';

/** A phone's clock may be this far ahead of ours. */
const SKEW_MS = 5 * 60 * 1000;

/** No photograph that is sent here was consented to before: a date below it is a clock that was never set, or a slip. */
const EARLIEST_CONSENT = Date.UTC(2000, 0, 1);

export interface PhotoRooms {
  readonly people: Pick<People, 'profiles'>;
  readonly now: () => number;
}

/** A clinical photograph as a door hands it on. */
export type ClinicalPhoto = Extract<Withheld<MessageBody>, { readonly kind: 'clinical-photo' }>;

/**
 * Refuses a clinical photograph that cannot be right: of nobody who is a patient, of another patient than those who are there, among people of
 * whom the patient wants one kept out, or with a consent that was not given yet. Who consented, and that a conversation of the
 * workforce alone has a reason to see it, is what its sender attests: decision 18.
 *
 * @throws Refusal `consent-time`, `unknown-person`, `other-patient`, `restricted`
 */
export async function checkPhoto(
  rooms: PhotoRooms,
  caller: Caller,
  decision: Decision,
  head: Head,
  { patient, consent }: ClinicalPhoto,
): Promise<void> {
  const about: Decision = { ...decision, people: [patient] };
  const givenAt = Date.parse(consent.at);
  if (!(givenAt >= EARLIEST_CONSENT && givenAt <= rooms.now() + SKEW_MS))
    throw refuse(about, 'well-formed', 'consent-time');

  const there = [...new Set([caller.person, ...membersAt(head, rooms.now()).map(({ person }) => person)])];
  const profiles = await rooms.people.profiles([...new Set([patient, ...there])]);
  const shown = profiles.get(patient);
  if (!shown?.roles.includes('patient')) throw refuse(about, 'known-people', 'unknown-person');

  if (there.includes(patient)) return; // their own conversation: who is a member of it stays one
  const others = there.flatMap((person) => profiles.get(person) ?? []);
  if (others.some(isOutsideWorkforce)) throw refuse(about, 'eligible-people', 'other-patient');
  if (isRestricted([shown], there)) throw refuse(about, 'restricted-by-patient', 'restricted');
}

/** Whether somebody is there as a patient, or for one. */
function isOutsideWorkforce({ roles, formerRoles }: Profile): boolean {
  const held = { roles: formerRoles ?? roles };
  return holdsAny(held, ['patient', 'caregiver']) && !holdsAny(held, ['clinician', 'staff']);
}
