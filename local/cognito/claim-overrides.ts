import { z } from 'zod';
import type { TriggerVersion } from './pool-settings.ts';
import type { Claims } from './tokens.ts';

/** A trigger's answer, the same for all event versions. */
export interface Overrides {
  readonly id: TokenOverrides;
  readonly access: TokenOverrides;
  readonly scopesToAdd: readonly string[];
  readonly scopesToSuppress: readonly string[];
  readonly groups?: readonly string[];
}

interface TokenOverrides {
  readonly claimsToAddOrOverride: Readonly<Record<string, unknown>>;
  readonly claimsToSuppress: readonly string[];
}

/** Reads what the trigger returned; undefined where it is not of the documented form. */
export function readOverrides(version: TriggerVersion, payload: unknown): Overrides | undefined {
  if (version === 'V1_0') {
    const read = V1.safeParse(payload);
    if (!read.success) return undefined;
    const details = read.data.response.claimsOverrideDetails;
    return {
      id: tokenOverrides(details),
      access: NOTHING,
      scopesToAdd: [],
      scopesToSuppress: [],
      groups: details?.groupOverrideDetails?.groupsToOverride ?? undefined,
    };
  }
  const read = V2.safeParse(payload);
  if (!read.success) return undefined;
  const details = read.data.response.claimsAndScopeOverrideDetails;
  const access = details?.accessTokenGeneration;
  return {
    id: tokenOverrides(details?.idTokenGeneration),
    access: tokenOverrides(access),
    scopesToAdd: access?.scopesToAdd ?? [],
    scopesToSuppress: access?.scopesToSuppress ?? [],
    groups: details?.groupOverrideDetails?.groupsToOverride ?? undefined,
  };
}

/**
 * The claims with a trigger's changes. Claims that Cognito reserves keep their value, whatever the trigger asks; a claim
 * both added and suppressed is suppressed.
 */
export function applyOverrides(claims: Claims, overrides: Overrides, clientId: string): Claims {
  const groups = overrides.groups && { 'cognito:groups': overrides.groups };
  const granted = String(claims.access.scope)
    .split(' ')
    .concat(overrides.scopesToAdd.filter((scope) => !scope.startsWith('aws.cognito')))
    .filter((scope) => scope !== '' && !overrides.scopesToSuppress.includes(scope));
  return {
    id: overridden({ ...claims.id, ...groups }, overrides.id, (name) =>
      isReserved(name, RESERVED_ID, ID_GROUPS),
    ),
    access: {
      ...overridden({ ...claims.access, ...groups }, overrides.access, (name, value) =>
        name === 'aud' ? value !== clientId : isReserved(name, RESERVED_ACCESS, ACCESS_GROUPS),
      ),
      scope: [...new Set(granted)].join(' '),
    },
  };
}

const names = z.array(z.string()).nullish();
const groupOverrideDetails = z.object({ groupsToOverride: names }).nullish();
const claims = {
  claimsToAddOrOverride: z.record(z.string(), z.unknown()).nullish(),
  claimsToSuppress: names,
};
const V2 = z.object({
  response: z.object({
    claimsAndScopeOverrideDetails: z
      .object({
        idTokenGeneration: z.object(claims).nullish(),
        accessTokenGeneration: z.object({ ...claims, scopesToAdd: names, scopesToSuppress: names }).nullish(),
        groupOverrideDetails,
      })
      .nullish(),
  }),
});
const V1 = z.object({
  response: z.object({
    claimsOverrideDetails: z
      .object({
        claimsToAddOrOverride: z.record(z.string(), z.string()).nullish(),
        claimsToSuppress: names,
        groupOverrideDetails,
      })
      .nullish(),
  }),
});

/** Developer guide, "Pre token generation Lambda trigger": the claims that no trigger changes. */
const RESERVED = [
  ...['acr', 'amr', 'at_hash', 'auth_time', 'azp', 'event_id', 'exp', 'iat', 'iss', 'jti', 'nbf', 'nonce'],
  ...['origin_jti', 'sub', 'token_use'],
];
const RESERVED_ID = new Set([...RESERVED, 'aud', 'cognito:username', 'identities']);
/** `scope` changes by scopesToAdd and scopesToSuppress alone. */
const RESERVED_ACCESS = new Set([...RESERVED, 'client_id', 'device_key', 'scope', 'username', 'version']);
const ID_GROUPS = new Set(['cognito:groups', 'cognito:preferred_role', 'cognito:roles']);
const ACCESS_GROUPS = new Set(['cognito:groups']);
const NOTHING: TokenOverrides = { claimsToAddOrOverride: {}, claimsToSuppress: [] };

function isReserved(name: string, reserved: ReadonlySet<string>, open: ReadonlySet<string>): boolean {
  return reserved.has(name) || (name.startsWith('cognito:') && !open.has(name));
}

function tokenOverrides(details: z.infer<ReturnType<typeof tokenShape>>): TokenOverrides {
  return {
    claimsToAddOrOverride: details?.claimsToAddOrOverride ?? {},
    claimsToSuppress: details?.claimsToSuppress ?? [],
  };
}

function tokenShape() {
  return z.object(claims).nullish();
}

function overridden(
  claims: Record<string, unknown>,
  { claimsToAddOrOverride, claimsToSuppress }: TokenOverrides,
  keeps: (name: string, value?: unknown) => boolean,
): Record<string, unknown> {
  const added = Object.entries(claimsToAddOrOverride).filter(([name, value]) => !keeps(name, value));
  const suppressed = new Set(claimsToSuppress.filter((name) => !keeps(name)));
  return Object.fromEntries(
    Object.entries({ ...claims, ...Object.fromEntries(added) }).filter(([name]) => !suppressed.has(name)),
  );
}
