import type { Member } from './conversation.ts';
import { conversesOnlyAs, conversing, holdsAny } from './entitlements.ts';
import { GUEST_STAYS_MS } from './guests.ts';
import type { Profile } from './people.ts';

/** Why somebody may not be a member among these. */
export type Ineligible =
  | 'no role that converses'
  | 'a guest without an end within ninety days'
  | 'a caregiver without their patient';

/**
 * Whether somebody may be a member, judged by what the organisation says of them: `members` are all there would be, they
 * among them. The policy asks the same at every frame, because each of it may change.
 */
export function whyNotEligible(
  profile: Profile,
  members: readonly Member[],
  now: number,
): Ineligible | undefined {
  if (!holdsAny(profile, conversing)) return 'no role that converses';
  const { until = Number.POSITIVE_INFINITY } = members.find(({ person }) => person === profile.person) ?? {};
  if (conversesOnlyAs(profile, 'guest') && until > now + GUEST_STAYS_MS)
    return 'a guest without an end within ninety days';
  const hasPatient = members.some(({ person }) => profile.actsFor?.includes(person));
  if (conversesOnlyAs(profile, 'caregiver') && !hasPatient) return 'a caregiver without their patient';
  return undefined;
}
