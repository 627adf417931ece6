import { asExported, type ClinicPerson } from './people.ts';
import { SealedExport } from './sealed-export.ts';
import { type ClinicYear, TIME_ZONE } from './year.ts';

/** Records of one batch, at most. */
const BATCH = 10_000;

export interface Written {
  readonly records: number;
  readonly batches: number;
  readonly people: number;
  readonly bytes: number;
}

/**
 * Writes a clinic as an export's directory: sealed records by day, its people and its settings, signed with a key of its own.
 * Records are the same for the same seed; signatures never are.
 */
export async function writeExport(year: ClinicYear, directory: string): Promise<Written> {
  const sealing = new SealedExport(directory);
  let count = 0;
  for (const { day, records } of year.records()) {
    for (let from = 0; from < records.length; from += BATCH)
      await sealing.seal(day, records.slice(from, from + BATCH));
    count += records.length;
  }
  const people = Object.values(year.cast).flat();
  sealing.write('people.jsonl', peopleLines(people, year));
  sealing.write('settings.json', `${JSON.stringify(settings, null, 2)}\n`);
  await sealing.sign(`${year.days.at(-1)?.day}T23:59:59.000Z`, settings.deployment);
  return { records: count, batches: sealing.batches, people: people.length, bytes: sealing.bytes };
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
