import { Command } from 'commander';
import { synthesized } from '../fixtures/synth.ts';
import { excuses, has, lentIn, listed, type Permissions, problemsOf, steady } from './permissions.ts';
import { reasons } from './reasons.ts';
import { readUsed, writeUsed } from './record.ts';
import { allSeen, isWhole, missing, type Seen } from './seen.ts';

/**
 * Prints what each function may do and how often the tests' last runs did it, and what it lacked. With `--write` it refreshes
 * the committed record: after a run of all tests to what they used; after a run of some it only adds.
 */
const command = new Command('permissions')
  .description('which permissions of each function the tests use')
  .option('--write', 'refresh test/permissions/used.json from the last runs', false)
  .action(async ({ write }: { write: boolean }) => {
    const lent = lentIn(await synthesized());
    const seen = allSeen();
    if (write) writeUsed(refreshed(lent, seen));
    const used = readUsed();
    console.table(rows(lent, used, seen));
    for (const sentence of missing(seen)) console.log(`missing: ${sentence}`);
    const problems = problemsOf(lent, used, reasons);
    for (const problem of problems) console.log(problem);
    process.exitCode = problems.length === 0 ? 0 : 1;
  });

function refreshed(lent: Permissions, seen: Seen): Permissions {
  const known = isWhole() ? [] : listed(readUsed());
  return steady(
    [...known, ...seen.used].filter((one) => has(lent, one)),
    reasons,
  );
}

function rows(lent: Permissions, used: Permissions, seen: Seen) {
  return listed(lent).map((one) => {
    const calls = seen.used
      .filter(({ door, statement, action }) => has({ [door]: { [statement]: [action] } }, one))
      .reduce((sum, { times }) => sum + times, 0);
    const unused = reasons.some((reason) => excuses(reason, one)) ? 'never, with a reason' : 'NEVER';
    return { ...one, calls, used: has(used, one) ? 'yes' : unused };
  });
}

await command.parseAsync();
