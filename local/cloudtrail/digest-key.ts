import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

/** A key pair of the Region with which digests are signed, as it is kept. */
export interface DigestKey {
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
}

/** RSA of 2048 bits. Takes a quarter of a second, so it is made when the first digest needs it. */
export function newDigestKey(now: number): DigestKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })), validFrom: now };
}

/** The public half as ListPublicKeys gives it: DER of PKCS #1, and the MD5 of that as its fingerprint. */
export function publicHalf({ privateKey }: DigestKey): {
  readonly value: Buffer;
  readonly fingerprint: string;
} {
  const value = createPublicKey(createPrivateKey(privateKey)).export({ type: 'pkcs1', format: 'der' });
  return { value, fingerprint: createHash('md5').update(value).digest('hex') };
}

/** SHA256withRSA, in hexadecimal. */
export function signatureOf(text: string, { privateKey }: DigestKey): string {
  return sign('sha256', Buffer.from(text), privateKey).toString('hex');
}
