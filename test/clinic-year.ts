import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { writeExport } from './clinic/write-export.ts';
import { ClinicYear } from './clinic/year.ts';

/** A year of a clinic that never was, as an export's directory: what reports and seals are measured on. */
const command = new Command('clinic-year')
  .description('writes the audit trail of a synthetic clinic as an export, the same for the same seed')
  .requiredOption('--out <directory>', 'where it goes')
  .option('--people <n>', 'how many people the clinic has, patients included', parseCount, 500)
  .option('--seed <n>', 'another seed is another clinic', parseCount, 1)
  .option('--from <day>', 'the first day', '2025-01-01')
  .option('--days <n>', 'how many days', parseCount, 365)
  .action(async (given: { out: string; people: number; seed: number; from: string; days: number }) => {
    const year = new ClinicYear(given);
    const written = await writeExport(year, given.out);
    const { relative, relation } = year;
    const household = [relative, relation].map((one) => `${one?.person},1\r\n`).join('');
    writeFileSync(join(given.out, '..', 'households.csv'), `person,household\r\n${household}`);
    console.log(JSON.stringify(written));
  });

function parseCount(given: string): number {
  const count = Number(given);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError('a whole number, at least 1.');
}

await command.parseAsync();
