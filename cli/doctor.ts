import { Command } from 'commander';
import { type Finding, findings } from './doctor-findings.ts';
import { exitCodes } from './failure.ts';
import { thisMachine } from './machine.ts';
import { defaultDirectory } from './run-directory.ts';
import { table } from './welcome.ts';

/** `wardline doctor`: whether this machine can run and deploy Wardline, and the one command for each thing that is wrong. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'looks at Node.js, Java, ports, the CDK CLI, esbuild and the disk, and says what to do about each',
    )
    .option('--json', 'one line of JSON: {"ok":…,"findings":[…]}')
    .action(async ({ json }: { readonly json?: true }) => {
      const found = await findings(thisMachine(defaultDirectory));
      const ok = found.every((finding) => finding.ok);
      console.log(json ? JSON.stringify({ ok, findings: found }) : report(found));
      if (!ok) process.exitCode = exitCodes.finding;
    });
}

function report(found: readonly Finding[]): string {
  const rows = found.map(({ check, ok, seen, todo }) => [
    ok ? 'ok' : 'to do',
    check,
    todo ? `${seen}: ${todo}` : seen,
  ]);
  return table(rows).join('\n');
}
