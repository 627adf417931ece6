import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { entitler } from '../store/entitler.ts';
import { everybody, profiles } from '../store/profiles.ts';
import { quarterLists } from '../store/quarter-lists.ts';
import { accounts } from './accounts.ts';
import { setting } from './env.ts';
import { reportLostStep } from './report.ts';
import { documents, open, world } from './rooms.ts';
import { signIns } from './sign-ins.ts';

/** The rooms of the doors that administer people; the others are smaller and start sooner without Cognito's client. */
export const openPeople = {
  signIns: () => signIns(new CognitoIdentityProviderClient({}), setting('userPoolId'), reportLostStep),
  accounts: () => accounts(new CognitoIdentityProviderClient({}), setting('userPoolId')),
  profiles: () => profiles(documents, setting('peopleTable')),
  everybody: () => everybody(documents, setting('peopleTable')),
  quarterLists: () => quarterLists(documents, setting('peopleTable')),
  /** Everything that changing what somebody is takes, with the end of their sign-ins. */
  moving: () => ({
    ...world,
    profiles: openPeople.profiles(),
    entitler: entitler(documents, setting('sessionsTable'), world.now),
    stamps: open.stamps(),
    sockets: open.closer(),
    signIns: openPeople.signIns(),
    signer: open.signer(),
    accounts: openPeople.accounts(),
  }),
};
