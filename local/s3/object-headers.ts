import { headerOf } from './checksums.ts';
import type { Described, Version } from './version.ts';

/** `x-amz-version-id`, where the bucket keeps versions. */
export function versionHeaders({ versionId }: Version): Record<string, string> {
  return versionId === 'null' ? {} : { 'x-amz-version-id': versionId };
}

export function sseHeaders({
  keyArn,
  usesBucketKey,
}: Pick<Described, 'keyArn' | 'usesBucketKey'>): Record<string, string> {
  if (keyArn === undefined) return { 'x-amz-server-side-encryption': 'AES256' };
  return {
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': keyArn,
    ...(usesBucketKey ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  };
}

/** What GetObject and HeadObject say of a version, lengths apart. */
export function objectHeaders(version: Version, withChecksum: boolean): Record<string, string> {
  const { described, checksum, lastModified, etag } = version;
  const { retention, legalHold, tags } = described;
  const tagCount = Object.keys(tags).length;
  return {
    ...described.headers,
    'content-type': described.contentType,
    'accept-ranges': 'bytes',
    'last-modified': new Date(lastModified).toUTCString(),
    etag: `"${etag}"`,
    ...versionHeaders(version),
    ...sseHeaders(described),
    ...Object.fromEntries(
      Object.entries(described.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
    ),
    ...(tagCount > 0 ? { 'x-amz-tagging-count': String(tagCount) } : {}),
    ...(retention && {
      'x-amz-object-lock-mode': retention.mode,
      'x-amz-object-lock-retain-until-date': new Date(retention.until).toISOString(),
    }),
    ...(legalHold ? { 'x-amz-object-lock-legal-hold': 'ON' } : {}),
    ...(withChecksum && checksum
      ? { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type }
      : {}),
  };
}
