import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { AwsError } from '../front-door/service.ts';
import { bytesIn, invalid } from './request.ts';

type Input = Readonly<Record<string, unknown>>;

/** KMS API reference, Sign: a raw message holds 4,096 bytes at most. */
const LONGEST_MESSAGE = 4096;

/** KMS API reference, Verify: a signature holds 6,144 bytes at most. */
const LONGEST_SIGNATURE = 6144;

const ALGORITHMS = [
  ...['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'],
  ...['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'],
  ...['ECDSA_SHA_256', 'ECDSA_SHA_384', 'ECDSA_SHA_512', 'SM2DSA'],
];

/** The private half of a new P-256 key pair: base64 of PKCS #8 in DER. */
export function newKeyPair(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** ECDSA over SHA-256; the signature in DER (ANS X9.62). */
export function signatureOf(privateHalf: Buffer, input: Input): Buffer {
  expectAlgorithm(input);
  return sign('sha256', messageIn(input), { key: privateKeyIn(privateHalf), dsaEncoding: 'der' });
}

/** Whether the signature is the key's over the message. */
export function isSignature(privateHalf: Buffer, input: Input): boolean {
  expectAlgorithm(input);
  const signature = bytesIn(input, 'Signature', LONGEST_SIGNATURE);
  const key = createPublicKey(privateKeyIn(privateHalf));
  return verify('sha256', messageIn(input), { key, dsaEncoding: 'der' }, signature);
}

/** SubjectPublicKeyInfo in DER (RFC 5280), as GetPublicKey gives it. */
export function publicHalf(privateHalf: Buffer): Buffer {
  return createPublicKey(privateKeyIn(privateHalf)).export({ format: 'der', type: 'spki' });
}

function privateKeyIn(key: Buffer) {
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function messageIn(input: Input): Buffer {
  const type = input.MessageType ?? 'RAW';
  if (type === 'DIGEST')
    throw new AwsError('UnsupportedOperationException', 'the local keys sign whole messages, not digests');
  if (type !== 'RAW')
    throw invalid('messageType', 'Member must satisfy enum value set: [DIGEST, RAW, EXTERNAL_MU]');
  return bytesIn(input, 'Message', LONGEST_MESSAGE);
}

function expectAlgorithm({ SigningAlgorithm: asked }: Input): void {
  if (asked === 'ECDSA_SHA_256') return;
  if (asked === undefined) throw invalid('signingAlgorithm', 'Member must not be null');
  if (!ALGORITHMS.includes(String(asked)))
    throw invalid('signingAlgorithm', `Member must satisfy enum value set: [${ALGORITHMS.join(', ')}]`);
  throw new AwsError(
    'InvalidKeyUsageException',
    `Algorithm ${asked} is incompatible with key spec ECC_NIST_P256.`,
  );
}
