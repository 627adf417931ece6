import type { FileBytes } from './file-bytes.ts';
import { readable } from './outgoing.ts';
import { partsOf } from './parts.ts';
import { base64, type Hash } from './sha256.ts';

/** PROTOCOL.md, "Limits": up to 64 MiB a file goes up by one PUT. */
const MAX_WHOLE_BYTES = 67_108_864;

/** 8 MiB, the smallest part that the protocol takes: one that is lost is soon repeated, and 5 GiB are 640 of them. */
const PART_BYTES = 8_388_608;

/** So much is read at a time, whatever the size of the file. */
const STEP_BYTES = 1_048_576;

/** What a file is declared as: the SHA-256 of it, and of each of its parts where it goes up in parts. In base64. */
export interface Fingerprint {
  readonly sha256: string;
  readonly partBytes?: number;
  readonly parts?: readonly string[];
}

/** Puts the bytes of a file from `start` to `end` into hashes, a little at a time; `step` is told how far it has come. */
export async function readInto(
  hashes: readonly Hash[],
  file: FileBytes,
  { start, end }: { readonly start: number; readonly end: number },
  step: (upTo: number) => Promise<void>,
): Promise<void> {
  for (let at = start; at < end; at += STEP_BYTES) {
    const upTo = Math.min(at + STEP_BYTES, end);
    const bytes = new Uint8Array(await readable(file.slice(at, upTo).arrayBuffer()));
    for (const hash of hashes) hash.update(bytes);
    await step(upTo);
  }
}

/** Reads a file once from its beginning to its end; `step` is told how far it has come, and may hold it up or end it. */
export async function fingerprint(
  file: FileBytes,
  newHash: () => Hash,
  step: (upTo: number) => Promise<void>,
): Promise<Fingerprint> {
  const whole = newHash();
  if (file.size <= MAX_WHOLE_BYTES) {
    await readInto([whole], file, { start: 0, end: file.size }, step);
    return { sha256: base64(whole.digest()) };
  }
  const parts: string[] = [];
  for (const part of partsOf(file.size, PART_BYTES)) {
    const hash = newHash();
    await readInto([whole, hash], file, part, step);
    parts.push(base64(hash.digest()));
  }
  return { sha256: base64(whole.digest()), partBytes: PART_BYTES, parts };
}
