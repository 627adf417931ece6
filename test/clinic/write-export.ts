import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AuditRecord } from '../../functions/audit/record.ts';
import { asExported, type ClinicPerson } from './people.ts';
import { type ClinicYear, TIME_ZONE } from './year.ts';

/** Records of one batch, at most: what the sealer takes at a time. */
const BATCH = 10_000;

export interface Written {
  readonly records: number;
  readonly batches: number;
  readonly people: number;
  readonly bytes: number;
}

/** Writes a clinic as an export's directory: sealed records by day, its people and its settings. */
export function writeExport(year: ClinicYear, directory: string): Written {
  const written = { records: 0, batches: 0, people: 0, bytes: 0 };
  for (const { day, records } of year.records()) {
    const place = join(directory, 'sealed', 'records', `day=${day}`);
    mkdirSync(place, { recursive: true });
    for (let from = 0; from < records.length; from += BATCH) {
      written.batches += 1;
      const name = `${String(written.batches).padStart(12, '0')}.jsonl.gz`;
      const bytes = zipped(records.slice(from, from + BATCH));
      writeFileSync(join(place, name), bytes);
      written.bytes += bytes.length;
    }
    written.records += records.length;
  }
  const people = Object.values(year.cast).flat();
  written.people = people.length;
  writeFileSync(join(directory, 'people.jsonl'), peopleLines(people, year));
  writeFileSync(join(directory, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  return written;
}

const settings = {
  deployment: 'Clinic',
  region: 'us-east-1',
  retentionDays: 2_192,
  timeZone: TIME_ZONE,
};

function peopleLines(people: readonly ClinicPerson[], { days }: ClinicYear): string {
  const since = `${days[0]?.day ?? ''}T00:00:00.000Z`;
  return people.map((one) => `${JSON.stringify(asExported(one, since))}\n`).join('');
}

function zipped(records: readonly AuditRecord[]): Buffer {
  return gzipSync(records.map((record) => `${JSON.stringify(record)}\n`).join(''), { level: 1 });
}
