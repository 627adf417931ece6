import type { Account } from '../account.ts';
import type { ObjectEvent } from './store.ts';

/** The `detail` of an event (S3 user guide, "EventBridge event message structure"). */
export function detailOf(
  { kind, reason, bucket, version, deletionType, by }: ObjectEvent,
  account: Account,
): object {
  const { key, size, etag, versionId, order } = version;
  const changes = kind === 'Object Created' || kind === 'Object Deleted';
  return {
    version: '0',
    bucket: { name: bucket.settings.name },
    object: {
      key,
      ...(kind === 'Object Created' ? { size } : {}),
      ...(version.isDeleteMarker ? {} : { etag }),
      ...(versionId === 'null' ? {} : { 'version-id': versionId }),
      ...(changes ? { sequencer: order.toString(16).toUpperCase().padStart(18, '0') } : {}),
    },
    'request-id': by?.requestId ?? '',
    requester: by ? account.accountId : 's3.amazonaws.com',
    ...(by ? { 'source-ip-address': by.sourceIp } : {}),
    ...(changes ? { reason } : {}),
    ...(deletionType === undefined ? {} : { 'deletion-type': deletionType }),
  };
}
