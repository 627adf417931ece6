import type { Resource } from '../template/resource.ts';
import { type MachineGrant, readMachineGrant } from './client-oauth.ts';
import { STANDARD_ATTRIBUTES } from './pool-settings.ts';
import { flag, list, only, record, text, unsupported, wholeNumber } from './properties.ts';

/** What of an AWS::Cognito::UserPoolClient changes what a client may do. Times in milliseconds. */
export interface ClientSettings {
  readonly id: string;
  readonly poolId: string;
  readonly flows: ReadonlySet<string>;
  readonly hidesUnknownUsers: boolean;
  readonly revocable: boolean;
  readonly hasSecret: boolean;
  /** Undefined where the client is no machine's. */
  readonly machine?: MachineGrant;
  readonly accessTokenMs: number;
  readonly idTokenMs: number;
  readonly refreshTokenMs: number;
  readonly challengeMs: number;
  /** Undefined where refresh tokens are not rotated. */
  readonly rotationGraceMs?: number;
  readonly mayRead: (attribute: string) => boolean;
  readonly mayWrite: (attribute: string) => boolean;
  /** The template's properties, for DescribeUserPoolClient. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Reads a client's resource; throws with the property's name where it asks for what this stand-in does not do. */
export function readClient(resource: Resource): ClientSettings {
  const properties = resource.properties;
  only(resource, properties, CLIENT_PROPERTIES);
  if (flag(properties.EnablePropagateAdditionalUserContextData, false))
    throw unsupported(resource, 'EnablePropagateAdditionalUserContextData', true);
  const hasSecret = flag(properties.GenerateSecret, false);
  const otherProvider = list(properties.SupportedIdentityProviders).find((name) => name !== 'COGNITO');
  if (otherProvider !== undefined) throw unsupported(resource, 'SupportedIdentityProviders', otherProvider);
  const flows = readFlows(resource);
  const units = record(properties.TokenValidityUnits);
  const span = (name: string, unit: unknown, otherwise: number, least: number, most: number): number => {
    const amount = wholeNumber(properties[name]);
    const milliseconds = amount ? amount * (UNIT_MS[String(unit)] ?? Number.NaN) : otherwise;
    if (!(milliseconds >= least && milliseconds <= most)) throw unsupported(resource, name, amount);
    return milliseconds;
  };
  return {
    id: resource.ref,
    poolId: text(properties.UserPoolId) ?? '',
    flows,
    hidesUnknownUsers: properties.PreventUserExistenceErrors === 'ENABLED',
    hasSecret,
    machine: readMachineGrant(resource, hasSecret),
    revocable: flag(properties.EnableTokenRevocation, true),
    accessTokenMs: span('AccessTokenValidity', units.AccessToken ?? 'hours', HOUR, 5 * MINUTE, DAY),
    idTokenMs: span('IdTokenValidity', units.IdToken ?? 'hours', HOUR, 5 * MINUTE, DAY),
    refreshTokenMs: span('RefreshTokenValidity', units.RefreshToken ?? 'days', 30 * DAY, HOUR, 3650 * DAY),
    challengeMs: span('AuthSessionValidity', 'minutes', 3 * MINUTE, 3 * MINUTE, 15 * MINUTE),
    rotationGraceMs: readRotation(resource, flows),
    mayRead: permits(properties.ReadAttributes),
    mayWrite: permits(properties.WriteAttributes),
    properties,
  };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNIT_MS: Readonly<Record<string, number>> = {
  seconds: SECOND,
  minutes: MINUTE,
  hours: HOUR,
  days: DAY,
};

/** What a client may be made with, in a template or by a call. */
export const CLIENT_PROPERTIES = [
  'AccessTokenValidity',
  'AllowedOAuthFlows',
  'AllowedOAuthFlowsUserPoolClient',
  'AllowedOAuthScopes',
  'AuthSessionValidity',
  'CallbackURLs',
  'ClientName',
  'DefaultRedirectURI',
  'EnablePropagateAdditionalUserContextData',
  'EnableTokenRevocation',
  'ExplicitAuthFlows',
  'GenerateSecret',
  'IdTokenValidity',
  'LogoutURLs',
  'PreventUserExistenceErrors',
  'ReadAttributes',
  'RefreshTokenRotation',
  'RefreshTokenValidity',
  'SupportedIdentityProviders',
  'TokenValidityUnits',
  'UserPoolId',
  'WriteAttributes',
];

function readFlows(resource: Resource): Set<string> {
  const listed = list(resource.properties.ExplicitAuthFlows);
  const flows =
    listed.length > 0 ? listed : ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_CUSTOM_AUTH'];
  return new Set(
    flows.map((flow) => {
      const name =
        /^ALLOW_((ADMIN_USER_PASSWORD|CUSTOM|REFRESH_TOKEN|USER|USER_PASSWORD|USER_SRP)_AUTH)$/.exec(
          String(flow),
        )?.[1];
      if (!name) throw unsupported(resource, 'ExplicitAuthFlows', flow);
      return name;
    }),
  );
}

function readRotation(resource: Resource, flows: ReadonlySet<string>): number | undefined {
  const rotation = record(resource.properties.RefreshTokenRotation);
  if (rotation.Feature !== 'ENABLED') return undefined;
  if (flows.has('REFRESH_TOKEN_AUTH')) {
    throw new Error(
      `${resource.type} ${resource.logicalId}: ALLOW_REFRESH_TOKEN_AUTH is not a permitted ExplicitAuthFlow ` +
        'when refresh token rotation is enabled',
    );
  }
  const seconds = wholeNumber(rotation.RetryGracePeriodSeconds) ?? 0;
  if (seconds < 0 || seconds > 60)
    throw unsupported(resource, 'RefreshTokenRotation.RetryGracePeriodSeconds', seconds);
  return seconds * SECOND;
}

/** Without a list a client reads and writes the standard attributes and no custom one (API reference, CreateUserPoolClient). */
function permits(listed: unknown): (attribute: string) => boolean {
  if (!Array.isArray(listed)) return (attribute) => STANDARD_ATTRIBUTES.has(attribute);
  const names = new Set(listed.map(String));
  return (attribute) => names.has(attribute);
}
