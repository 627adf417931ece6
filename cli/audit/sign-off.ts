import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { wrongly } from './wrongly.ts';

interface Given {
  readonly by: string;
  readonly note?: string;
}

/** What is stored when somebody signs a report. */
export interface SignOff {
  readonly kind: 'wardline.sign-off.1';
  /** The report's file, beside this one. */
  readonly report: string;
  /** SHA-256 of it, in hexadecimal: the very bytes that were reviewed. */
  readonly sha256: string;
  readonly by: string;
  readonly at: string;
  readonly note?: string;
}

/** `wardline audit sign-off`: stores beside a report who reviewed it and when. Reviews are added, none is written over. */
export function signOffCommand(): Command {
  return new Command('sign-off')
    .description('stores beside a report who reviewed it, when, and the hash of what they reviewed')
    .argument('<file>', 'the report, e.g. activity.pdf')
    .requiredOption('--by <name>', 'who reviewed it')
    .option('--note <text>', 'what was found, and what follows')
    .action((file: string, { by, note }: Given, command: Command) => {
      if (!existsSync(file)) command.error(`there is no report ${file}`, wrongly);
      console.log(signOff(file, { by, note, at: new Date() }));
    });
}

/** Signs a report; gives the path of what was stored. */
export function signOff(
  file: string,
  { by, note, at }: { readonly by: string; readonly note?: string | undefined; readonly at: Date },
): string {
  const signed: SignOff = {
    kind: 'wardline.sign-off.1',
    report: path.basename(file),
    sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    by,
    at: at.toISOString(),
    ...(note !== undefined && { note }),
  };
  for (let number = 1; ; number += 1) {
    const place = `${file}.sign-off-${number}.json`;
    if (existsSync(place)) continue;
    writeFileSync(place, `${JSON.stringify(signed, null, 2)}\n`, { flag: 'wx' });
    return place;
  }
}
