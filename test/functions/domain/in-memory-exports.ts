import { isDeepStrictEqual } from 'node:util';
import type {
  ExportFiles,
  PatientExport,
  PatientExports,
} from '../../../functions/domain/patient-exports.ts';

/** Exports as the table keeps them: each is replaced where it stands unchanged. */
export class MemoryExports implements PatientExports {
  readonly standing = new Map<string, PatientExport>();

  async all() {
    return [...this.standing.values()];
  }

  async one(exportId: string) {
    return this.standing.get(exportId);
  }

  async begin(wanted: PatientExport) {
    const found = this.standing.get(wanted.exportId) ?? wanted;
    this.standing.set(wanted.exportId, found);
    return found;
  }

  async replace(before: PatientExport, after: PatientExport) {
    if (!isDeepStrictEqual(this.standing.get(before.exportId), before)) return false;
    this.standing.set(after.exportId, after);
    return true;
  }
}

/** Files of exports, each in one version. */
export class MemoryExportFiles implements ExportFiles {
  readonly stored = new Map<string, string>();
  private versions = 0;

  put(exportId: string): string {
    this.versions += 1;
    this.stored.set(exportId, `v${this.versions}`);
    return `v${this.versions}`;
  }

  async remove(exportId: string) {
    return this.stored.delete(exportId) ? 1 : 0;
  }
}

/** One that two people asked for, and nobody is at. */
export function anExport(exportId: string): PatientExport {
  const asked = { requestedBy: 'one', approvedBy: 'two', approvedAt: 0 };
  return { exportId, person: 'ben', state: 'building', ...asked };
}
