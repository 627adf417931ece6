import {
  AdminUserGlobalSignOutCommand,
  type CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import type { SignIns } from '../domain/revoke-session.ts';

/** The user pool's own list of sign-ins; a fault is reported to `lost`. */
export function signIns(
  client: CognitoIdentityProviderClient,
  userPoolId: string,
  lost: (error: unknown) => void,
): SignIns {
  return {
    endAll: async (sub) => {
      try {
        // `Username` takes the `sub` of a local user (Cognito API reference, AdminUserGlobalSignOut).
        await client.send(new AdminUserGlobalSignOutCommand({ UserPoolId: userPoolId, Username: sub }));
        return true;
      } catch (error) {
        lost(error);
        return false;
      }
    },
  };
}
