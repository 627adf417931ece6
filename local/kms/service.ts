import { randomBytes } from 'node:crypto';
import type { Account } from '../account.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Authorization, NamedPolicy } from '../iam/policy.ts';
import type { Resource } from '../template/resource.ts';
import { type EncryptionContext, open, seal } from './ciphertext.ts';
import { identifyAlias, identifyKey } from './identities.ts';
import { algorithmsOf, keySpecs } from './key-spec.ts';
import { KeyStore, type StoredKey } from './key-store.ts';
import { type Key, Keyring } from './keyring.ts';
import { metadataOf } from './metadata.ts';
import { byteCount, bytesIn, contextIn, dataKeyLength, keyIdIn, pendingDays } from './request.ts';
import { isSignature, newKeyPair, publicHalf, signatureOf } from './signing.ts';
import { trailOf } from './trail.ts';
import { authorizationOf, headerIn, invalidCiphertext, usesOf } from './uses.ts';

export interface KmsOptions {
  readonly account: Account;
  readonly clock: Clock;
  /** Where key material is kept between runs: see {@link KeyStore} for what that means. */
  readonly stateFile: string;
}

/**
 * AWS KMS for symmetric keys and for key pairs that sign (ECC_NIST_P256): every key of the template, its policy, its
 * state, and what it sealed and signed over restarts.
 */
export class KmsService implements AwsService {
  static readonly identifyKey = identifyKey;
  static readonly identifyAlias = identifyAlias;

  readonly name = 'kms';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'TrentService';

  private readonly account: Account;
  private readonly clock: Clock;
  private readonly store: KeyStore;
  private readonly keyring: Keyring;
  private readonly deletions = new Map<string, CancelTimer>();

  constructor(options: KmsOptions) {
    this.account = options.account;
    this.clock = options.clock;
    this.store = new KeyStore(options.stateFile);
    this.keyring = new Keyring(options.account);
  }

  addKey(resource: Resource): void {
    const key = this.keyring.addKey(resource);
    const material = key.spec === 'SYMMETRIC_DEFAULT' ? undefined : newKeyPair;
    const stored = this.store.ensure(key.id, key.startsEnabled, this.clock.now(), material);
    if (stored.deletionAt !== undefined) this.deleteAt(key, stored.deletionAt);
  }

  addAlias(resource: Resource): void {
    this.keyring.addAlias(resource);
  }

  /** The policy of a key, and whether it can be used now: for services that use keys on their callers' behalf. */
  keyPolicyOf(keyArn: string): { policy: NamedPolicy; usable: boolean } {
    const key = this.keyring.find(keyArn);
    const stored = this.store.get(key.id);
    return { policy: key.policy, usable: stored?.enabled === true && stored.deletionAt === undefined };
  }

  /** Forgets planned deletions; the next run takes them up again. */
  close(): void {
    for (const cancel of this.deletions.values()) cancel();
  }

  authorizations(call: Call): readonly Authorization[] {
    this.workOf(call);
    if (call.operation === 'GenerateRandom') return [{ action: 'kms:GenerateRandom', resource: '*' }];
    return usesOf(call, this.keyring).map((use) => authorizationOf(use, this.account, this.keyring));
  }

  async handle(call: Call): Promise<Answer> {
    return { body: this.workOf(call)(call) };
  }

  trail(call: Call): TrailFacts {
    return trailOf(call, this.keyring);
  }

  private workOf(call: Call): (call: Call) => unknown {
    const work = this.operations[call.operation];
    if (work === undefined) {
      throw new AwsError('UnknownOperationException', `the local keys do not serve ${call.operation}`);
    }
    return work;
  }

