import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';

/** A pool's two RSA keys: Cognito signs ID tokens with one and access tokens with the other. */
export interface SigningKeys {
  readonly id: SigningKey;
  readonly access: SigningKey;
}

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: JsonWebKey;
}

export function newSigningKeys(): SigningKeys {
  return { id: newKey(), access: newKey() };
}

function newKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid: randomBytes(32).toString('base64'), privateKey: privateKey.export({ format: 'jwk' }) };
}
