import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Signer, signed } from '../../functions/domain/receipt.ts';
import { canonical } from '../audit/canonical.ts';
import { directory } from '../audit/evidence.ts';
import { EXPORT, Head, headPath, MANIFEST } from '../audit/formats.ts';
import { hashOf } from '../audit/signatures.ts';

/** Who exported what, when. */
export interface Exported {
  readonly at: string;
  readonly by: string;
  readonly deployment: string;
  readonly region: string;
  readonly firstHead: number;
  readonly lastHead: number;
}

/** Lists all files of an export with their hashes, and signs that list with what was exported: whatever goes later is missed. */
export async function signStatement(
  root: string,
  exported: Exported,
  signer: Signer,
  tell: (doing: string) => void,
): Promise<void> {
  const hash = createHash('sha256');
  let files = 0;
  const lines = async function* () {
    for await (const path of directory(root).paths()) {
      if (path === EXPORT || path.startsWith(MANIFEST)) continue;
      tell(`listing ${path}`);
      const line = `${canonical({ path, bytes: (await stat(join(root, path))).size, sha256: await sha256Of(join(root, path)) })}\n`;
      hash.update(line);
      files += 1;
      yield line;
    }
  };
  const draft = join(root, `${MANIFEST}.part`);
  await pipeline(Readable.from(lines()), createWriteStream(draft));
  await rename(draft, join(root, MANIFEST));
  const statement = await signed(signer, {
    kind: 'wardline.audit-export.1',
    ...exported,
    lastHeadHash: await lastHeadHash(root, exported.lastHead),
    manifest: hash.digest('hex'),
    files,
  });
  await writeFile(join(root, EXPORT), `${JSON.stringify(statement, null, 2)}\n`);
}

async function lastHeadHash(root: string, number: number): Promise<string> {
  if (number === 0) return '0'.repeat(64);
  const bytes = await readFile(join(root, headPath(number)), 'utf8');
  return hashOf(Head.parse(JSON.parse(bytes)));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest('hex');
}
