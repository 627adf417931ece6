import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { breachReport } from './breach/breach-report.ts';
import { addDays } from './breach/dates.ts';
import { type Compromised, exposureOf, ORGANISATION, type Window } from './breach/exposure.ts';
import type { Incident } from './breach/incident.ts';
import { asPdf, asText, letterTo } from './breach/letters.ts';
import { Names } from './report/people.ts';
import { formats, writeReport } from './report/write.ts';
import { listOf, parseDay, parseId, withTrail } from './report-command.ts';
import type { Trail } from './trail.ts';
import { wrongly } from './wrongly.ts';

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
    .action(async (directory: string, given: Given, command: Command) => {
      const compromised = compromisedIn(given);
      if (!compromised)
        return command.error(`name one of --person, --session, --role and --key (${KEYS})`, wrongly);
      if (given.from >= given.to) command.error('the window ends before it begins', wrongly);
      const files = await withTrail(command, directory, {}, (trail) => {
        if (trail.people.size === 0)
          command.error('the export has no people.jsonl, which says who is a patient', wrongly);
        return assess(trail, compromised, given);
      });
      for (const file of files) console.log(file);
    });
}

/** Assesses what happened; gives the files that were written. */
export async function assess(
  trail: Trail,
  compromised: Compromised,
  given: Pick<Given, 'out' | 'from' | 'to' | 'residence' | 'discovered' | 'names'>,
): Promise<readonly string[]> {
  const window: Window = { from: given.from, before: given.to };
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

const KEYS = `${ORGANISATION}, ID or ID/YYYY-MM`;

/** What is named; nothing unless it is one thing, and one that there can be. */
export function compromisedIn(
  given: Pick<Given, 'person' | 'session' | 'role' | 'key'>,
): Compromised | undefined {
  const named = (['person', 'session', 'role', 'key'] as const).filter((kind) => given[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined || named.length > 1) return undefined;
  const id = given[kind] ?? '';
  if (kind !== 'key') return { kind, id };
  const [, key, month] = /^(organisation|[a-z2-7]{26})(?:\/(\d{4}-(?:0[1-9]|1[0-2])))?$/.exec(id) ?? [];
  return key === undefined ? undefined : { kind, id: key, month };
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
