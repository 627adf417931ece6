import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { signedBytes } from '../../functions/domain/receipt.ts';
import { Failure } from '../failure.ts';
import type { Snapshot } from './evidence.ts';

const Manifest = z.strictObject({
  format: z.literal('wardline-evidence-1'),
  at: z.string(),
  previous: z.string(),
  files: z.array(z.string().regex(/^[0-9a-f]{64} [a-z.-]+$/)),
  keyId: z.string().optional(),
  algorithm: z.literal('ECDSA_SHA_256').optional(),
  signature: z.string().optional(),
});

/** What a verifier found. Nothing in `faults`: every file is as it was signed. */
export interface Verified {
  readonly at: string;
  readonly files: number;
  readonly faults: readonly string[];
  /** SHA-256 of the public key in the pack, to compare with the deployment's own. */
  readonly keyFingerprint?: string;
}

/**
 * Verifies a pack by nothing but what lies in it, and by `trusted` (PEM) where that is given: whoever can write the pack can also put
 * another key into it, so the fingerprint is to be compared with one that came another way.
 *
 * @throws Failure where there is no pack
 */
export function verifyPack(directory: string, trusted?: string): Verified {
  const manifest = readManifest(directory);
  const listed = new Map(manifest.files.map((line) => [line.slice(65), line.slice(0, 64)]));
  const found = readdirSync(directory).filter((name) => name !== 'manifest.json');
  const faults = [
    ...[...listed].flatMap(([name, expected]) => {
      if (!found.includes(name)) return [`${name} is missing`];
      return hashOf(join(directory, name)) === expected ? [] : [`${name} was changed since it was signed`];
    }),
    ...found.filter((name) => !listed.has(name)).map((name) => `${name} was put in since`),
  ];
  const key = keyIn(directory);
  const { at, signature } = manifest;
  if (signature === undefined || !key)
    return { at, files: listed.size, faults: [...faults, 'nobody signed this pack'] };
  const trust = trusted === undefined ? key : createPublicKey(trusted);
  const { signature: _signature, ...claims } = manifest;
  const isSigned = verify('sha256', signedBytes(given(claims)), trust, Buffer.from(signature, 'base64'));
  return {
    ...{ at, files: listed.size, keyFingerprint: fingerprint(key) },
    faults: isSigned ? faults : [...faults, 'manifest.json is not what this key signed'],
  };
}

/** Without what was left out, which no signature covers. */
function given(claims: Omit<z.infer<typeof Manifest>, 'signature'>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(claims).filter((pair): pair is [string, string | string[]] => pair[1] !== undefined),
  );
}

/** What an earlier pack said. @throws Failure where it is none, or was changed since */
export function readSnapshot(directory: string): {
  readonly snapshot: Snapshot;
  readonly manifestHash: string;
} {
  const { faults } = verifyPack(directory);
  const real = faults.filter((fault) => fault !== 'nobody signed this pack');
  if (real.length > 0) throw new Failure('finding', `${directory} is not as it was made: ${real.join('; ')}`);
  const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'));
  const snapshot = {
    evidence: read('evidence.json'),
    inventory: read('inventory.json'),
    map: read('network-map.json'),
  } as Snapshot;
  return { snapshot, manifestHash: hashOf(join(directory, 'manifest.json')) };
}

function readManifest(directory: string): z.infer<typeof Manifest> {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file)) throw new Failure('usage', `${directory} holds no pack: there is no manifest.json`);
  try {
    return Manifest.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Failure('finding', `${file} is no manifest of a pack`, { cause: error });
  }
}

function keyIn(directory: string): KeyObject | undefined {
  const file = join(directory, 'signing-key.pem');
  return existsSync(file) ? createPublicKey(readFileSync(file, 'utf8')) : undefined;
}

/** SHA-256 of a public key in DER, as `openssl pkey -pubin -outform der | sha256sum` gives it. */
function fingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
