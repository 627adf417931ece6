import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const StoredKey = z.object({
  /** Base64 of each version of the key material, oldest first (of a key pair: its private half); empty once the key is deleted. */
  versions: z.array(z.string()),
  enabled: z.boolean(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** Milliseconds since the epoch; set while the key waits for its deletion, and after it. */
  deletionAt: z.number().optional(),
});
const State = z.object({ keys: z.record(z.string(), StoredKey) });

export type StoredKey = Readonly<z.infer<typeof StoredKey>>;

/**
 * The key material of a local run, in one file that only its owner may read (mode 0600). It lies there unencrypted: a
 * copy of the file opens everything that was ever sealed. Nothing real belongs in a local run.
 */
export class KeyStore {
  private readonly file: string;
  private readonly keys: Map<string, StoredKey>;

  constructor(file: string) {
    this.file = file;
    this.keys = new Map(Object.entries(read(file)));
  }

  get(keyId: string): StoredKey | undefined {
    return this.keys.get(keyId);
  }

  /** Makes a key unless it was made, or made and deleted, in an earlier run. */
  ensure(keyId: string, enabled: boolean, now: number, material = newMaterial): StoredKey {
    return this.keys.get(keyId) ?? this.set(keyId, { versions: [material()], enabled, createdAt: now });
  }

  /** Stores the key as changed, before this returns. */
  change(keyId: string, change: Partial<StoredKey>): StoredKey {
    const key = this.keys.get(keyId);
    if (key === undefined) throw new Error(`no key ${keyId} in ${this.file}`);
    return this.set(keyId, { ...key, ...change });
  }

  /** Adds a version of the material; older ones still open what they sealed. */
  rotate(keyId: string): StoredKey {
    return this.change(keyId, { versions: [...(this.keys.get(keyId)?.versions ?? []), newMaterial()] });
  }

  private set(keyId: string, key: StoredKey): StoredKey {
    this.keys.set(keyId, key);
    const content = JSON.stringify({ keys: Object.fromEntries(this.keys) }, null, 2);
    mkdirSync(dirname(this.file), { recursive: true });
    const next = `${this.file}.${process.pid}`;
    writeFileSync(next, content, { mode: 0o600, flush: true });
    renameSync(next, this.file); // a crash leaves the old file or the new one, never half a key
    return key;
  }
}

function read(file: string): Record<string, StoredKey> {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  const state = State.safeParse(parsed(content));
  if (!state.success)
    throw new Error(`${file} holds no key state; restore it, or start again without kept data`);
  return state.data.keys;
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function newMaterial(): string {
  return randomBytes(32).toString('base64');
}
