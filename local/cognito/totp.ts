import { Secret, TOTP } from 'otpauth';

/** A person's software token. The secret stays in clear: without it no code can be checked. */
export interface SoftwareToken {
  /** Base32, as the person's app holds it. */
  readonly secret: string;
  readonly deviceName?: string;
  /** Time steps whose code was accepted; kept as long as that code could be sent again. */
  readonly usedSteps: readonly number[];
}

export type CodeCheck =
  | { readonly outcome: 'accepted'; readonly token: SoftwareToken }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'used' };

/** A new secret of 256 bits, in base32. */
export function newSecret(): string {
  return new Secret({ size: 32 }).base32;
}

/**
 * Checks a code by RFC 6238 (SHA-1, 6 digits, steps of 30 s), one step either way for clocks that differ. A code is
 * good once: the step of an accepted code is remembered in the token that comes back.
 */
export function checkCode(token: SoftwareToken, code: string, now: number): CodeCheck {
  if (!/^\d{6}$/.test(code)) return { outcome: 'mismatch' };
  const totp = new TOTP({
    secret: Secret.fromBase32(token.secret),
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
  });
  const delta = totp.validate({ token: code, timestamp: now, window: 1 });
  if (delta === null) return { outcome: 'mismatch' };
  const current = Math.floor(now / STEP_MS);
  const step = current + delta;
  if (token.usedSteps.includes(step)) return { outcome: 'used' };
  const usedSteps = [...token.usedSteps.filter((used) => used >= current - 1), step];
  return { outcome: 'accepted', token: { ...token, usedSteps } };
}

const STEP_MS = 30_000;
