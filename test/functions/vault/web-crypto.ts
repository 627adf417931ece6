/** Known answers for `functions/vault/seal.ts`, from another implementation of the format: Web Crypto, not node:crypto. */
import { webcrypto } from 'node:crypto';

export interface Vector {
  readonly dataKey: string;
  readonly fields: string;
  readonly plain: string;
  readonly salt: string;
  readonly sealed: string;
}

/** Seals by Web Crypto what a vector describes. */
export async function sealedByWebCrypto({
  dataKey,
  fields,
  plain,
  salt,
}: Omit<Vector, 'sealed'>): Promise<string> {
  const hex = (text: string) => Buffer.from(text, 'hex');
  const { subtle } = webcrypto;
  const secret = await subtle.importKey('raw', hex(dataKey), 'HKDF', false, ['deriveBits']);
  const info = Buffer.from('wardline.body.1');
  const derived = await subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-512', salt: hex(salt), info },
    secret,
    512,
  );
  const key = await subtle.importKey('raw', derived.slice(0, 32), 'AES-GCM', false, ['encrypt']);
  const gcm = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData: hex(fields), tagLength: 128 };
  const ciphertext = await subtle.encrypt(gcm, key, hex(plain));
  return Buffer.concat([
    Uint8Array.of(1),
    hex(salt),
    Buffer.from(derived.slice(32)),
    Buffer.from(ciphertext),
  ]).toString('hex');
}
