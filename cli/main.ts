import { Command, CommanderError } from 'commander';
import { auditCommand } from './audit/command.ts';
import { exportCommand } from './audit-export.ts';
import { chatCommand } from './chat.ts';
import { doctorCommand } from './doctor.ts';
import { evidenceCommand } from './evidence/command.ts';
import { exitCodes, Failure } from './failure.ts';
import { keysCommand } from './keys.ts';
import { startCommand } from './start.ts';
import { usersCommand } from './users.ts';

/** Runs one command; gives its exit code: 0 done, 1 findings, 2 called wrongly, 3 the machine or account is in the way. */
export async function main(given: readonly string[]): Promise<number> {
  const program = new Command('wardline')
    .description('Wardline on one machine, and for those who operate it on AWS')
    .exitOverride()
    .showHelpAfterError('(--help tells what there is)');
  for (const command of [
    ...[startCommand(), usersCommand(), chatCommand(), keysCommand(), doctorCommand()],
    auditCommand().addCommand(exportCommand()).addCommand(evidenceCommand()),
  ])
    adopt(program, command);

  try {
    await program.parseAsync([...given], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    console.error(sentence(error));
    return error instanceof Failure ? error.exitCode : exitCodes.environment;
  }
}

/** Commander copies settings to commands that it makes itself, not to those it is given. */
function adopt(parent: Command, command: Command): void {
  parent.addCommand(command.copyInheritedSettings(parent));
  settle(command);
}

function settle(command: Command): void {
  for (const child of command.commands) settle(child.copyInheritedSettings(command));
}

/** A stack helps nobody at a terminal; WARDLINE_DEBUG=1 shows it to whoever mends the command. */
function sentence(error: unknown): string {
  if (process.env.WARDLINE_DEBUG) console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Failure ? message : `${message} (WARDLINE_DEBUG=1 shows where)`;
}
