import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { exitOf } from '../cli/child-exit.ts';
import type { ClinicPerson } from '../cli/clinic.ts';
import type { Outputs } from '../cli/deployment.ts';
import type { LargeFileTask, Told } from './fixtures/large-file-client.ts';
import { report } from './fixtures/results.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const MiB = 1024 * 1024;

/** What either process may grow by while a file goes through it, whatever the size of the file. */
const MOST_GROWTH_MIB = 256;

/**
 * A large file up and down through a local run of its own, the client killed half-way each time and begun again. Exits 0 when
 * the file came back equal, nothing that was there was carried again, and memory stayed flat.
 */
const command = new Command('large-file')
  .description('a large file up and down through the local run, killed and resumed half-way')
  .option('--mebibytes <n>', 'the size of the file', Number, 5 * 1024)
  .option('--directory <path>', 'where the files go; three times the size', tmpdir())
  .action(async ({ mebibytes, directory }: { mebibytes: number; directory: string }) => {
    const bytes = mebibytes * MiB;
    const { bavail, bsize } = statfsSync(directory);
    if (bavail * bsize < 3.3 * bytes)
      throw new Error(`${directory} has no room for three times ${bytes} bytes`);
    const place = mkdtempSync(join(directory, 'large-file-'));
    try {
      const figures = await carry(place, bytes);
      report('large-file', figures);
      process.exitCode = Object.values(figures.isAsPromised).every(Boolean) ? 0 : 1;
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });

async function carry(place: string, bytes: number) {
  const run = await startLocalRun(join(place, 'run'));
  const memory = { run: new Memory(run.process), sending: new Memory(), fetching: new Memory() };
  try {
    await thereAndBack(run, { place, name: 'rehearsal', bytes: 80 * MiB });
    memory.run.beginHere(); // every function has its environment by now
    const { up, down, ...digests } = await thereAndBack(run, { place, name: 'file', bytes, memory });
    const mostInFlight = 4 * 8 * MiB;
    const mostUnwritten = MiB; // progress is told when a chunk arrives; the client is killed between that and its write
    return {
      bytes,
      ...digests,
      seconds: { up: up.seconds, down: down.seconds },
      killedAtBytes: { up: up.killedAt, down: down.killedAt },
      resumedAtBytes: { up: up.resumedAt, down: down.resumedAt },
      rssMiB: { localRun: memory.run.said, sending: memory.sending.said, fetching: memory.fetching.said },
      isAsPromised: {
        equal: digests.sha256 === digests.sha256Fetched,
        resumedUp: up.resumedAt >= up.killedAt - mostInFlight && up.resumedAt > 0,
        resumedDown: down.resumedAt >= down.killedAt - mostUnwritten && down.resumedAt > 0,
        flat: Object.values(memory).every(({ growth }) => growth <= MOST_GROWTH_MIB),
      },
    };
  } finally {
    memory.run.stop();
    run.process.kill('SIGTERM');
    await exitOf(run.process);
  }
}

interface Journey {
  readonly place: string;
  readonly name: string;
  readonly bytes: number;
  /** Kills the client half-way each time, and watches its memory. */
  readonly memory?: { readonly sending: Memory; readonly fetching: Memory };
}

/** One file from one person to another. */
async function thereAndBack(run: LocalRun, { place, name, bytes, memory }: Journey) {
  const [original, copy] = [join(place, name), join(place, `${name}-fetched`)];
  await writeRandom(original, bytes);
  const [sender, receiver] = [run.person('nurse-1'), run.person('doctor-1')];
  const send = { other: receiver.id, kept: join(place, 'kept.json') };
  const up = await carried({ outputs: run.outputs, person: sender, file: original, send }, memory?.sending);
  if (!up.sent) throw new Error('the file was not sent');
  const down = await carried(
    { outputs: run.outputs, person: receiver, file: copy, fetch: up.sent },
    memory?.fetching,
  );
  return { up, down, sha256: await digestOf(original), sha256Fetched: await digestOf(copy) };
}

/** By one device, or where memory is watched by one that is killed half-way and another that goes on. */
async function carried(task: LargeFileTask, memory: Memory | undefined) {
  const killed = memory && (await device(task, memory, 0.5));
  const resumed = await device(task, memory ?? new Memory());
  const seconds = (killed?.seconds ?? 0) + resumed.seconds;
  return { seconds, killedAt: killed?.last ?? 0, resumedAt: resumed.first, sent: resumed.sent };
}

type LocalRun = Awaited<ReturnType<typeof startLocalRun>>;

/** `npm start` in a process of its own, with a clinic of its own. */
async function startLocalRun(directory: string) {
  const process_ = spawn(
    process.execPath,
    ['cli/wardline.js', 'start', '--port', '0', '--fresh', '--json', '--directory', directory],
    { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  for await (const line of createInterface({ input: process_.stdout })) {
    const { outputs, people } = JSON.parse(line) as { outputs: Outputs; people: readonly ClinicPerson[] };
    const person = (username: string) => {
      const found = people.find((one) => one.username === username);
      if (!found) throw new Error(`the clinic has no ${username}`);
      return found;
    };
    return { process: process_, outputs, person };
  }
  throw new Error('the local run did not start; npm start says why');
}

/** One device in a process of its own, ended by SIGKILL at that part of the file; how far it said that it came. */
async function device(task: LargeFileTask, memory: Memory, killAt?: number) {
  const from = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/fixtures/large-file-client.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', LARGE_FILE_TASK: JSON.stringify(task) },
  });
  memory.watch(child);
  const state = task.send ? 'uploading' : 'fetching';
  let [first, last, isKilled] = [-1, 0, false];
  let sent: { readonly conversationId: string; readonly seq: number } | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told;
    if ('sent' in told) sent = told.sent;
    if (!('state' in told) || isKilled) continue;
    show(told);
    if (told.state !== state) continue;
    if (first < 0) first = told.bytes;
    last = told.bytes;
    if (killAt === undefined || told.bytes < told.of * killAt || told.bytes === told.of) continue;
    isKilled = true;
    child.kill('SIGKILL');
  }
  const code = await exitOf(child);
  memory.stop();
  process.stdout.write('\n');
  if (killAt !== undefined && !isKilled)
    throw new Error('it ended before it could be killed: take a larger file');
  if (killAt === undefined && code !== 0) throw new Error(`a device ended with ${code}`);
  return { first, last, sent, seconds: Math.round((performance.now() - from) / 100) / 10 };
}

