import {
  AdminCreateUserCommand,
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  type AttributeType,
  type CognitoIdentityProviderClient,
  UserNotFoundException,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';
import { PersonId } from '../../protocol/ids.ts';
import type { Account, Accounts, Foreign } from '../domain/accounts.ts';
import { Fault } from '../domain/fault.ts';
import { type Phi, reveal } from '../domain/phi.ts';

/** The user pool's own users. MFA is the pool's rule: whoever signs in first has to enrol, and no call here goes round that. */
export function accounts(client: CognitoIdentityProviderClient, userPoolId: string): Accounts {
  const UserPoolId = userPoolId;

  const find = async (username: Phi<string>): Promise<Account | Foreign | undefined> => {
    try {
      const { UserAttributes, UserStatus } = await client.send(
        new AdminGetUserCommand({ UserPoolId, Username: reveal(username) }),
      );
      const person = PersonId.safeParse(valueIn(UserAttributes, 'custom:person'));
      if (!person.success) return 'foreign';
      return {
        person: person.data,
        sub: subIn(UserAttributes),
        hasSignedIn: UserStatus !== 'FORCE_CHANGE_PASSWORD',
      };
    } catch (error) {
      if (error instanceof UserNotFoundException) return undefined;
      throw error;
    }
  };

  return {
    find,

    create: async (username, person, temporaryPassword) => {
      try {
        const { User } = await client.send(
          new AdminCreateUserCommand({
            UserPoolId,
            Username: reveal(username),
            TemporaryPassword: temporaryPassword,
            MessageAction: 'SUPPRESS', // who asked hands the password over; Cognito knows no address to send it to
            UserAttributes: [{ Name: 'custom:person', Value: person }],
          }),
        );
        return { person, sub: subIn(User?.Attributes), hasSignedIn: false, temporaryPassword };
      } catch (error) {
        const meanwhile = error instanceof UsernameExistsException ? await find(username) : undefined;
        if (meanwhile) return meanwhile;
        throw error;
      }
    },

    renewPassword: async (username, temporaryPassword) => {
      await client.send(
        new AdminSetUserPasswordCommand({
          UserPoolId,
          Username: reveal(username),
          Password: temporaryPassword,
          Permanent: false,
        }),
      );
    },

    // `Username` takes the `sub` of a local user (Cognito API reference, AdminDisableUser and AdminEnableUser).
    disable: async (sub) => {
      await client.send(new AdminDisableUserCommand({ UserPoolId, Username: sub }));
    },

    enable: async (sub) => {
      await client.send(new AdminEnableUserCommand({ UserPoolId, Username: sub }));
    },
  };
}

function valueIn(attributes: readonly AttributeType[] | undefined, name: string): string | undefined {
  return attributes?.find(({ Name }) => Name === name)?.Value;
}

function subIn(attributes: readonly AttributeType[] | undefined): string {
  const sub = valueIn(attributes, 'sub');
  if (sub) return sub;
  throw new Fault('the user pool told no sub of a user');
}
