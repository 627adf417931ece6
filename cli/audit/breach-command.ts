import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { breachReport, type Incident } from './breach/breach-report.ts';
import { addDays } from './breach/dates.ts';
import { type Compromised, exposureOf, ORGANISATION, type Window } from './breach/exposure.ts';
import { asPdf, asText, letterTo } from './breach/letters.ts';
import { Names } from './report/people.ts';
import { formats, writeReport } from './report/write.ts';
import { listOf, parseDay, parseId } from './report-command.ts';
import { Trail } from './trail.ts';

interface Given {
  readonly out: string;
  readonly person?: string;
  readonly session?: string;
  readonly role?: string;
  readonly key?: string;
  readonly from: string;
  readonly to: string;
  readonly residence?: string;
  readonly discovered: string;
  readonly names?: string;
}

/** `wardline audit breach`: whose information was or may have been opened, what is owed by when, and the letters. */
export function breachCommand(): Command {
  const one = (flag: string, said: string) => new Option(flag, said);
  return new Command('breach')
    .description(
      'says whose information was or may have been opened, what is owed by when, and drafts the letters',
    )
    .argument('<directory>', 'the export')
    .requiredOption('--out <directory>', 'where the assessment and the letters go')
    .addOption(one('--person <id>', 'a person whose credential was not safe').argParser(parseId))
    .option('--session <id>', 'one sign-in that was not safe')
    .option('--role <role>', 'everybody with this role')
    .option('--key <id>', `a conversation’s data keys, one month’s as ID/YYYY-MM, or ${ORGANISATION}`)
    .requiredOption('--from <time>', 'when it began: a day or a time in UTC', beginningOf)
    .requiredOption('--to <time>', 'when it ended: a day, that day included, or a time before which', endOf)
    .requiredOption('--discovered <day>', 'the day on which it was known, or should have been', parseDay)
    .option('--residence <file>', 'where patients live, CSV with person and state')
    .option('--names <file>', 'your own list of names, CSV with id and name')
    .action(async (directory: string, given: Given) => {
      for (const file of await assess(directory, given)) console.log(file);
    });
}

async function assess(directory: string, given: Given): Promise<readonly string[]> {
  const compromised = compromisedIn(given);
  const trail = await Trail.open(directory);
  try {
    return await assessFrom(trail, compromised, given);
  } finally {
    trail.close();
  }
}

/** Assesses a trail that is open; gives the files that were written. */
export async function assessFrom(
  trail: Trail,
  compromised: Compromised,
  given: Pick<Given, 'out' | 'from' | 'to' | 'residence' | 'discovered' | 'names'>,
): Promise<readonly string[]> {
  if (trail.people.size === 0)
    throw new InvalidArgumentError('the export has no people.jsonl, which says who is a patient.');
  const window: Window = { from: given.from, before: given.to };
  if (window.from >= window.before) throw new InvalidArgumentError('the window ends before it begins.');
  const names = new Names(trail.people, listOf(given.names, 'id', 'name'));
  const residence = listOf(given.residence, 'person', 'state');
  const exposure = await exposureOf(trail, compromised, window);
  const { discovered, out } = given;
  const incident: Incident = { trail, names, compromised, window, discovered, residence, exposure };
  const report = breachReport(incident);
  return [...(await writeReport(report, names, out, formats)), ...(await writeLetters(incident, out))];
}

async function writeLetters(incident: Incident, out: string): Promise<readonly string[]> {
  const folder = path.join(out, 'letters');
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  for (const patient of incident.exposure.affected) {
    const letter = letterTo(patient, incident);
    const file = path.join(folder, patient.person);
    writeFileSync(`${file}.txt`, asText(letter));
    writeFileSync(`${file}.pdf`, await asPdf(letter, incident.trail.span.last));
    written.push(`${file}.txt`, `${file}.pdf`);
  }
  return written;
}

/** @throws InvalidArgumentError unless exactly one is named */
export function compromisedIn(given: Pick<Given, 'person' | 'session' | 'role' | 'key'>): Compromised {
  const named = (['person', 'session', 'role', 'key'] as const).filter((kind) => given[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined || named.length > 1)
    throw new InvalidArgumentError('name one of --person, --session, --role and --key.');
  const id = given[kind] ?? '';
  if (kind !== 'key') return { kind, id };
  const [, key = '', month] = /^(organisation|[a-z2-7]{26})(?:\/(\d{4}-(?:0[1-9]|1[0-2])))?$/.exec(id) ?? [];
  if (key === '') throw new InvalidArgumentError(`a key is ${ORGANISATION}, ID or ID/YYYY-MM.`);
  return { kind, id: key, month };
}

export function beginningOf(given: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(given) ? `${parseDay(given)}T00:00:00.000Z` : instant(given);
}

/** The moment before which it was: of a day, the beginning of the next one. */
export function endOf(given: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(given) ? `${addDays(parseDay(given), 1)}T00:00:00.000Z` : instant(given);
}

function instant(given: string): string {
  const isUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(given);
  if (isUtc && !Number.isNaN(Date.parse(given))) return new Date(given).toISOString();
  throw new InvalidArgumentError('a day (YYYY-MM-DD) or a time in UTC (YYYY-MM-DDTHH:MM:SSZ).');
}
