import { Command, InvalidArgumentError } from 'commander';
import { findJava, JavaMissing } from '../local/dynamodb/java.ts';
import type { RunningStack } from '../local/stack.ts';
import { cacheDirectory } from './cache-directory.ts';
import { seedClinic } from './clinic.ts';
import { deploymentOf, type Outputs } from './deployment.ts';
import { lockDirectory } from './directory-lock.ts';
import { Failure } from './failure.ts';
import { expectFree, portTaken } from './ports.ts';
import { defaultDirectory, RunDirectory } from './run-directory.ts';
import { stopSignal } from './stop-signal.ts';
import { synthesize } from './synthesize.ts';
import { trafficLine } from './traffic-line.ts';
import { welcome } from './welcome.ts';

const BASE_PORT = 9_300;

/** `wardline start`: the whole deployment on this machine, from the template that `cdk deploy` would take. */
export function startCommand(): Command {
  return new Command('start')
    .description('runs the whole deployment on this machine, with a clinic of six people')
    .option('--port <n>', 'first of three ports; 0 takes free ones', parsePort, BASE_PORT)
    .option('--fresh', 'forget what was stored before')
    .option('--clock <time>', 'the time to start at, e.g. 2030-01-31T12:00:00Z', parseTime)
    .option('--dynamodb <url>', 'another DynamoDB endpoint than the DynamoDB Local that is started', parseUrl)
    .option('--directory <path>', 'where data, people and outputs are kept', defaultDirectory)
    .option('--json', 'one line of JSON on standard output when ready, everything else on standard error')
    .action(start);
}

interface Given {
  readonly port: number;
  readonly fresh?: true;
  readonly clock?: Date;
  readonly dynamodb?: string;
  readonly directory: string;
  readonly json?: true;
}

async function start(given: Given): Promise<void> {
  const say = given.json ? console.error : console.log;
  const stop = stopSignal(say);
  const release = lockDirectory(given.directory);
  try {
    const directory = new RunDirectory(given.directory);
    if (given.fresh) directory.forget();
    directory.prepare();
    await expectFree(given.port);
    if (given.dynamodb === undefined) await findJava().catch(missing); // before a synthesis that would be for nothing
    await timed('synthesized the app', say, () => synthesize(directory.assembly, say, stop.signal));
    const stack = await timed('started it', say, () => startStack(given, directory, say));
    try {
      await serve(stack, given, { directory, say, signal: stop.signal });
    } finally {
      await stack.close();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error; // else it was asked to stop, and has
  } finally {
    release();
    stop.done();
  }
}

/** From a running stack to the moment somebody stops it. */
async function serve(
  stack: RunningStack,
  given: Given,
  { directory, say, signal }: { directory: RunDirectory; say: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const outputs: Outputs = { ...stack.outputs, Local: { AwsEndpointUrl: stack.awsEndpointUrl } };
  directory.keepAccess(outputs, stack.administrator);
  let people = directory.people();
  if (!people) {
    const deployment = deploymentOf(outputs, stack.administrator);
    people = await timed('the clinic is there', say, () => seedClinic(deployment, { say, signal }));
    directory.keepPeople(people);
  }

  if (given.json) console.log(JSON.stringify({ ready: true, outputs, people }));
  else say(welcome({ outputs, people, now: stack.clock.now(), ownEngine: given.dynamodb === undefined }));
  stack.traffic.on((record) => {
    say(trafficLine(record, stack.meter.byTrace(record.traceId.replace('Root=', '')), stack.clock.now()));
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function startStack(
  given: Given,
  directory: RunDirectory,
  say: (line: string) => void,
): Promise<RunningStack> {
  const { startStack } = await import('../local/stack.ts'); // no other command pays for it
  try {
    return await startStack({
      assembly: directory.assembly,
      dataDirectory: directory.data,
      cacheDirectory,
      port: given.port,
      ...(given.clock && { startAt: given.clock }),
      ...(given.dynamodb !== undefined && { database: { url: given.dynamodb, accessKeyId: 'local' } }),
      onProgress: say,
      onFault: (error) =>
        console.error(`fault: ${error instanceof Error ? (error.stack ?? error.message) : error}`),
    });
  } catch (error) {
    const { code, port, message } = error as NodeJS.ErrnoException & { readonly port?: number };
    if (code === 'EADDRINUSE') throw portTaken(port ?? given.port, given.port);
    throw new Failure('environment', `the local run cannot start: ${message}`, { cause: error });
  }
}

function missing(error: unknown): never {
  throw error instanceof JavaMissing ? new Failure('environment', error.message, { cause: error }) : error;
}

async function timed<T>(what: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  say(`${what} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
  return result;
}

function parsePort(given: string): number {
  const port = Number(given);
  if (/^\d+$/.test(given) && port <= 65_000) return port;
  throw new InvalidArgumentError('a port is a number from 0 to 65000.');
}

function parseTime(given: string): Date {
  const time = new Date(given);
  if (/^\d{4}-\d{2}-\d{2}(T.+)?$/.test(given) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('a time is written as 2030-01-31T12:00:00Z.');
}

function parseUrl(given: string): string {
  if (/^https?:\/\//.test(given) && URL.canParse(given)) return given;
  throw new InvalidArgumentError('an endpoint is a URL such as http://127.0.0.1:8000.');
}
