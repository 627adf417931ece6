import { AwsError } from '../front-door/service.ts';
import * as admin from './admin.ts';
import { adminInitiateAuth, initiateAuth, respondToAuthChallenge } from './challenges.ts';
import { CLIENT_PROPERTIES } from './client-settings.ts';
import * as clients from './clients.ts';
import { describeUserPool, listUsers } from './directory.ts';
import * as groups from './groups.ts';
import { associateSoftwareToken, verifySoftwareToken } from './mfa.ts';
import type { Cognito, Input, Outcome } from './pools.ts';
import { getTokensFromRefreshToken, revokeToken } from './refresh.ts';
import * as own from './self-service.ts';
import { confirmForgotPassword, forgotPassword, resendConfirmationCode, signUp } from './without-sign-in.ts';

/** One operation of the API. */
export interface Operation {
  /** True where AWS serves it without a signature. */
  readonly isPublic: boolean;
  /** Does the work; refuses members of the input that are not supported here. */
  run(cognito: Cognito, input: Input): Outcome | Promise<Outcome>;
}

type Work = (cognito: Cognito, input: Input) => Outcome | Promise<Outcome>;

/** These reach triggers that no pool here has, risk scores and reports that nobody makes here: without effect. */
const TELLING = ['AnalyticsMetadata', 'ClientMetadata', 'UserContextData', 'ValidationData'];
const USER = ['UserPoolId', 'Username'];
const GROUP = ['UserPoolId', 'GroupName'];
const PAGE = ['Limit', 'NextToken'];
const CLIENT = [...CLIENT_PROPERTIES];

/** Operations of people's own accounts that nothing here needs: each asks for an access token with Cognito's own scope. */
const UNSERVED = [
  ...[
    'CompleteWebAuthnRegistration',
    'ConfirmDevice',
    'DeleteWebAuthnCredential',
    'ForgetDevice',
    'GetDevice',
  ],
  ...['GetUserAttributeVerificationCode', 'GetUserAuthFactors', 'ListDevices', 'ListWebAuthnCredentials'],
  ...['SetUserSettings', 'StartWebAuthnRegistration', 'UpdateDeviceStatus', 'VerifyUserAttribute'],
];