function show({ state, bytes, of }: Extract<Told, { state: string }>): void {
  process.stdout.write(`\r${state} ${Math.round(bytes / MiB)} of ${Math.round(of / MiB)} MiB   `);
}

/** The resident memory of a process, looked at four times a second (Linux). */
class Memory {
  readonly #seen: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #before: number | undefined;

  constructor(process_?: ChildProcess) {
    if (process_) this.watch(process_);
  }

  watch({ pid }: ChildProcess): void {
    this.#timer = setInterval(() => {
      const mebibytes = residentMiB(pid);
      if (mebibytes !== undefined) this.#seen.push(mebibytes);
    }, 250);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Everything up to now counts as what was there before. */
  beginHere(): void {
    this.#before = Math.max(0, ...this.#seen);
    this.#seen.length = 0;
  }

  get growth(): number {
    return this.said.most - this.said.before;
  }

  /** `before` is what it held before the file came, or in its first two seconds. */
  get said() {
    const first = [...this.#seen.slice(0, 8)].sort((a, b) => a - b).at(4) ?? 0;
    const most = this.#seen.reduce((one, other) => Math.max(one, other), 0);
    return { before: this.#before ?? first, most, last: this.#seen.at(-1) ?? 0, samples: this.#seen.length };
  }
}

function residentMiB(pid: number | undefined): number | undefined {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kibibytes === undefined ? undefined : Math.round(Number(kibibytes) / 1024);
  } catch {
    return undefined; // it has ended
  }
}

/** Bytes that no storage could make smaller: a random block, numbered each time. */
async function writeRandom(path: string, bytes: number): Promise<void> {
  writeFileSync(path, '');
  const file = await open(path, 'w');
  const block = randomFillSync(Buffer.alloc(8 * MiB));
  for (let at = 0; at < bytes; at += block.length) {
    block.writeDoubleLE(at);
    await file.write(block, 0, Math.min(block.length, bytes - at));
  }
  await file.close();
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

try {
  await command.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
