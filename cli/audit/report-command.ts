import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { readCsv } from './export-files.ts';
import { makeReport } from './report/make.ts';
import { type Kind, kinds } from './report/model.ts';
import { Names } from './report/people.ts';
import { type Format, formats, writeReport } from './report/write.ts';
import { Trail } from './trail.ts';

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
    .option('--time-zone <name>', 'the clinic’s clock, e.g. America/Chicago; without it the export’s')
    .action(async (kind: Kind, directory: string, given: Given) => {
      for (const file of await report(kind, directory, given)) console.log(file);
    });
}

/** Makes a report and gives the files that were written. */
async function report(kind: Kind, directory: string, given: Given): Promise<readonly string[]> {
  refuseIdle(kind, given);
  const { timeZone } = given;
  const trail = await Trail.open(directory, { ...(timeZone && { timeZone }) });
  try {
    return await reportFrom(trail, kind, given);
  } finally {
    trail.close();
  }
}

/** The same from a trail that is open. */
export async function reportFrom(trail: Trail, kind: Kind, given: Given): Promise<readonly string[]> {
  const { patient, person, conversation, hours } = given;
  const names = new Names(trail.people, listOf(given.names, 'id', 'name'));
  const to = given.to ?? trail.span.last.slice(0, 10);
  const from = given.from ?? (kind === 'disclosures' ? sixYearsBefore(to) : trail.span.first.slice(0, 10));
  const households = listOf(given.households, 'person', 'household');
  const made = await makeReport(kind, {
    ...{ trail, names, from, to, patient, person, conversation, hours, households },
  });
  return writeReport(made, names, given.out, given.format);
}

/** What a kind of report would pass over in silence. */
function refuseIdle(kind: Kind, given: Given): void {
  const takes = { accesses: ['patient', 'person', 'conversation'], disclosures: ['patient'] };
  const taken: readonly string[] = kind === 'accesses' || kind === 'disclosures' ? takes[kind] : [];
  for (const name of ['patient', 'person', 'conversation'] as const)
    if (given[name] !== undefined && !taken.includes(name))
      throw new InvalidArgumentError(`the report ${kind} takes no --${name}.`);
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
  if (DAY.test(given)) return given;
  throw new InvalidArgumentError('a day is written YYYY-MM-DD.');
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
