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
const MOST_GROWTH_MIB = 512;

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
  const original = join(place, 'original');
  const copy = join(place, 'copy');
  await writeRandom(original, bytes);
  const run = await startLocalRun(join(place, 'run'));
  const memory = { run: new Memory(run.process), sending: new Memory(), fetching: new Memory() };
  try {
    const [sender, receiver] = [run.person('nurse-1'), run.person('doctor-1')];
    const send = { other: receiver.id, kept: join(place, 'kept.json') };
    const up: LargeFileTask = { outputs: run.outputs, person: sender, file: original, send };
    const killedUp = await device(up, memory.sending, { killAt: 0.5, state: 'uploading' });
    const resumedUp = await device(up, memory.sending);
    if (!resumedUp.sent) throw new Error('the file was not sent');
    const down: LargeFileTask = { outputs: run.outputs, person: receiver, file: copy, fetch: resumedUp.sent };
    const killedDown = await device(down, memory.fetching, { killAt: 0.5, state: 'fetching' });
    const resumedDown = await device(down, memory.fetching);
    const [sha256, sha256Fetched] = [await digestOf(original), await digestOf(copy)];
    const mostInFlight = 4 * 8 * MiB;
    return {
      bytes,
      sha256,
      sha256Fetched,
      seconds: { up: killedUp.seconds + resumedUp.seconds, down: killedDown.seconds + resumedDown.seconds },
      killedAtBytes: { up: killedUp.last, down: killedDown.last },
      resumedAtBytes: { up: resumedUp.first, down: resumedDown.first },
      rssMiB: { localRun: memory.run.said, sending: memory.sending.said, fetching: memory.fetching.said },
      isAsPromised: {
        equal: sha256 === sha256Fetched,
        resumedUp: resumedUp.first >= killedUp.last - mostInFlight && resumedUp.first > 0,
        resumedDown: resumedDown.first >= killedDown.last,
        flat: Object.values(memory).every(({ growth }) => growth <= MOST_GROWTH_MIB),
      },
    };
  } finally {
    memory.run.stop();
    run.process.kill('SIGTERM');
    await exitOf(run.process);
  }
}

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

interface Kill {
  /** Of the whole file. */
  readonly killAt: number;
  readonly state: string;
}

/** One device in a process of its own, ended by SIGKILL where it was asked to be; how far it said that it came. */
async function device(task: LargeFileTask, memory: Memory, kill?: Kill) {
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
    if (!kill || told.bytes < told.of * kill.killAt || told.bytes === told.of) continue;
    isKilled = true;
    child.kill('SIGKILL');
  }
  const code = await exitOf(child);
  memory.stop();
  process.stdout.write('\n');
  if (kill && !isKilled) throw new Error('it ended before it could be killed: take a larger file');
  if (!kill && code !== 0) throw new Error(`a device ended with ${code}`);
  return { first, last, sent, seconds: Math.round((performance.now() - from) / 100) / 10 };
}

function show({ state, bytes, of }: Extract<Told, { state: string }>): void {
  process.stdout.write(`\r${state} ${Math.round(bytes / MiB)} of ${Math.round(of / MiB)} MiB   `);
}

/** The resident memory of a process, looked at four times a second (Linux). */
class Memory {
  readonly #seen: number[] = [];
  #timer: NodeJS.Timeout | undefined;

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

  /** From the median of the first two seconds to the most. */
  get growth(): number {
    return this.said.most - this.said.first;
  }

  get said() {
    const first = [...this.#seen.slice(0, 8)].sort((a, b) => a - b).at(4) ?? 0;
    return {
      first,
      most: Math.max(0, ...this.#seen),
      last: this.#seen.at(-1) ?? 0,
      samples: this.#seen.length,
    };
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
