import * as z from 'zod';

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

const Checksum = z.object({
  algorithm: z.enum(checksumAlgorithms),
  /** Base64; of a multipart object over its parts' checksums, `base64-N`. */
  value: z.string(),
  type: z.enum(['FULL_OBJECT', 'COMPOSITE']),
});
export type Checksum = Readonly<z.infer<typeof Checksum>>;

const Retention = z.object({
  mode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
  /** Milliseconds since the epoch. */
  until: z.number(),
});
export type Retention = Readonly<z.infer<typeof Retention>>;

/** What a request says of an object beside its bytes, kept as it was said. */
export const Described = z.object({
  contentType: z.string(),
  /** `cache-control`, `content-disposition`, … */
  headers: z.record(z.string(), z.string()),
  /** `x-amz-meta-*` without the prefix. */
  metadata: z.record(z.string(), z.string()),
  tags: z.record(z.string(), z.string()),
  /** The key of its encryption; absent for SSE-S3. */
  keyArn: z.string().optional(),
  /** What the request added to the encryption context, beside the object's ARN. */
  encryptionContext: z.record(z.string(), z.string()).optional(),
  usesBucketKey: z.boolean(),
  retention: Retention.optional(),
  legalHold: z.boolean(),
});
export type Described = Readonly<z.infer<typeof Described>>;

const Piece = z.object({
  /** Name of a file in the bucket's folder. */
  file: z.string(),
  size: z.number(),
  checksum: z.string().optional(),
});
export type Piece = Readonly<z.infer<typeof Piece>>;

/** One version of an object; a delete marker is a version without pieces. */
export const Version = z.object({
  /** Rises with each version of the bucket: the order of creation. */
  order: z.number(),
  bucket: z.string(),
  key: z.string(),
  /** `null` where the bucket keeps no versions. */
  versionId: z.string(),
  /** Milliseconds since the epoch. */
  lastModified: z.number(),
  isDeleteMarker: z.boolean(),
  size: z.number(),
  /** Without quotes. */
  etag: z.string(),
  /** The bytes, in their order: one piece, or one for each part of a multipart upload. */
  pieces: z.array(Piece),
  isMultipart: z.boolean(),
  checksum: Checksum.optional(),
  described: Described,
});
export type Version = Readonly<z.infer<typeof Version>>;

export const plain: Described = {
  contentType: 'binary/octet-stream',
  headers: {},
  metadata: {},
  tags: {},
  usesBucketKey: false,
  legalHold: false,
};
