import type { RevocationReceipt } from '../../protocol/requests.ts';

export type Receipt = RevocationReceipt;

/** Signs with a key that never leaves its keeper, and that anybody can verify with the public half. */
export interface Signer {
  readonly keyId: string;
  readonly algorithm: 'ECDSA_SHA_256';
  /** The signature in DER, as X9.62 has it. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** What a signature covers: flat, so that its canonical JSON is easily made anywhere. */
type Claims = Readonly<Record<string, string | number | boolean | readonly string[]>>;

interface Signature {
  readonly keyId: string;
  readonly algorithm: 'ECDSA_SHA_256';
  /** Base64. */
  readonly signature: string;
}

/** What was done, with its signature. */
export async function signed<Done extends Claims>(signer: Signer, done: Done): Promise<Done & Signature> {
  const claims = { ...done, keyId: signer.keyId, algorithm: signer.algorithm };
  const signature = await signer.sign(signedBytes(claims));
  return { ...claims, signature: Buffer.from(signature).toString('base64') };
}

/**
 * The bytes that are signed: everything but `signature` as canonical JSON (RFC 8785), which for texts, whole numbers,
 * truth values and lists of texts is JSON without white space and with its names in the order of their UTF-16 units.
 */
export function signedBytes(claims: Claims): Uint8Array {
  const ordered = Object.entries(claims)
    .filter(([name]) => name !== 'signature')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return new TextEncoder().encode(JSON.stringify(Object.fromEntries(ordered)));
}
