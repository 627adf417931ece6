import type { Account } from '../account.ts';
import { AwsError, type Call } from '../front-door/service.ts';
import type { Authorization } from '../iam/policy.ts';
import { type BlobHeader, type EncryptionContext, headerOf } from './ciphertext.ts';
import { keySpecs } from './key-spec.ts';
import { aliasIn, type Key, type Keyring } from './keyring.ts';
import { bytesIn, contextIn, keyIdIn } from './request.ts';

/** One action on one key: what a call comes to for IAM. */
export interface Use {
  /** `kms:Decrypt`, … */
  readonly action: string;
  readonly key: Key;
  readonly context?: EncryptionContext;
  /** How the request wants something signed or verified. */
  readonly signing?: { readonly algorithm: string; readonly messageType: string };
  /** The alias by which the request named the key. */
  readonly alias?: string;
}

/** Longest ciphertext that KMS takes, in bytes (KMS API reference, Decrypt). */
export const LONGEST_BLOB = 6144;

/** The keys that a call uses; the one that decrypts is named inside the blob. */
export function usesOf({ operation, input }: Call, keyring: Keyring): readonly Use[] {
  const named = (action: string, member = 'KeyId', context?: EncryptionContext): Use => {
    const name = keyIdIn(input, member);
    return { action, key: keyring.find(name), context, alias: aliasIn(name) };
  };
  switch (operation) {
    case 'Decrypt':
      return [{ action: 'kms:Decrypt', key: blobKey(input, keyring), context: contextIn(input) }];
    case 'ReEncrypt':
      return [
        {
          action: 'kms:ReEncryptFrom',
          key: blobKey(input, keyring),
          context: contextIn(input, 'SourceEncryptionContext'),
        },
        named('kms:ReEncryptTo', 'DestinationKeyId', contextIn(input, 'DestinationEncryptionContext')),
      ];
    case 'Encrypt':
    case 'GenerateDataKey':
    case 'GenerateDataKeyWithoutPlaintext':
      return [named(`kms:${operation}`, 'KeyId', contextIn(input))];
    case 'Sign':
    case 'Verify': {
      const { SigningAlgorithm, MessageType = 'RAW' } = input;
      const signing = { algorithm: String(SigningAlgorithm), messageType: String(MessageType) };
      return [{ ...named(`kms:${operation}`), signing }];
    }
    default:
      return [named(`kms:${operation}`)];
  }
}

/** KMS says nothing more of a ciphertext that it cannot open. */
export function invalidCiphertext(): AwsError {
  return new AwsError('InvalidCiphertextException', '');
}

export function headerIn(input: Call['input']): { blob: Buffer; header: BlobHeader } {
  const blob = bytesIn(input, 'CiphertextBlob', LONGEST_BLOB);
  const header = headerOf(blob);
  if (header === undefined) throw invalidCiphertext();
  return { blob, header };
}

/** Condition keys: Service Authorization Reference, "AWS Key Management Service". */
export function authorizationOf(use: Use, account: Account, keyring: Keyring): Authorization {
  const { key, context, signing, alias } = use;
  const aliases = keyring.aliasesOf(key);
  const names = Object.keys(context ?? {});
  const pairs = Object.entries(context ?? {}).map(([name, value]) => [
    `kms:EncryptionContext:${name}`,
    value,
  ]);
  return {
    action: use.action,
    resource: key.arn,
    resourcePolicy: key.policy,
    resourcePolicyDecides: true,
    context: {
      'kms:CallerAccount': account.accountId,
      'kms:KeyOrigin': 'AWS_KMS',
      'kms:KeySpec': key.spec,
      'kms:KeyUsage': keySpecs[key.spec].usage,
      'kms:MultiRegion': String(key.isMultiRegion),
      ...(context === undefined ? {} : { 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT' }),
      ...(signing && { 'kms:SigningAlgorithm': signing.algorithm, 'kms:MessageType': signing.messageType }),
      ...(names.length === 0 ? {} : { 'kms:EncryptionContextKeys': names }),
      ...Object.fromEntries(pairs),
      ...(alias === undefined ? {} : { 'kms:RequestAlias': alias }),
      ...(aliases.length === 0 ? {} : { 'kms:ResourceAliases': aliases }),
    },
  };
}

function blobKey(input: Call['input'], keyring: Keyring): Key {
  const { header } = headerIn(input);
  if (!keyring.has(header.keyId)) {
    throw new AwsError(
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    );
  }
  return keyring.find(header.keyId);
}
