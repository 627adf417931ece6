import { createHash } from 'node:crypto';
import { canonical } from '../../../cli/audit/canonical.ts';
import type { Evidence } from '../../../cli/audit/evidence.ts';
import { lineOf } from '../../../functions/audit/lines.ts';
import type { SealedRecord } from '../../../functions/audit/record.ts';
import { sealRecords } from '../../../functions/audit/seal-records.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import { signed } from '../../../functions/domain/receipt.ts';
import { KEY_ID, SealedPlace, type TestKey } from '../../functions/audit/in-memory-sealing.ts';

/** The files of an export. */
export type Files = ReadonlyMap<string, Buffer>;

export function evidenceOf(files: Files): Evidence {
  return {
    file: async (path) => files.get(path),
    pieces: (path) => [files.get(path)].filter((bytes) => bytes !== undefined),
    paths: () => [...files.keys()].sort(),
  };
}

/** A clinic's records in the order of a stream: decisions of several people, and entries of several conversations, each a chain. */
export function someRecords(count: number, seed = 0): SealedRecord[] {
  const random = lottery(seed);
  const id = () => idFrom(createHash('sha256').update(`${seed} ${random()}`).digest());
  const people = Array.from({ length: 5 }, id);
  const chains = Array.from({ length: 3 }, () => ({ conversation: id(), seq: 0, hash: 'a'.repeat(64) }));
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
  return Array.from({ length: count }, (_, place): SealedRecord => {
    const common = {
      id: id(),
      at: new Date(Date.parse('2030-01-31T23:00:00.000Z') + place * 1_000).toISOString(),
      person: pick(people),
      session: '00000000-0000-4000-8000-000000000000',
      sourceIp: '198.51.100.7',
      requestId: `r${place}=`,
      purpose: 'treatment',
      outcome: 'allowed' as const,
    };
    const chain = pick(chains);
    if (random() < 0.4) {
      const rule = 'member-of-conversation';
      return {
        kind: 'decision',
        ...common,
        operation: 'conversation.read',
        object: chain.conversation,
        rule,
      };
    }
    const prev = chain.hash;
    chain.seq += 1;
    chain.hash = createHash('sha256').update(`${chain.conversation} ${chain.seq}`).digest('hex');
    return {
      ...{ kind: 'entry', ...common, operation: 'message.send', rule: 'member-of-conversation' },
      ...{ object: chain.conversation, seq: chain.seq, hash: chain.hash, prev },
    };
  });
}

/** Seals records in batches of these sizes, through the code that does it on AWS. */
export async function sealedIn(
  records: readonly SealedRecord[],
  sizes: readonly number[],
  key: TestKey,
): Promise<SealedPlace> {
  const place = new SealedPlace(key);
  const rooms = place.rooms();
  let taken = 0;
  for (const size of sizes) {
    await sealRecords(rooms, records.slice(taken, taken + size).map(lineOf));
    taken += size;
    place.now += 60_000;
  }
  return place;
}

/** What an export of these sealed batches holds, signed: all of them, or those from one number on, up to another. */
export async function exportOf(
  { objects, key }: SealedPlace,
  { from = 1, upTo = Number.POSITIVE_INFINITY } = {},
): Promise<Map<string, Buffer>> {
  const heads = [...objects.keys()].filter((path) => path.startsWith('sealed/heads/')).sort();
  const wanted = heads.slice(from - 1, upTo);
  const files = new Map<string, Buffer>();
  for (const path of wanted) {
    const head = objects.get(path) as Buffer;
    files.set(path, head);
    const { path: records } = JSON.parse(head.toString()) as { path: string };
    files.set(records, objects.get(records) as Buffer);
  }
  files.set(`keys/${KEY_ID.split('/').at(-1)}.pem`, Buffer.from(key.pem));
  files.set('people.jsonl', Buffer.from('{"person":"aaaaaaaaaaaaaaaaaaaaaaaaaa"}\n'));
  files.set('settings.json', Buffer.from('{"name":"Wardline"}'));
  await signExport(files, { key, firstHead: from });
  return files;
}

/** Writes the manifest of what lies there, and signs the statement over it. */
async function signExport(
  files: Map<string, Buffer>,
  { key, firstHead }: { readonly key: TestKey; readonly firstHead: number },
): Promise<void> {
  files.delete('manifest.jsonl');
  files.delete('export.json');
  const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const paths = [...files.keys()].sort();
  const lines = paths.map((path) => {
    const bytes = files.get(path) as Buffer;
    return `${canonical({ path, bytes: bytes.length, sha256: sha256(bytes) })}\n`;
  });
  const heads = paths.filter((path) => path.startsWith('sealed/heads/'));
  const last = JSON.parse((files.get(heads.at(-1) ?? '') ?? Buffer.from('{}')).toString());
  const { ids: _ids, leaves: _leaves, signature: _signature, ...claims } = last;
  const statement = await signed(key.signer, {
    kind: 'wardline.audit-export.1',
    at: '2030-02-01T12:00:00.000Z',
    by: 'arn:aws:iam::111122223333:user/auditor',
    deployment: 'Wardline',
    region: 'us-east-1',
    firstHead,
    lastHead: Number(last.number ?? firstHead - 1),
    lastHeadHash: sha256(canonical(claims)),
    manifest: sha256(lines.join('')),
    files: paths.length,
  });
  files.set('manifest.jsonl', Buffer.from(lines.join('')));
  files.set('export.json', Buffer.from(JSON.stringify(statement)));
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function lottery(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
