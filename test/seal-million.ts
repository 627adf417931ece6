import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { directory } from '../cli/audit/evidence.ts';
import { verifyExport } from '../cli/audit/verify.ts';
import { signStatement } from '../cli/audit-export/statement.ts';
import { type Line, NOTHING_YET, type Reached, type SealedHead } from '../functions/audit/head.ts';
import { lineOf, readLine } from '../functions/audit/lines.ts';
import { inTwelveDigits, type SealingRooms, sealRecords } from '../functions/audit/seal-records.ts';
import { idFrom } from '../functions/domain/id.ts';
import type { Signer } from '../functions/domain/receipt.ts';
import { writeResult } from './fixtures/results.ts';

/**
 * Seals a million records on this machine through the code that seals them on AWS, in batches of a thousand, and verifies the export as an
 * auditor does. Objects go to a directory instead of S3, the signing key is one of this process instead of KMS's, and the item that says
 * how far the trail is sealed is held in memory: what is measured is our own work and the disk.
 */
const RECORDS = Number(process.argv[2] ?? 1_000_000);
const BATCH = 1_000;
const KEY_ID = 'arn:aws:kms:us-east-1:111122223333:key/mrk-0123456789abcdef';
const root = mkdtempSync(join(tmpdir(), 'seal-million-'));

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signer: Signer = {
  keyId: KEY_ID,
  algorithm: 'ECDSA_SHA_256',
  sign: async (bytes) => sign('sha256', bytes, privateKey),
};
let toldAt = 0;
const memory: { readonly phase: string; readonly done: number; readonly mb: number }[] = [];

async function run(): Promise<void> {
  const begun = performance.now();
  const rooms = inDirectory(root);
  for (let made = 0; made < RECORDS; made += BATCH) {
    await sealRecords(rooms, batchFrom(made, Math.min(BATCH, RECORDS - made)));
    tell('sealing', made + BATCH);
  }
  const sealed = performance.now();
  await mkdir(join(root, 'keys'), { recursive: true });
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  await writeFile(join(root, 'keys/mrk-0123456789abcdef.pem'), pem);
  const span = { firstHead: 1, lastHead: Math.ceil(RECORDS / BATCH) };
  const statement = {
    at: new Date().toISOString(),
    by: '-',
    deployment: 'Wardline',
    region: 'us-east-1',
    ...span,
  };
  await signStatement(root, statement, signer, () => {});
  const exported = performance.now();
  const verdict = await verifyExport(directory(root), {
    trusted: [publicKey],
    tell: (doing) => tell('verifying', Number(/(\d+) records/.exec(doing)?.[1] ?? 0)),
  });
  const verified = performance.now();
  process.stdout.write('\n');

  const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10;
  const peak = (phase: string) =>
    Math.max(...memory.filter((one) => one.phase === phase).map(({ mb }) => mb));
  const figures = {
    records: verdict.figures.records,
    findings: verdict.findings.length,
    sealSeconds: seconds(begun, sealed),
    exportSeconds: seconds(sealed, exported),
    verifySeconds: seconds(exported, verified),
    sealedPerSecond: Math.round(RECORDS / ((sealed - begun) / 1_000)),
    verifiedPerSecond: Math.round(RECORDS / ((verified - exported) / 1_000)),
    bytesOnDisk: await bytesBelow(span.lastHead),
    peakMemoryMB: { sealing: peak('sealing'), verifying: peak('verifying') },
    memoryMB: memory.filter((_, nth) => nth % Math.ceil(memory.length / 40) === 0),
  };
  writeResult('seal-million.json', `${JSON.stringify(figures, null, 2)}\n`);
  const { memoryMB: _course, ...told } = figures;
  console.log(JSON.stringify(told, null, 2));
  if (verdict.findings.length > 0 || verdict.figures.records !== RECORDS) process.exitCode = 1;
}

/** The resident memory each half second, and on a terminal how far it has come. */
function tell(phase: string, done: number): void {
  const now = performance.now();
  if (now - toldAt < 500) return;
  toldAt = now;
  const mb = Math.round(process.memoryUsage.rss() / 1_048_576);
  memory.push({ phase, done, mb });
  if (process.stdout.isTTY) process.stdout.write(`\r${phase} ${done} of ${RECORDS}, ${mb} MB   `);
}

/** Records of a clinic: two in five are decisions, the rest entries of 5,000 conversations, each a chain. */
function batchFrom(first: number, count: number): Line[] {
  return Array.from({ length: count }, (_, nth) => {
    const place = first + nth;
    const common = {
      id: idFrom(hash(`record ${place}`)),
      at: new Date(Date.UTC(2030, 0, 1) + place * 250).toISOString(),
      person: idFrom(hash(`person ${place % 500}`)),
      session: '00000000-0000-4000-8000-000000000000',
      sourceIp: '198.51.100.7',
      requestId: `R${place}abcdefghij=`,
      purpose: 'treatment',
      rule: 'member-of-conversation',
      outcome: 'allowed' as const,
    };
    const number = Math.floor(place / 5) % 5_000;
    const conversation = idFrom(hash(`conversation ${number}`));
    if (place % 5 < 2)
      return lineOf({ kind: 'decision', ...common, operation: 'conversation.read', object: conversation });
    const seq = Math.floor(place / 25_000) * 3 + (place % 5) - 1;
    const hashOf = (of: number) => hash(`${number} ${of}`).toString('hex');
    const chain = { seq, hash: hashOf(seq), prev: hashOf(seq - 1) };
    return lineOf({ kind: 'entry', ...common, operation: 'message.send', object: conversation, ...chain });
  });
}

/** The rooms of a sealer whose bucket is a directory. */
function inDirectory(folder: string): SealingRooms {
  let [reached, lastPath]: [Reached, string | undefined] = [NOTHING_YET, undefined];
  const put = async (path: string, body: Uint8Array | string) => {
    const file = join(folder, path);
    if (existsSync(file)) return false;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, body);
    return true;
  };
  const headFile = (number: number) => `sealed/heads/${inTwelveDigits(number)}.json`;
  return {
    batches: {
      putRecords: (path, lines) => put(path, gzipSync(lines.map(({ text }) => `${text}\n`).join(''))),
      records: async (path) =>
        gunzipSync(await readFile(join(folder, path)))
          .toString()
          .split('\n')
          .slice(0, -1)
          .map(readLine),
      putHead: (head) => put(headFile(head.number), JSON.stringify(head)),
      head: async (number) => {
        const file = join(folder, headFile(number));
        return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SealedHead) : undefined;
      },
    },
    seals: {
      next: async (day) => ({ reached, day, ...(lastPath !== undefined && { lastPath }) }),
      reach: async (next, path) => {
        [reached, lastPath] = [next, path];
      },
    },
    signer,
    now: () => Date.now(),
    pause: async () => {},
  };
}

async function bytesBelow(lastHead: number): Promise<number> {
  let bytes = 0;
  for (let number = 1; number <= lastHead; number += 1) {
    const file = join(root, `sealed/heads/${inTwelveDigits(number)}.json`);
    const { path } = JSON.parse(await readFile(file, 'utf8')) as SealedHead;
    bytes += (await stat(file)).size + (await stat(join(root, path))).size;
  }
  return bytes;
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

try {
  await run();
} finally {
  rmSync(root, { recursive: true, force: true });
}
