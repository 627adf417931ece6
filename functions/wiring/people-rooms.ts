import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { KMSClient } from '@aws-sdk/client-kms';
import { entitler } from '../store/entitler.ts';
import { people } from '../store/people.ts';
import { everybody, profiles } from '../store/profiles.ts';
import { quarterLists } from '../store/quarter-lists.ts';
import { stamps } from '../store/stamps.ts';
import { signingKey } from '../vault/signing-key.ts';
import { accounts } from './accounts.ts';
import { setting } from './env.ts';
import { openPush } from './push-rooms.ts';
import { reportLostStep } from './report.ts';
import { documents, openSessions, world } from './rooms.ts';
import { signIns } from './sign-ins.ts';

/**
 * The rooms of the doors that administer people: the others are smaller and start sooner without Cognito's client, these
 * without conversations and their keys.
 */
export const openPeople = {
  sessions: openSessions,
  people: () => people(documents, setting('peopleTable')),
  stamps: () => stamps(documents, setting('sessionsTable'), world.now),
  closer: openPush.closer,
  signIns: () => signIns(new CognitoIdentityProviderClient({}), setting('userPoolId'), reportLostStep),
  signer: () => signingKey(new KMSClient({}), setting('signingKeyArn')),
  accounts: () => accounts(new CognitoIdentityProviderClient({}), setting('userPoolId')),
  profiles: () => profiles(documents, setting('peopleTable')),
  everybody: () => everybody(documents, setting('peopleTable')),
  quarterLists: () => quarterLists(documents, setting('peopleTable')),
  /** Everything that changing what somebody is takes, with the end of their sign-ins. */
  moving: () => ({
    ...world,
    profiles: openPeople.profiles(),
    entitler: entitler(documents, setting('sessionsTable'), world.now),
    stamps: openPeople.stamps(),
    sockets: openPeople.closer(),
    signIns: openPeople.signIns(),
    signer: openPeople.signer(),
    accounts: openPeople.accounts(),
  }),
};
