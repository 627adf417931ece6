import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { startVitest } from 'vitest/node';
import { deploymentOf, readAccess } from '../cli/deployment.ts';

/** Journeys that hold of every deployment; the others turn the clock, inject faults or count calls. */
const JOURNEYS = ['test/journey/anywhere/*.test.ts'];

/** The journeys ask what a deployment does, not how soon: it may be far away, or cold. */
const PATIENCE = { testTimeout: 300_000, hookTimeout: 600_000, expect: { poll: { timeout: 120_000 } } };

/**
 * Runs the journeys against a deployment that is already there. Adds people to it (their user names begin with
 * `conformance-`) and lets them talk: for a deployment that holds no patients' data yet. Exits 0 when every promise held.
 */
const command = new Command('conformance')
  .exitOverride()
  .description('the journeys against any deployment, on this machine or on AWS')
  .requiredOption('--outputs <file>', 'what npx cdk deploy --all --outputs-file wrote, or npm start')
  .option(
    '--report <file>',
    'where the results go, and the figures in a directory of its name',
    'test/results/conformance.json',
  )
  .argument('[journeys...]', 'parts of the names of journeys; all of them without')
  .action(async (journeys: string[], given: { outputs: string; report: string }) => {
    const [file, report] = [fromHere(given.outputs), fromHere(given.report)];
    const { outputs, credentials } = readAccess(file);
    const { region, userPoolId, endpoint = 'AWS' } = deploymentOf(outputs, credentials);
    console.log(
      `conformance of the deployment with the user pool ${userPoolId} in ${region}, at ${endpoint}`,
    );
    process.env.WARDLINE_OUTPUTS = file;
    process.env.WARDLINE_FIGURES = report.replace(/\.json$/, '');
    const vitest = await startVitest('test', journeys, {
      run: true,
      include: JOURNEYS,
      fileParallelism: false, // a new account's quotas are small
      ...PATIENCE,
      reporters: ['verbose', ['json', { outputFile: report }]],
    });
    await vitest.close();
  });

/** `npm run` works in the repository whatever directory it was called from. */
function fromHere(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

try {
  await command.parseAsync();
} catch (error) {
  const hasSpoken = error instanceof CommanderError;
  if (!hasSpoken) console.error(error instanceof Error ? error.message : error);
  process.exitCode = hasSpoken && error.exitCode === 0 ? 0 : 2;
}