  private readonly operations: Readonly<Record<string, (call: Call) => unknown>> = {
    Encrypt: (call) => {
      const { input } = call;
      const key = this.usableFor('ENCRYPT_DECRYPT', call);
      const plaintext = bytesIn(input, 'Plaintext', LONGEST_PLAINTEXT);
      return { ...this.sealed(key, contextIn(input), plaintext), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
    Decrypt: ({ input }) => {
      const { key, plaintext } = this.opened(input, contextIn(input), 'KeyId');
      return {
        KeyId: key.arn,
        Plaintext: plaintext.toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },
    ReEncrypt: (call) => {
      const { input } = call;
      const source = this.opened(input, contextIn(input, 'SourceEncryptionContext'), 'SourceKeyId');
      const target = this.usableFor('ENCRYPT_DECRYPT', call, 'DestinationKeyId');
      return {
        ...this.sealed(target, contextIn(input, 'DestinationEncryptionContext'), source.plaintext),
        SourceKeyId: source.key.arn,
        SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },
    GenerateDataKey: (call) => {
      const plaintext = randomBytes(dataKeyLength(call.input));
      const key = this.usableFor('ENCRYPT_DECRYPT', call);
      const sealed = this.sealed(key, contextIn(call.input), plaintext);
      return { ...sealed, Plaintext: plaintext.toString('base64') };
    },
    GenerateDataKeyWithoutPlaintext: (call) => {
      const key = this.usableFor('ENCRYPT_DECRYPT', call);
      return this.sealed(key, contextIn(call.input), randomBytes(dataKeyLength(call.input)));
    },
    GenerateRandom: ({ input }) => ({
      Plaintext: randomBytes(byteCount(input.NumberOfBytes)).toString('base64'),
    }),
    DescribeKey: ({ input }) => {
      const { key, stored } = this.existing(keyIdIn(input));
      return { KeyMetadata: metadataOf(key, stored, this.account) };
    },
    EnableKey: ({ input }) => void this.store.change(this.notPending(input).id, { enabled: true }),
    DisableKey: ({ input }) => void this.store.change(this.notPending(input).id, { enabled: false }),
    Sign: (call) => {
      const key = this.usableFor('SIGN_VERIFY', call);
      const signature = signatureOf(this.material(key, 0), call.input);
      return {
        KeyId: key.arn,
        Signature: signature.toString('base64'),
        SigningAlgorithm: call.input.SigningAlgorithm,
      };
    },
    Verify: (call) => {
      const key = this.usableFor('SIGN_VERIFY', call);
      if (!isSignature(this.material(key, 0), call.input))
        throw new AwsError('KMSInvalidSignatureException', '');
      return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: call.input.SigningAlgorithm };
    },
    GetPublicKey: ({ input }) => {
      const key = this.usable(keyIdIn(input));
      if (key.spec === 'SYMMETRIC_DEFAULT') throw unsupported(key, 'GetPublicKey');
      return {
        KeyId: key.arn,
        PublicKey: publicHalf(this.material(key, 0)).toString('base64'),
        KeySpec: key.spec,
        CustomerMasterKeySpec: key.spec,
        KeyUsage: keySpecs[key.spec].usage,
        ...algorithmsOf(key.spec),
      };
    },
    RotateKeyOnDemand: ({ input }) => {
      const key = this.usable(keyIdIn(input));
      if (key.spec !== 'SYMMETRIC_DEFAULT') throw unsupported(key, 'RotateKeyOnDemand');
      this.store.rotate(key.id);
      return { KeyId: key.arn };
    },
    ScheduleKeyDeletion: ({ input }) => {
      const key = this.notPending(input);
      const days = pendingDays(input.PendingWindowInDays);
      const deletionAt = this.clock.now() + days * DAY_MS;
      this.store.change(key.id, { deletionAt });
      this.deleteAt(key, deletionAt);
      return {
        KeyId: key.arn,
        DeletionDate: deletionAt / 1000,
        KeyState: 'PendingDeletion',
        PendingWindowInDays: days,
      };
    },
    CancelKeyDeletion: ({ input }) => {
      const { key, stored } = this.existing(keyIdIn(input));
      if (stored.deletionAt === undefined) throw invalidState(key, 'is not pending deletion.');
      this.deletions.get(key.id)?.();
      this.store.change(key.id, { deletionAt: undefined, enabled: false });
      return { KeyId: key.arn };
    },
  };

  private sealed(
    key: Key,
    context: EncryptionContext,
    plaintext: Buffer,
  ): { KeyId: string; CiphertextBlob: string } {
    const { versions } = this.existing(key.id).stored;
    const version = versions.length - 1;
    const blob = seal(this.material(key, version), { keyId: key.id, version }, context, plaintext);
    return { KeyId: key.arn, CiphertextBlob: blob.toString('base64') };
  }

  private opened(
    input: Call['input'],
    context: EncryptionContext,
    member: string,
  ): { key: Key; plaintext: Buffer } {
    const { blob, header } = headerIn(input);
    const key = this.usable(header.keyId);
    if (input[member] !== undefined && this.keyring.find(keyIdIn(input, member)).id !== key.id) {
      throw new AwsError(
        'IncorrectKeyException',
        'The key ID in the request does not identify a CMK that can perform this operation.',
      );
    }
    const plaintext = open(this.material(key, header.version), context, blob);
    if (plaintext === undefined) throw invalidCiphertext();
    return { key, plaintext };
  }

  private material(key: Key, version: number): Buffer {
    const encoded = this.store.get(key.id)?.versions[version];
    if (encoded === undefined) throw invalidCiphertext();
    return Buffer.from(encoded, 'base64');
  }

  private usable(named: string): Key {
    const { key, stored } = this.existing(named);
    if (stored.deletionAt !== undefined) throw invalidState(key, 'is pending deletion.');
    if (!stored.enabled) throw new AwsError('DisabledException', `${key.arn} is disabled.`);
    return key;
  }

  /** The key that the call names, where it can be used now and for this. */
  private usableFor(usage: 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY', call: Call, member = 'KeyId'): Key {
    const key = this.usable(keyIdIn(call.input, member));
    const { usage: own } = keySpecs[key.spec];
    if (own === usage) return key;
    throw new AwsError(
      'InvalidKeyUsageException',
      `${key.arn} key usage is ${own} which is not valid for ${call.operation}.`,
    );
  }

  private notPending(input: Call['input']): Key {
    const { key, stored } = this.existing(keyIdIn(input));
    if (stored.deletionAt !== undefined) throw invalidState(key, 'is pending deletion.');
    return key;
  }

  private existing(named: string): { key: Key; stored: StoredKey } {
    const key = this.keyring.find(named);
    const stored = this.store.get(key.id);
    if (stored === undefined || stored.versions.length === 0) {
      throw new AwsError('NotFoundException', `Key '${key.arn}' does not exist`);
    }
    return { key, stored };
  }

  private deleteAt(key: Key, deletionAt: number): void {
    const cancel = this.clock.at(deletionAt, () => this.store.change(key.id, { versions: [] }));
    this.deletions.set(key.id, cancel);
  }
}

const DAY_MS = 24 * 3600 * 1000;

/** KMS API reference, Encrypt: 4,096 bytes under a symmetric key. */
const LONGEST_PLAINTEXT = 4096;

function invalidState(key: Key, state: string): AwsError {
  return new AwsError('KMSInvalidStateException', `${key.arn} ${state}`);
}

function unsupported(key: Key, operation: string): AwsError {
  return new AwsError('UnsupportedOperationException', `${operation} is not supported for ${key.arn}.`);
}
