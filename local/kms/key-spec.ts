/** The kinds of key that are served, each with the one use that it is served for. */
export const keySpecs = {
  SYMMETRIC_DEFAULT: { usage: 'ENCRYPT_DECRYPT', algorithm: 'SYMMETRIC_DEFAULT' },
  ECC_NIST_P256: { usage: 'SIGN_VERIFY', algorithm: 'ECDSA_SHA_256' },
} as const;

export type KeySpec = keyof typeof keySpecs;

/**
 * The kind of key that a template asks for. As in CloudFormation, an asymmetric key has to name its use and cannot
 * rotate (template reference, AWS::KMS::Key).
 */
export function keySpecOf(properties: Readonly<Record<string, unknown>>, named: string): KeySpec {
  const spec = properties.KeySpec ?? 'SYMMETRIC_DEFAULT';
  const isServed = typeof spec === 'string' && Object.hasOwn(keySpecs, spec);
  const usage = properties.KeyUsage ?? 'ENCRYPT_DECRYPT';
  if (!isServed || usage !== keySpecs[spec as KeySpec].usage)
    throw new Error(`${named} asks for ${spec} for ${usage}, which the local keys do not do`);
  if (spec !== 'SYMMETRIC_DEFAULT' && String(properties.EnableKeyRotation) === 'true')
    throw new Error(`${named} sets EnableKeyRotation on an asymmetric key, which KMS refuses`);
  return spec as KeySpec;
}

/** Members of an answer that say what the key is for: `EncryptionAlgorithms` or `SigningAlgorithms`. */
export function algorithmsOf(spec: KeySpec): Readonly<Record<string, readonly string[]>> {
  const { usage, algorithm } = keySpecs[spec];
  return { [usage === 'SIGN_VERIFY' ? 'SigningAlgorithms' : 'EncryptionAlgorithms']: [algorithm] };
}
