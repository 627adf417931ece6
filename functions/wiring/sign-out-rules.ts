import type { SignOutRules } from '../domain/sign-out.ts';
import type { IdleMinutes } from './env.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** When sign-ins end by themselves, by the deployment's settings. */
export function signOutRules(idleMinutes: IdleMinutes, signInHours: number): SignOutRules {
  const minutesOf = (role: string) => idleMinutes[role] ?? idleMinutes.default;
  return {
    idleMs: (roles) =>
      Math.min(...(roles.length > 0 ? roles.map(minutesOf) : [idleMinutes.default])) * MINUTE_MS,
    limitMs: signInHours * HOUR_MS,
  };
}