/** Every operation that is served here, by its name. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  open('AssociateSoftwareToken', associateSoftwareToken, ['AccessToken', 'Session']),
  open('ChangePassword', own.changePassword, ['AccessToken', 'PreviousPassword', 'ProposedPassword']),
  open('ConfirmForgotPassword', confirmForgotPassword, [
    ...['ClientId', 'ConfirmationCode', 'Password', 'SecretHash', 'Username'],
  ]),
  open('DeleteUser', own.deleteUser, ['AccessToken']),
  open('DeleteUserAttributes', own.deleteUserAttributes, ['AccessToken', 'UserAttributeNames']),
  open('ForgotPassword', forgotPassword, ['ClientId', 'SecretHash', 'Username']),
  open('GetTokensFromRefreshToken', getTokensFromRefreshToken, ['ClientId', 'ClientSecret', 'RefreshToken']),
  open('GetUser', own.getUser, ['AccessToken']),
  open('GlobalSignOut', own.globalSignOut, ['AccessToken']),
  open('InitiateAuth', initiateAuth, ['AuthFlow', 'AuthParameters', 'ClientId']),
  open('ResendConfirmationCode', resendConfirmationCode, ['ClientId', 'SecretHash', 'Username']),
  open('RespondToAuthChallenge', respondToAuthChallenge, [
    ...['ChallengeName', 'ChallengeResponses', 'ClientId', 'Session'],
  ]),
  open('RevokeToken', revokeToken, ['ClientId', 'ClientSecret', 'Token']),
  open('SetUserMFAPreference', own.setUserMfaPreference, ['AccessToken', 'SoftwareTokenMfaSettings']),
  open('SignUp', signUp, ['ClientId', 'Password', 'SecretHash', 'UserAttributes', 'Username']),
  open('UpdateUserAttributes', own.updateUserAttributes, ['AccessToken', 'UserAttributes']),
  open('VerifySoftwareToken', verifySoftwareToken, [
    ...['AccessToken', 'FriendlyDeviceName', 'Session', 'UserCode'],
  ]),
  signed('AdminAddUserToGroup', groups.adminAddUserToGroup, [...USER, 'GroupName']),
  signed('AdminCreateUser', admin.adminCreateUser, [
    ...USER,
    ...['DesiredDeliveryMediums', 'MessageAction', 'TemporaryPassword', 'UserAttributes'],
  ]),
  signed('AdminDeleteUser', admin.adminDeleteUser, USER),
  signed('AdminDisableUser', admin.adminDisableUser, USER),
  signed('AdminEnableUser', admin.adminEnableUser, USER),
  signed('AdminGetUser', admin.adminGetUser, USER),
  signed('AdminInitiateAuth', adminInitiateAuth, ['AuthFlow', 'AuthParameters', 'ClientId', 'UserPoolId']),
  signed('AdminListGroupsForUser', groups.adminListGroupsForUser, [...USER, ...PAGE]),
  signed('AdminRemoveUserFromGroup', groups.adminRemoveUserFromGroup, [...USER, 'GroupName']),
  signed('AdminResetUserPassword', admin.adminResetUserPassword, USER),
  signed('AdminSetUserPassword', admin.adminSetUserPassword, [...USER, 'Password', 'Permanent']),
  signed('AdminUpdateUserAttributes', admin.adminUpdateUserAttributes, [...USER, 'UserAttributes']),
  signed('AdminUserGlobalSignOut', admin.adminUserGlobalSignOut, USER),
  signed('CreateGroup', groups.createGroup, [...GROUP, 'Description', 'Precedence']),
  signed('CreateUserPoolClient', clients.createUserPoolClient, CLIENT),
  signed('DeleteGroup', groups.deleteGroup, GROUP),
  signed('DeleteUserPoolClient', clients.deleteUserPoolClient, ['ClientId', 'UserPoolId']),
  signed('DescribeUserPool', describeUserPool, ['UserPoolId']),
  signed('DescribeUserPoolClient', clients.describeUserPoolClient, ['ClientId', 'UserPoolId']),
  signed('GetGroup', groups.getGroup, GROUP),
  signed('ListGroups', groups.listGroups, ['UserPoolId', ...PAGE]),
  signed('ListUserPoolClients', clients.listUserPoolClients, ['MaxResults', 'NextToken', 'UserPoolId']),
  signed('ListUsers', listUsers, ['AttributesToGet', 'Filter', 'Limit', 'PaginationToken', 'UserPoolId']),
  signed('ListUsersInGroup', groups.listUsersInGroup, [...GROUP, ...PAGE]),
  signed('UpdateGroup', groups.updateGroup, [...GROUP, 'Description', 'Precedence']),
  ...UNSERVED.map((name): [string, Operation] => [name, { isPublic: true, run: own.unserved }]),
]);

function open(name: string, work: Work, takes: readonly string[]): [string, Operation] {
  return [name, { isPublic: true, run: taking(name, work, takes) }];
}

function signed(name: string, work: Work, takes: readonly string[]): [string, Operation] {
  return [name, { isPublic: false, run: taking(name, work, takes) }];
}

/** A member that would change what AWS does must not be passed over in silence; one that is null is none. */
function taking(name: string, work: Work, takes: readonly string[]): Work {
  const known = new Set([...takes, ...TELLING]);
  return (cognito, given) => {
    const input = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
    const other = Object.keys(input).find((member) => !known.has(member));
    if (other !== undefined)
      throw new AwsError('InvalidParameterException', `${other} of ${name} is not supported here`);
    return work(cognito, input);
  };
}
