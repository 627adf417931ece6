import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonical } from '../../cli/audit/canonical.ts';
import { lineOf } from '../../functions/audit/lines.ts';
import type { AuditRecord } from '../../functions/audit/record.ts';
import { sealRecords } from '../../functions/audit/seal-records.ts';
import { signed } from '../../functions/domain/receipt.ts';
import { KEY_ID, SealedPlace } from '../functions/audit/in-memory-sealing.ts';

/** Writes an export's files as they come, and signs for all of them at the end, with a key of its own. */
export class SealedExport {
  private readonly place = new SealedPlace();
  private readonly manifest: { readonly path: string; readonly bytes: number; readonly sha256: string }[] =
    [];
  private lastHead: string | undefined;

  constructor(private readonly directory: string) {}

  /** Seals one batch of a day, as the sealer would. */
  async seal(day: string, records: readonly AuditRecord[]): Promise<void> {
    this.place.now = Date.parse(`${day}T23:00:00Z`);
    await sealRecords(this.place.rooms(), records.map(lineOf));
    this.keep();
  }

  /** Another file of the export. */
  write(path: string, body: string | Uint8Array): void {
    const bytes = Buffer.from(body);
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    this.manifest.push({ path, bytes: bytes.length, sha256: sha256(bytes) });
  }

  /** Bytes of everything that was written. */
  get bytes(): number {
    return this.manifest.reduce((sum, file) => sum + file.bytes, 0);
  }

  get batches(): number {
    return this.manifest.filter(({ path }) => path.startsWith('sealed/heads/')).length;
  }

  async sign(at: string, deployment: string): Promise<void> {
    this.write(`keys/${KEY_ID.split('/').at(-1)}.pem`, this.place.key.pem);
    const lines = this.manifest
      .sort((one, other) => (one.path < other.path ? -1 : 1))
      .map((file) => `${canonical(file)}\n`)
      .join('');
    const {
      ids: _ids,
      leaves: _leaves,
      signature: _signature,
      ...claims
    } = JSON.parse(this.lastHead ?? '{}');
    const statement = await signed(this.place.key.signer, {
      ...{ kind: 'wardline.audit-export.1', at, by: 'a synthetic clinic', deployment, region: 'us-east-1' },
      ...{ firstHead: 1, lastHead: Number(claims.number ?? 0), lastHeadHash: sha256(canonical(claims)) },
      ...{ manifest: sha256(lines), files: this.manifest.length },
    });
    writeFileSync(join(this.directory, 'manifest.jsonl'), lines);
    writeFileSync(join(this.directory, 'export.json'), JSON.stringify(statement));
  }

  /** Moves what was sealed onto the disk; the sealer looks back at the last batch alone. */
  private keep(): void {
    const { objects } = this.place;
    const fresh = [...objects].filter(([path]) => !this.kept.has(path));
    for (const [path, body] of fresh) {
      this.write(path, body);
      this.kept.add(path);
      if (path.startsWith('sealed/heads/')) this.lastHead = body.toString();
    }
    const last = [...objects.keys()].filter((path) => path.startsWith('sealed/records/')).at(-1);
    for (const path of [...objects.keys()]) if (path !== last) objects.delete(path);
  }

  private readonly kept = new Set<string>();
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
