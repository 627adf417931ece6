import { createHash } from 'node:crypto';
import { type Running, runningCrc32, runningCrc32c, runningCrc64Nvme } from './crc.ts';
import { refusals } from './errors.ts';
import { type ChecksumAlgorithm, checksumAlgorithms } from './version.ts';

/** A checksum as a request claims it. */
export interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64. */
  readonly value: string;
}

const BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

export function headerOf(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The element that holds this checksum in an answer: `ChecksumSHA256`. */
export function elementOf(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

export function running(algorithm: ChecksumAlgorithm | 'MD5'): Running {
  switch (algorithm) {
    case 'CRC32':
      return runningCrc32();
    case 'CRC32C':
      return runningCrc32c();
    case 'CRC64NVME':
      return runningCrc64Nvme();
    default:
      return hashing(algorithm.toLowerCase());
  }
}

/** The one `x-amz-checksum-*` header of a request; throws InvalidRequest for several or for a value that is none. */
export function checksumIn(headers: Readonly<Record<string, string>>): ClaimedChecksum | undefined {
  const claimed = checksumAlgorithms.flatMap((algorithm) => {
    const value = headers[headerOf(algorithm)];
    return value === undefined ? [] : [{ algorithm, value }];
  });
  if (claimed.length > 1) {
    throw refusals.invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  for (const one of claimed) requireChecksum(one);
  return claimed[0];
}

/** Throws InvalidRequest where the value cannot be a checksum of its kind. */
export function requireChecksum({ algorithm, value }: ClaimedChecksum): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === BYTES[algorithm] && bytes.toString('base64') === value) return;
  throw refusals.invalidRequest(`Value for ${headerOf(algorithm)} header is invalid.`);
}

/** The algorithm of a name as requests write it; throws InvalidRequest for an unknown one. */
export function algorithmNamed(name: string): ChecksumAlgorithm {
  const algorithm = checksumAlgorithms.find((one) => one === name.toUpperCase());
  if (algorithm) return algorithm;
  throw refusals.invalidRequest(
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
  );
}

function hashing(name: string): Running {
  const hash = createHash(name);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}
