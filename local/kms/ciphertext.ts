import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export type EncryptionContext = Readonly<Record<string, string>>;

/** What stands readable in a ciphertext blob: the key and the version of its material that can open it. */
export interface BlobHeader {
  readonly keyId: string;
  readonly version: number;
}

/** Seals `plaintext` with AES-256-GCM; key id, version and encryption context are its associated data. */
export function seal(
  material: Buffer,
  header: BlobHeader,
  context: EncryptionContext,
  plaintext: Buffer,
): Buffer {
  const iv = randomBytes(IV_BYTES);
  const front = encodeHeader(header);
  const cipher = createCipheriv('aes-256-gcm', material, iv).setAAD(associatedData(front, context));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([front, iv, cipher.getAuthTag(), sealed]);
}

/** The plaintext, or undefined where blob, material and context do not belong together. */
export function open(material: Buffer, context: EncryptionContext, blob: Buffer): Buffer | undefined {
  const length = headerLength(blob);
  const iv = blob.subarray(length, length + IV_BYTES);
  const tag = blob.subarray(length + IV_BYTES, length + IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', material, iv, { authTagLength: TAG_BYTES })
    .setAAD(associatedData(blob.subarray(0, length), context))
    .setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(blob.subarray(length + IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Reads a blob's header; undefined where it is none of ours. */
export function headerOf(blob: Buffer): BlobHeader | undefined {
  if (blob.length < 2 || blob[0] !== FORMAT || blob.length < headerLength(blob) + IV_BYTES + TAG_BYTES)
    return undefined;
  const end = headerLength(blob);
  return {
    keyId: blob.toString('utf8', 2, end - VERSION_BYTES),
    version: blob.readUInt32BE(end - VERSION_BYTES),
  };
}

const FORMAT = 1;
const VERSION_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;

function encodeHeader({ keyId, version }: BlobHeader): Buffer {
  const id = Buffer.from(keyId);
  const number = Buffer.alloc(VERSION_BYTES);
  number.writeUInt32BE(version);
  return Buffer.concat([Buffer.from([FORMAT, id.length]), id, number]);
}

function headerLength(blob: Buffer): number {
  return 2 + (blob[1] ?? 0) + VERSION_BYTES;
}

/** Names in their order and every part with its length: two different contexts never encode to the same bytes. */
function associatedData(front: Buffer, context: EncryptionContext): Buffer {
  const names = Object.keys(context).toSorted();
  const parts = [front, ...names.flatMap((name) => [Buffer.from(name), Buffer.from(context[name] ?? '')])];
  return Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]));
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}
