import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { PersonId } from '../protocol/ids.ts';
import { PersonDisabled, PersonWithoutProfile } from './domain/people.ts';
import { SCOPE } from './wiring/claims.ts';
import { claimsOf } from './wiring/identity.ts';
import { onEvent } from './wiring/on-event.ts';
import { open } from './wiring/rooms.ts';

const people = open.people();

/**
 * Cognito's pre-token trigger: an access token says who this is to us and what our own table allows them, and carries
 * the scope that every route asks for. Without a profile there is no token, nor for who is disabled.
 */
export const handler = onEvent('AddClaims', async (event: PreTokenGenerationV2TriggerEvent) => {
  const person = PersonId.parse(event.request.userAttributes['custom:person']);
  const profile = await people.profile(person);
  if (!profile) throw new PersonWithoutProfile(person);
  if (profile.formerRoles) throw new PersonDisabled(person); // the pool refuses before, unless its disabling failed
  event.response = {
    claimsAndScopeOverrideDetails: {
      accessTokenGeneration: {
        claimsToAddOrOverride: { person, ...claimsOf(profile) },
        scopesToAdd: [SCOPE],
        scopesToSuppress: ['aws.cognito.signin.user.admin'],
      },
    },
  };
  return event;
});
