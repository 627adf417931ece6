import { Secret, TOTP } from 'otpauth';

/** Seconds that one code is for (RFC 6238); Cognito takes each once, and its neighbours for clocks that differ. */
export const STEP_SECONDS = 30;

/** The code of a TOTP secret (base32) at a moment, in milliseconds since the epoch. */
export function codeAt(secret: string, at: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: STEP_SECONDS }).generate({
    timestamp: at,
  });
}
