import { readable } from './outgoing.ts';
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

/** Puts a file into a hash, a little at a time. */
export async function readInto(
  hashes: readonly Hash[],
  file: Blob,
  step: (bytes: number) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < file.size; at += STEP_BYTES) {
    const bytes = new Uint8Array(await readable(file.slice(at, at + STEP_BYTES).arrayBuffer()));
    for (const hash of hashes) hash.update(bytes);
    await step(at + bytes.length);
  }
}

/** Reads a file once from its beginning to its end; `step` is told how far it has come, and may hold it up or end it. */
export async function fingerprint(
  file: Blob,
  newHash: () => Hash,
  step: (bytes: number) => Promise<void>,
): Promise<Fingerprint> {
  const whole = newHash();
  if (file.size <= MAX_WHOLE_BYTES) {
    await readInto([whole], file, step);
    return { sha256: base64(whole.digest()) };
  }
  const parts: string[] = [];
  for (let at = 0; at < file.size; at += PART_BYTES) {
    const part = newHash();
    await readInto([whole, part], file.slice(at, at + PART_BYTES), (bytes) => step(at + bytes));
    parts.push(base64(part.digest()));
  }
  return { sha256: base64(whole.digest()), partBytes: PART_BYTES, parts };
}
