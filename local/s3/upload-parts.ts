import type { Answer } from '../front-door/service.ts';
import { algorithmNamed, elementOf, headerOf } from './checksums.ts';
import { describedIn } from './described.ts';
import { refusals } from './errors.ts';
import { receive } from './intake.ts';
import { pageOf, take } from './list-objects.ts';
import type { BucketCall } from './object-call.ts';
import { sseHeaders } from './object-headers.ts';
import { commit } from './put-object.ts';
import type { Store } from './store.ts';
import type { Part, Upload } from './uploads.ts';
import type { ChecksumAlgorithm } from './version.ts';
import { xml } from './xml.ts';

const MOST_PARTS = 10_000;

/** CreateMultipartUpload. */
export function createUpload({ bucket, key, headers }: BucketCall, store: Store): Answer {
  const described = describedIn(headers, bucket.settings, store.now(), store.keyArnOf);
  store.requireUsable(described.keyArn);
  const checksum = checksumAsked(headers);
  const { name } = bucket.settings;
  const upload = store.uploads.begin({
    ...{ bucket: name, key, initiated: store.now(), described },
    ...(checksum ? { checksum } : {}),
  });
  return {
    body: xml('InitiateMultipartUploadResult', { Bucket: name, Key: key, UploadId: upload.id }),
    headers: {
      ...sseHeaders(described),
      ...(checksum
        ? { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type }
        : {}),
    },
  };
}

/** UploadPart: a part that was sent before is replaced. */
export async function uploadPart(given: BucketCall, store: Store): Promise<Answer> {
  const { call, query, headers } = given;
  const upload = uploadOf(given, store);
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS) {
    throw refusals.invalidArgument(
      `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`,
      'partNumber',
      query.get('partNumber') ?? 'null',
    );
  }
  store.requireUsable(upload.described.keyArn);
  const received = await receive(call, headers, store.files, {
    checksum: upload.checksum?.algorithm,
    md5: upload.described.keyArn === undefined,
  });
  return commit(received.file, store, () => {
    uploadOf(given, store); // it may have ended meanwhile
    const { checksum } = received;
    if (upload.checksum && checksum && checksum.algorithm !== upload.checksum.algorithm) {
      throw refusals.invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm.toLowerCase()}, actual checksum Type: ${checksum.algorithm.toLowerCase()}`,
      );
    }
    const etag = store.tagFor(upload.described.keyArn, received.md5);
    const replaced = store.uploads.put({
      ...{ uploadId: upload.id, number, file: received.file, size: received.size, etag },
      ...{ lastModified: store.now(), ...(checksum ? { checksum: checksum.value } : {}) },
    });
    if (replaced) store.files.remove(replaced.file);
    return {
      headers: {
        etag: `"${etag}"`,
        ...sseHeaders(upload.described),
        ...(checksum ? { [headerOf(checksum.algorithm)]: checksum.value } : {}),
      },
    };
  });
}

/** AbortMultipartUpload. */
export function abortUpload(given: BucketCall, store: Store): Answer {
  for (const { file } of store.uploads.end(uploadOf(given, store))) store.files.remove(file);
  return { status: 204 };
}

export function listParts(given: BucketCall, store: Store): Answer {
  const { bucket, key, query } = given;
  const upload = uploadOf(given, store);
  const after = Number(query.get('part-number-marker') ?? 0);
  const most = Math.min(Number(query.get('max-parts') ?? 1000), 1000);
  const left = store.uploads.partsOf(upload).filter(({ number }) => number > after);
  const page = left.slice(0, most);
  const body = xml('ListPartsResult', {
    ...{
      Bucket: bucket.settings.name,
      Key: key,
      UploadId: upload.id,
      PartNumberMarker: after,
      MaxParts: most,
    },
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    IsTruncated: left.length > page.length,
    ChecksumAlgorithm: upload.checksum?.algorithm,
    ChecksumType: upload.checksum?.type,
    StorageClass: 'STANDARD',
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: new Date(part.lastModified).toISOString(),
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...checksumElement(upload, part),
    })),
  });
  return { body };
}

export function listUploads({ bucket, query }: BucketCall, store: Store): Answer {
  const keyMarker = query.get('key-marker');
  const idMarker = query.get('upload-id-marker');
  const asked = pageOf(query, idMarker ? null : keyMarker, 'max-uploads');
  const all = store.uploads.of(bucket.settings.name);
  const begin = idMarker ? all.findIndex(({ id }) => id === idMarker) + 1 : 0;
  const page = take(all.slice(begin), asked);
  const url = asked.encode;
  const last = page.found.at(-1);
  const body = xml('ListMultipartUploadsResult', {
    ...{ Bucket: bucket.settings.name, KeyMarker: url(keyMarker ?? ''), UploadIdMarker: idMarker ?? '' },
    Prefix: url(asked.prefix),
    MaxUploads: asked.most,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: page.next !== undefined,
    NextKeyMarker: page.next === undefined ? undefined : url(page.next),
    NextUploadIdMarker: page.next === undefined ? undefined : last?.id,
    Upload: page.found.map(({ key, id, initiated, checksum }) => ({
      ...{
        Key: url(key),
        UploadId: id,
        Initiated: new Date(initiated).toISOString(),
        StorageClass: 'STANDARD',
      },
      ChecksumAlgorithm: checksum?.algorithm,
      ChecksumType: checksum?.type,
    })),
    CommonPrefixes: page.folded.map((prefix) => ({ Prefix: url(prefix) })),
  });
  return { body };
}

/** The upload that a call names; throws NoSuchUpload. */
export function uploadOf({ bucket, key, query }: BucketCall, store: Store): Upload {
  return store.uploads.find(bucket.settings.name, key, query.get('uploadId') ?? '');
}

function checksumElement({ checksum }: Upload, part: Part): Record<string, string> {
  return checksum && part.checksum !== undefined ? { [elementOf(checksum.algorithm)]: part.checksum } : {};
}

/** S3 user guide, "Checking object integrity": which algorithm makes which type of checksum of an upload in parts. */
function checksumAsked(headers: BucketCall['headers']): Upload['checksum'] {
  const named = headers['x-amz-checksum-algorithm'];
  const type = headers['x-amz-checksum-type'];
  if (named === undefined) return undefined;
  const algorithm: ChecksumAlgorithm = algorithmNamed(named);
  const asked = type ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (asked === 'COMPOSITE' && algorithm !== 'CRC64NVME') return { algorithm, type: asked };
  if (asked === 'FULL_OBJECT' && algorithm.startsWith('CRC')) return { algorithm, type: asked };
  throw refusals.invalidRequest(
    `The ${asked} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  );
}
