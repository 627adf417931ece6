import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { readCsv } from './export-files.ts';
import { makeReport } from './report/make.ts';
import { type Kind, kinds } from './report/model.ts';
import { Names } from './report/people.ts';
import { type Format, formats, writeReport } from './report/write.ts';
import { Trail, TrailUnreadable } from './trail.ts';
import { wrongly } from './wrongly.ts';

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const ID = /^[a-z2-7]{26}$/;

interface Given {
  readonly out: string;
  readonly patient?: string;
  readonly person?: string;
  readonly conversation?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format: readonly Format[];
  readonly names?: string;
  readonly households?: string;
  readonly hours: { readonly opens: number; readonly closes: number };
  readonly timeZone?: string;
  readonly retentionDays?: number;
}

/** `wardline audit report`: an exported trail's answers, offline, the same bytes for the same export. */
export function reportCommand(): Command {
  return new Command('report')
    .description('answers an auditor from an exported trail: pages, tables and paper, without a network')
    .addArgument(new Argument('<kind>', 'what is asked').choices(kinds))
    .argument('<directory>', 'the export')
    .requiredOption('--out <directory>', 'where the report goes')
    .option('--patient <id>', 'about this patient', parseId)
    .option('--person <id>', 'about what this person did', parseId)
    .option('--conversation <id>', 'about this conversation', parseId)
    .option(
      '--from <day>',
      'the first day, YYYY-MM-DD, UTC; for disclosures six years before the last',
      parseDay,
    )
    .option('--to <day>', 'the last day, that day included; without it the trail’s last', parseDay)
    .addOption(
      new Option('--format <list>', `which of ${formats.join(', ')}`)
        .argParser(parseFormats)
        .default([...formats]),
    )
    .option('--names <file>', 'your own list of names, CSV with id and name: the trail has none')
    .option('--households <file>', 'your own list of who lives together, CSV with person and household')
    .addOption(
      new Option('--hours <hours>', 'when the clinic works, by its clock')
        .argParser(parseHours)
        .default({ opens: 7, closes: 19 }, '7-19'),
    )
    .option('--retention-days <n>', 'how long messages are kept; without it as the export says', parseDays)
    .option('--time-zone <name>', 'the clinic’s clock, e.g. America/Chicago; without it the export’s')
    .action(async (kind: Kind, directory: string, given: Given, command: Command) => {
      const idle = idleIn(kind, given);
      if (idle) command.error(`the report ${kind} takes no --${idle}`, wrongly);
      const files = await withTrail(command, directory, given, (trail) => reportFrom(trail, kind, given));
      for (const file of files) console.log(file);
    });
}

/** Opens an export for as long as `work` takes; ends the command where it cannot be read as one. */
export async function withTrail<T>(
  command: Command,
  directory: string,
  { timeZone }: { readonly timeZone?: string | undefined },
  work: (trail: Trail) => Promise<T>,
): Promise<T> {
  let trail: Trail;
  try {
    trail = await Trail.open(directory, { ...(timeZone && { timeZone }) });
  } catch (error) {
    if (!(error instanceof TrailUnreadable)) throw error;
    command.error(`this is no export that can be read: ${error.message}`, wrongly);
  }
  try {
    return await work(trail);
  } finally {
    trail.close();
  }
}

/** Makes a report and gives the files that were written. */
export async function reportFrom(trail: Trail, kind: Kind, given: Given): Promise<readonly string[]> {
  const { patient, person, conversation, hours } = given;
  const names = new Names(trail.people, listOf(given.names, 'id', 'name'));
  const to = given.to ?? trail.span.last.slice(0, 10);
  const from = given.from ?? (kind === 'disclosures' ? sixYearsBefore(to) : trail.span.first.slice(0, 10));
  const households = listOf(given.households, 'person', 'household');
  const made = await makeReport(kind, {
    ...{ trail, names, from, to, patient, person, conversation, hours, households },
    retentionDays: given.retentionDays ?? trail.settings.retentionDays,
  });
  return writeReport(made, names, given.out, given.format);
}

/** An option that a kind of report would pass over in silence. */
function idleIn(kind: Kind, given: Given): string | undefined {
  const taken: Partial<Record<Kind, readonly string[]>> = {
    accesses: ['patient', 'person', 'conversation'],
    disclosures: ['patient'],
  };
  const about = ['patient', 'person', 'conversation'] as const;
  return about.find((name) => given[name] !== undefined && !taken[kind]?.includes(name));
}

/** The day of the same date six years before, where 164.528(a)(1) begins; from 29 February the 28th. */
export function sixYearsBefore(day: string): string {
  const [year = 0, month, date] = day.split('-');
  return `${Number(year) - 6}-${month}-${month === '02' && date === '29' ? '28' : date}`;
}

export function listOf(file: string | undefined, key: string, value: string): ReadonlyMap<string, string> {
  if (file === undefined) return new Map();
  return new Map(readCsv(file).map((row) => [row[key] ?? '', row[value] ?? '']));
}

export function parseId(given: string): string {
  if (ID.test(given)) return given;
  throw new InvalidArgumentError('an id has 26 letters and digits.');
}

export function parseDay(given: string): string {
  const isDay = DAY.test(given) && new Date(`${given}T00:00:00Z`).toISOString().startsWith(given);
  if (isDay) return given;
  throw new InvalidArgumentError('a day is written YYYY-MM-DD.');
}

function parseDays(given: string): number {
  const days = Number(given);
  if (Number.isInteger(days) && days >= 1) return days;
  throw new InvalidArgumentError('a whole number of days.');
}

function parseFormats(given: string): readonly Format[] {
  const wanted = given.split(',');
  const known = formats.filter((format) => wanted.includes(format));
  if (known.length === wanted.length) return known;
  throw new InvalidArgumentError(`give some of ${formats.join(',')}.`);
}

function parseHours(given: string): Given['hours'] {
  const [opens = Number.NaN, closes = Number.NaN] = given.split('-').map(Number);
  if (opens >= 0 && opens < closes && closes <= 24) return { opens, closes };
  throw new InvalidArgumentError('two hours of a day, e.g. 7-19.');
}
