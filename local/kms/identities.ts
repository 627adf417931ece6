import { createHash } from 'node:crypto';
import { arn } from '../account.ts';
import type { Identify } from '../template/resource.ts';

/** `Ref` is the key's id: UUID-shaped, or `mrk-…` for a multi-Region key. */
export const identifyKey: Identify = ({ account, seed, property }) => {
  const digits = createHash('sha256').update(seed).digest('hex').slice(0, 32);
  const isMultiRegion = property('MultiRegion') === true || property('MultiRegion') === 'true';
  const keyId = isMultiRegion ? `mrk-${digits}` : digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return { ref: keyId, attributes: { Arn: arn(account, 'kms', `key/${keyId}`), KeyId: keyId } };
};

/** `Ref` is the alias's name, `alias/…`. */
export const identifyAlias: Identify = ({ stack, logicalId, property }) => {
  const name = property('AliasName');
  if (typeof name !== 'string') throw new Error(`${stack}.${logicalId} (AWS::KMS::Alias) has no AliasName`);
  return { ref: name, attributes: {} };
};
