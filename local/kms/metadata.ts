import type { Account } from '../account.ts';
import { algorithmsOf, keySpecs } from './key-spec.ts';
import type { StoredKey } from './key-store.ts';
import type { Key } from './keyring.ts';

/** What DescribeKey tells of a key. */
export function metadataOf(key: Key, stored: StoredKey, account: Account): Record<string, unknown> {
  const isPending = stored.deletionAt !== undefined;
  return {
    AWSAccountId: account.accountId,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: stored.createdAt / 1000,
    Enabled: stored.enabled && !isPending,
    Description: key.description,
    KeyUsage: keySpecs[key.spec].usage,
    KeyState: isPending ? 'PendingDeletion' : stored.enabled ? 'Enabled' : 'Disabled',
    ...(stored.deletionAt === undefined ? {} : { DeletionDate: stored.deletionAt / 1000 }),
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    ...algorithmsOf(key.spec),
    MultiRegion: key.isMultiRegion,
  };
}
