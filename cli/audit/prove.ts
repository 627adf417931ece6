import type { KeyObject } from 'node:crypto';
import { leafOfLine, readBatch } from './compare-batch.ts';
import type { Evidence } from './evidence.ts';
import { EXPORT, Export, Head, headPath, Proof, SignedHead } from './formats.ts';
import { leafOf, pathOf, rootBy } from './merkle.ts';
import { isSigned } from './signatures.ts';

/** The proof of the record with this id, the first that was sealed under it; undefined where the export has none, or has it altered. */
export async function proveRecord(
  evidence: Evidence,
  id: string,
  tell: (doing: string) => void = () => {},
): Promise<Proof | undefined> {
  const statement = await evidence.file(EXPORT);
  if (!statement) return undefined;
  const { firstHead, lastHead } = Export.parse(JSON.parse(statement.toString('utf8')));
  for (let number = firstHead; number <= lastHead; number += 1) {
    tell(`head ${number} of ${lastHead}`);
    const bytes = await evidence.file(headPath(number));
    if (!bytes) continue;
    const { ids, leaves, ...head } = Head.parse(JSON.parse(bytes.toString('utf8')));
    const place = ids.indexOf(id);
    if (place < 0) continue;
    const packed = await evidence.file(head.path);
    const line = packed && readBatch(packed).lines[place];
    if (line === undefined || leafOfLine(line) !== leaves[place]) return undefined;
    const record = Buffer.from(line, 'latin1').toString('utf8');
    return { kind: 'wardline.audit-proof.1', record, place, beside: [...pathOf(leaves, place)], head };
  }
  return undefined;
}

/** What speaks against a proof; undefined where it holds: this very record was sealed in this head by whoever holds the key. */
export function wrongWithProof(given: unknown, key: KeyObject): string | undefined {
  const { success, data: proof } = Proof.safeParse(given);
  if (!success) return 'it is no proof of a record';
  const { head, record, place, beside } = proof;
  if (!isSigned(SignedHead.parse(head), key))
    return 'its head was not signed by this key, or was changed since';
  if (rootBy(leafOf(record), place, head.count, beside) !== head.root)
    return 'the record is not the one that was sealed there';
  return undefined;
}
