import type { Answer } from '../front-door/service.ts';
import { AwsError } from '../front-door/service.ts';
import type { Deciding } from './authorizations.ts';
import { authorizationsFor } from './authorizations.ts';
import type { Bucket } from './bucket.ts';
import { refusals } from './errors.ts';
import { documentOf } from './intake.ts';
import type { BucketCall } from './object-call.ts';
import { protection } from './object-lock.ts';
import type { Store } from './store.ts';
import { each, readXml, textOf, xml } from './xml.ts';

/** What one deletion came to. */
interface Deleted {
  readonly versionId?: string;
  readonly isMarker: boolean;
}

/** DeleteObject: a delete marker where the bucket keeps versions, else the object itself; a named version for good. */
export function deleteObject(given: BucketCall, store: Store, parts: Deciding): Answer {
  const { bucket, key, query, headers } = given;
  const match = headers['if-match'];
  const current = bucket.current(key);
  if (match !== undefined && match.replaceAll('"', '') !== current?.etag && !(match === '*' && current)) {
    throw current ? refusals.preconditionFailed('If-Match') : refusals.noSuchKey(key);
  }
  const deleted = remove(given, bucket, key, query.get('versionId') ?? undefined, store, parts);
  return {
    status: 204,
    headers: {
      ...(deleted.versionId === undefined ? {} : { 'x-amz-version-id': deleted.versionId }),
      ...(deleted.isMarker ? { 'x-amz-delete-marker': 'true' } : {}),
    },
  };
}

/** S3 API reference, DeleteObjects: up to a thousand, each allowed or refused by itself. */
const MOST_KEYS = 1000;

export async function deleteObjects(given: BucketCall, store: Store, parts: Deciding): Promise<Answer> {
  const { Object: objects, Quiet } = readXml(await documentOf(given.call, given.headers), 'Delete');
  const asked = each(objects).map(({ Key, VersionId }) => ({
    key: textOf(Key),
    versionId: textOf(VersionId),
  }));
  if (asked.length === 0 || asked.length > MOST_KEYS) throw refusals.malformedXml();
  const outcomes = asked.map(({ key, versionId }) => {
    if (key === undefined || key === '') throw refusals.malformedXml();
    return { key, versionId, end: attempt(() => removeAllowed(given, key, versionId, store, parts)) };
  });
  const said = outcomes.filter(({ end }) => end instanceof AwsError || Quiet !== 'true');
  const body = xml('DeleteResult', {
    Deleted: said.flatMap(({ key, versionId, end }) =>
      end instanceof AwsError
        ? []
        : [
            {
              Key: key,
              ...(versionId === undefined ? {} : { VersionId: versionId }),
              ...(end.isMarker ? { DeleteMarker: true, DeleteMarkerVersionId: end.versionId } : {}),
            },
          ],
    ),
    Error: said.flatMap(({ key, versionId, end }) =>
      end instanceof AwsError
        ? [
            {
              Key: key,
              ...(versionId === undefined ? {} : { VersionId: versionId }),
              Code: end.code,
              Message: end.message,
            },
          ]
        : [],
    ),
  });
  return { body };
}

function removeAllowed(
  given: BucketCall,
  key: string,
  versionId: string | undefined,
  store: Store,
  parts: Deciding,
): Deleted {
  const query = new URLSearchParams(versionId === undefined ? {} : { versionId });
  const one: BucketCall = { ...given, key, query, call: { ...given.call, operation: 'DeleteObject' } };
  for (const authorization of authorizationsFor(one, parts)) {
    const verdict = given.call.streamed?.judge(authorization);
    if (!verdict?.allowed) throw refusals.accessDenied(verdict?.message);
  }
  return remove(one, given.bucket, key, versionId, store, parts);
}

function remove(
  given: BucketCall,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  store: Store,
  parts: Deciding,
): Deleted {
  const by = given.call;
  const reason = 'DeleteObject';
  if (versionId === undefined && bucket.settings.isVersioned) {
    const { version } = bucket.mark(key, store.now());
    store.tell({
      kind: 'Object Deleted',
      reason,
      bucket,
      version,
      by,
      deletionType: 'Delete Marker Created',
    });
    return { versionId: version.versionId, isMarker: true };
  }
  const version = bucket.version(key, versionId ?? 'null');
  if (!version) return { isMarker: false, ...(versionId === undefined ? {} : { versionId }) };
  const refusal = protection(version, given, parts, store.now());
  if (refusal) throw refusal;
  bucket.remove(version);
  store.drop([version]);
  store.tell({ kind: 'Object Deleted', reason, bucket, version, by, deletionType: 'Permanently Deleted' });
  return { isMarker: version.isDeleteMarker, ...(versionId === undefined ? {} : { versionId }) };
}

function attempt<T>(work: () => T): T | AwsError {
  try {
    return work();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}
