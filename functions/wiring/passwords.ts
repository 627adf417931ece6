import { randomInt } from 'node:crypto';

const alphabets = {
  lower: 'abcdefghijkmnopqrstuvwxyz',
  upper: 'ABCDEFGHJKLMNPQRSTUVWXYZ',
  digit: '23456789',
  symbol: '!#%+-=?@_', // no shell, JSON or quoting gives these another meaning inside quotes
} as const;

const LENGTH = 20;

/** A random password of more than 110 bits that our user pool's policy takes; no letter can be misread for a digit. */
export function newPassword(): string {
  const all = Object.values(alphabets).join('');
  for (;;) {
    const password = Array.from({ length: LENGTH }, () => all[randomInt(all.length)]).join('');
    const hasEach = Object.values(alphabets).every((alphabet) =>
      [...alphabet].some((one) => password.includes(one)),
    );
    if (hasEach) return password;
  }
}
