import type { PreTokenGenerationV2TriggerEvent, PreTokenGenerationV3TriggerEvent } from 'aws-lambda';
import { botOf } from './domain/bots.ts';
import { tokenHolder } from './domain/people.ts';
import { SCOPE } from './wiring/claims.ts';
import { botClaims, claimsOf } from './wiring/identity.ts';
import { onEvent } from './wiring/on-event.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = { people: open.people(), clients: open.botClients() };

/**
 * Cognito's pre-token trigger: an access token says who this is to us and what our own table allows them, and a person's
 * carries the scope that every route asks for. Without a profile there is no token, nor for who is disabled, nor for a
 * machine that is no bot of ours.
 */
export const handler = onEvent(
  'AddClaims',
  async (event: PreTokenGenerationV2TriggerEvent | PreTokenGenerationV3TriggerEvent) => {
    const isMachine = event.triggerSource === 'TokenGeneration_ClientCredentials';
    const accessTokenGeneration = isMachine
      ? { claimsToAddOrOverride: botClaims(await botOf(rooms, event.callerContext.clientId, world.now())) }
      : {
          claimsToAddOrOverride: claimsOf(
            await tokenHolder(rooms.people, event.request.userAttributes['custom:person']),
          ),
          scopesToAdd: [SCOPE],
          scopesToSuppress: ['aws.cognito.signin.user.admin'],
        };
    event.response = { claimsAndScopeOverrideDetails: { accessTokenGeneration } };
    return event;
  },
);
