import { createHash } from 'node:crypto';
import { type Answer, AwsError } from '../front-door/service.ts';
import { elementOf, headerOf, running } from './checksums.ts';
import { combinedCrc } from './crc-combine.ts';
import { refusals } from './errors.ts';
import { documentOf } from './intake.ts';
import type { BucketCall } from './object-call.ts';
import { requireCondition, written } from './put-object.ts';
import type { Store } from './store.ts';
import { uploadOf } from './upload-parts.ts';
import type { Part, Upload } from './uploads.ts';
import type { Checksum } from './version.ts';
import { each, readXml, textOf, xml } from './xml.ts';

/** S3 user guide, "Amazon S3 multipart upload limits": every part but the last. */
const SMALLEST_PART_BYTES = 5 * 1024 ** 2;

/** CompleteMultipartUpload: the parts that are named become one object, which is made of their files as they lie. */
export async function completeUpload(given: BucketCall, store: Store): Promise<Answer> {
  const before = given.bucket.newest(given.key);
  const named = partsNamed(await documentOf(given.call, withoutObjectChecksum(given.headers)));
  const upload = uploadOf(given, store);
  const { bucket, key, headers } = given;
  store.requireUsable(upload.described.keyArn);
  const parts = named.map((one) => found(one, upload, store));
  parts.slice(0, -1).forEach(requireSize);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const declared = headers['x-amz-mp-object-size'];
  if (declared !== undefined && Number(declared) !== size) {
    throw refusals.invalidRequest(
      "The provided 'x-amz-mp-object-size' header value does not match what was computed.",
    );
  }
  const checksum = checksumOf(upload, parts);
  requireChecksum(headers, checksum);
  requireCondition(given, before);

  const used = new Set(parts.map(({ file }) => file));
  const version = store.add(given, {
    ...{
      key,
      size,
      lastModified: store.now(),
      etag: tagOf(parts),
      isMultipart: true,
      described: upload.described,
    },
    pieces: parts.map((part) => ({
      file: part.file,
      size: part.size,
      ...(part.checksum === undefined ? {} : { checksum: part.checksum }),
    })),
    ...(checksum ? { checksum } : {}),
  });
  for (const { file } of store.uploads.end(upload)) if (!used.has(file)) store.files.remove(file);
  const { etag, ...others } = written(version);
  return {
    headers: others,
    body: xml('CompleteMultipartUploadResult', {
      Location: `http://${headers.host ?? ''}${given.call.path}`,
      ...{ Bucket: bucket.settings.name, Key: key, ETag: etag },
      ...(checksum ? { [elementOf(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type } : {}),
    }),
  };
}

interface Named {
  readonly number: number;
  readonly etag: string;
  readonly checksums: Readonly<Record<string, unknown>>;
}

function partsNamed(document: string): readonly Named[] {
  const { Part: list } = readXml(document, 'CompleteMultipartUpload');
  const named = each(list).map(({ PartNumber, ETag, ...checksums }): Named => {
    const [number, etag] = [Number(textOf(PartNumber)), textOf(ETag)];
    if (!Number.isInteger(number) || number < 1 || etag === undefined) throw refusals.malformedXml();
    return { number, etag: etag.replaceAll('"', ''), checksums };
  });
  if (named.length === 0) throw refusals.malformedXml();
  if (named.some(({ number }, place) => place > 0 && number <= (named[place - 1]?.number ?? 0))) {
    throw new AwsError(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
    );
  }
  return named;
}

function found({ number, etag, checksums }: Named, upload: Upload, store: Store): Part {
  const part = store.uploads.part(upload, number);
  const { algorithm, type } = upload.checksum ?? {};
  const claimed = algorithm && textOf(checksums[elementOf(algorithm)]);
  if (algorithm && type === 'COMPOSITE' && claimed === undefined) {
    throw refusals.invalidRequest(
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  }
  if (part?.etag === etag && (claimed === undefined || claimed === part.checksum)) return part;
  throw new AwsError(
    'InvalidPart',
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    400,
    { UploadId: upload.id, PartNumber: number, ETag: etag },
  );
}

function requireSize({ size, number, etag }: Part): void {
  if (size >= SMALLEST_PART_BYTES) return;
  throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
    ...{ ProposedSize: size, MinSizeAllowed: SMALLEST_PART_BYTES, PartNumber: number, ETag: etag },
  });
}

/** Of parts' checksums one after the other, `base64-N`; or of the whole object's bytes. */
function checksumOf({ checksum }: Upload, parts: readonly Part[]): Checksum | undefined {
  if (!checksum) return undefined;
  const { algorithm, type } = checksum;
  const own = parts.map(({ checksum: value = '', size }) => ({ checksum: value, size }));
  if (type === 'FULL_OBJECT') return { algorithm, type, value: combinedCrc(algorithm, own) };
  const over = running(algorithm);
  for (const { checksum: value } of own) over.update(Buffer.from(value, 'base64'));
  return { algorithm, type, value: `${over.digest().toString('base64')}-${parts.length}` };
}

/** The request's own claim about the whole object. */
function requireChecksum(headers: BucketCall['headers'], checksum: Checksum | undefined): void {
  const type = headers['x-amz-checksum-type'];
  if (checksum && type !== undefined && type !== checksum.type) {
    throw refusals.invalidRequest(
      `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const claimed = checksum && headers[headerOf(checksum.algorithm)];
  if (!checksum || claimed === undefined) return;
  const bare = checksum.value.replace(/-\d+$/, '');
  if (claimed !== checksum.value && claimed !== bare)
    throw refusals.badDigest(checksum.algorithm.toLowerCase());
}

/** `x-amz-checksum-*` speaks of the object here, and not of the document that the request carries. */
function withoutObjectChecksum(headers: BucketCall['headers']): BucketCall['headers'] {
  const { [headerNamed(headers)]: _, ...others } = headers;
  return others;
}

function headerNamed(headers: BucketCall['headers']): string {
  return Object.keys(headers).find((name) => /^x-amz-checksum-(crc|sha)/.test(name)) ?? '';
}

/** MD5 of the parts' ETags one after the other, and how many they are. */
function tagOf(parts: readonly Part[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}
