import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Permissions } from './permissions.ts';

const file = fileURLToPath(new URL('used.json', import.meta.url));

/** The committed list of permissions that the tests use. */
export function readUsed(): Permissions {
  return JSON.parse(readFileSync(file, 'utf8')) as Permissions;
}

export function writeUsed(used: Permissions): void {
  writeFileSync(file, `${JSON.stringify(used, null, 2)}\n`);
}
