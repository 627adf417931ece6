import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { canonical } from './canonical.ts';

interface Signed {
  readonly signature: string;
}

/** The bytes that a signature covers: canonical JSON of all members but the signature and what is only hashed in. */
export function signedBytes(document: Signed & { ids?: unknown; leaves?: unknown }): Buffer {
  const { signature: _signature, ids: _ids, leaves: _leaves, ...claims } = document;
  return Buffer.from(canonical(claims));
}

/** SHA-256 of the signed bytes: what the next head carries as `prev`. */
export function hashOf(document: Signed): string {
  return createHash('sha256').update(signedBytes(document)).digest('hex');
}

export function isSigned(document: Signed, key: KeyObject): boolean {
  try {
    return verify('sha256', signedBytes(document), key, Buffer.from(document.signature, 'base64'));
  } catch {
    return false; // not even a signature in form
  }
}

/** A public key on the curve P-256; undefined where the text is none. */
export function readKey(pem: string | Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(pem), format: 'pem' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** What a key is compared by: SHA-256 of its SubjectPublicKeyInfo. */
export function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}
