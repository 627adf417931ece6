import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { breachCommand } from './breach-command.ts';
import { cloudTrailIn } from './check-cloudtrail.ts';
import { directory } from './evidence.ts';
import { inWords } from './findings.ts';
import { EXPORT } from './formats.ts';
import { progress } from './progress.ts';
import { proveRecord, wrongWithProof } from './prove.ts';
import { reportCommand } from './report-command.ts';
import { signOffCommand } from './sign-off.ts';
import { readKey } from './signatures.ts';
import { type Verdict, verifyExport } from './verify.ts';
import { wrongly } from './wrongly.ts';

/** `wardline audit`: what an export of the audit trail proves by itself, without AWS and without trusting what made it. */
export function auditCommand(): Command {
  return new Command('audit')
    .description(
      'the audit trail: export it, verify an export without AWS, prove one record, ask it questions',
    )
    .addCommand(verifyCommand())
    .addCommand(proveCommand())
    .addCommand(reportCommand())
    .addCommand(signOffCommand())
    .addCommand(breachCommand());
}

interface VerifyGiven {
  readonly key?: readonly string[];
  readonly json?: true;
}

/** Ends with 0 where the export is sound, 1 where it was altered, 2 where it is called wrongly. */
function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'says whether anything in an export was altered, is missing, was inserted or moved, and where it begins',
    )
    .argument('<directory>', 'what wardline audit export wrote')
    .option(
      '--key <file...>',
      'the public key that signs, as PEM, from somebody you trust (default: the one in the export)',
    )
    .option('--json', 'the whole verdict as JSON')
    .action(async (root: string, { key = [], json }: VerifyGiven, command: Command) => {
      requireExport(root, command);
      const trusted = key.map((file) => keyIn(file, command));
      const { tell, done } = progress();
      const verdict = await verifyExport(directory(root), {
        trusted,
        tell,
        besides: () => cloudTrailIn(root),
      });
      done();
      if (json) console.log(JSON.stringify(verdict, null, 2));
      else for (const line of linesOf(verdict)) console.log(line);
      if (verdict.findings.length > 0) process.exitCode = 1;
    });
}

interface ProveGiven {
  readonly check?: true;
  readonly key?: string;
}

function proveCommand(): Command {
  return new Command('prove')
    .description('proves one record without showing any other, or checks such a proof')
    .argument('<source>', 'what wardline audit export wrote; with --check the file that holds a proof')
    .argument('[record]', "the record's id")
    .option('--check', 'checks a proof with the key of --key')
    .option('--key <file>', 'the public key that signs, as PEM, from somebody you trust')
    .action(
      async (source: string, record: string | undefined, { check, key }: ProveGiven, command: Command) => {
        if (check) return checkProof(source, key, command);
        if (record === undefined)
          command.error('name the record by its id: wardline audit prove DIR RECORD', wrongly);
        requireExport(source, command);
        const { tell, done } = progress();
        const proof = await proveRecord(directory(source), record, tell);
        done();
        if (proof) return console.log(JSON.stringify(proof, null, 2));
        console.error(`the export has no record ${record} as it was sealed: wardline audit verify says why`);
        process.exitCode = 1;
      },
    );
}

function checkProof(file: string, key: string | undefined, command: Command): void {
  if (key === undefined)
    command.error('checking a proof needs --key FILE: a proof does not vouch for its key', wrongly);
  const wrong = wrongWithProof(jsonIn(file, command), keyIn(key, command));
  if (wrong === undefined) {
    console.log('The proof holds: this record was sealed as it stands here.');
    return;
  }
  console.error(`the proof does not hold: ${wrong}`);
  process.exitCode = 1;
}

function linesOf({ findings, more, notices, figures, keys }: Verdict): readonly string[] {
  const { heads, records, entries, decisions, files, from, to } = figures;
  const span = from === undefined ? '' : `, from ${from} to ${to}`;
  return [
    `${files} files, ${heads} heads, ${records} records (${decisions} decisions, ${entries} entries of ${figures.conversations} conversations)${span}`,
    ...Object.entries(keys).map(([keyId, fingerprint]) => `signed by ${keyId}, SHA-256 ${fingerprint}`),
    ...notices.map((notice) => `Note: ${notice}.`),
    ...findings.map((finding, place) => `${place === 0 ? 'First ' : '      '}${inWords(finding)}`),
    ...(more > 0 ? [`      and ${more} more`] : []),
    findings.length === 0
      ? 'Sound: nothing was altered, nothing is missing, nothing was inserted.'
      : `Altered: ${findings.length + more} findings; the first is where the trail begins to be wrong.`,
  ];
}

function requireExport(root: string, command: Command): void {
  if (existsSync(join(root, EXPORT)) || existsSync(join(root, 'sealed'))) return;
  command.error(`${root} holds no export of an audit trail: wardline audit export writes one`, wrongly);
}

function keyIn(file: string, command: Command): KeyObject {
  const key = existsSync(file) ? readKey(readFileSync(file)) : undefined;
  return key ?? command.error(`${file} holds no public key on the curve P-256 as PEM`, wrongly);
}

function jsonIn(file: string, command: Command): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return command.error(`${file} holds no JSON`, wrongly);
  }
}
