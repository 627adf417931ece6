import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { engineFiles } from './engine-files.ts';
import { findJava } from './java.ts';

export interface EngineOptions {
  /** Where the engine's files are kept between runs. */
  readonly cacheDirectory: string;
  /** Where the tables are kept; absent: in memory, gone with the process. */
  readonly dataDirectory?: string;
  readonly onProgress?: (line: string) => void;
  /** Called when the engine ends without having been asked to. */
  readonly onDeath?: (reason: Error) => void;
}

/**
 * A running DynamoDB Local. It listens on every interface and checks no signature, but keeps one database for each access
 * key id: who does not know `accessKeyId` meets an empty one.
 */
export interface Engine {
  readonly url: string;
  /** Random, and kept with the data. */
  readonly accessKeyId: string;
  readonly pid: number;
  /** Resolves when the process is gone. */
  close(): Promise<void>;
}

/** Starts Amazon's DynamoDB Local on a free port; resolves once it answers. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const java = await findJava();
  const files = await engineFiles(options.cacheDirectory, options.onProgress);
  if (options.dataDirectory !== undefined)
    await mkdir(options.dataDirectory, { recursive: true, mode: 0o700 });
  const accessKeyId = keyOf(options.dataDirectory);

  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = launch(java, files, port, options.dataDirectory);
    try {
      return { ...(await whenReady(child, port, options.onDeath)), accessKeyId };
    } catch (error) {
      child.process.kill('SIGKILL');
      const lostPort = error instanceof Error && /address already in use/i.test(error.message);
      if (!lostPort || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The kept key, or a new one: letters and digits, as the engine asks. */
function keyOf(dataDirectory: string | undefined): string {
  const made = randomBytes(16).toString('hex');
  if (dataDirectory === undefined) return made;
  const file = join(dataDirectory, 'access-key');
  if (!existsSync(file)) writeFileSync(file, made, { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** A port found free can be taken before Java binds it. */
const ATTEMPTS = 5;
const READY_WITHIN_MS = 60_000;
const CLOSE_WITHIN_MS = 5_000;

interface Launched {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<string>;
}

function launch(java: string, files: string, port: number, dataDirectory: string | undefined): Launched {
  const store = dataDirectory === undefined ? ['-inMemory'] : ['-dbPath', resolve(dataDirectory)];
  const jvm = [
    ...['-Xmx512m', '-XX:+UseSerialGC', `-Djava.library.path=${join(files, 'DynamoDBLocal_lib')}`],
    '-XX:TieredStopAtLevel=1', // the second compiler costs more than it gains within the minutes of a run
  ];
  const child = spawn(
    java,
    [...jvm, '-jar', join(files, 'DynamoDBLocal.jar'), '-port', `${port}`, '-disableTelemetry', ...store],
    // A process group of its own: Ctrl-C in a terminal reaches this process alone, which then closes in its order.
    { cwd: files, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const ended = new Promise<string>((settle) => {
    child.once('error', (error) => settle(error.message));
    child.once('close', (code, signal) =>
      settle(`${signal ?? `exit code ${code}`}; it said: ${said.trim()}`),
    );
  });
  if (child.pid !== undefined) dieWithUs(child, child.pid);
  return { process: child, pid: child.pid ?? 0, ended };
}

/**
 * Ends the engine with this process. An 'exit' handler covers every end that Node.js sees; a watcher process, which
 * learns of our end by the end of its standard input, covers SIGKILL. Only SIGKILL of both at once leaves Java behind.
 */
function dieWithUs(child: ChildProcess, pid: number): void {
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  const watch = `process.stdin.resume().on('end',()=>{try{process.kill(${pid},'SIGKILL')}catch{}process.exit()})`;
  const watcher = spawn(process.execPath, ['-e', watch], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  watcher.unref();
  child.once('exit', () => {
    process.off('exit', killNow);
    watcher.kill('SIGKILL'); // before the operating system can give the pid to someone else
  });
}

async function whenReady(
  child: Launched,
  port: number,
  onDeath?: (reason: Error) => void,
): Promise<Omit<Engine, 'accessKeyId'>> {
  const url = `http://127.0.0.1:${port}`;
  let state: 'starting' | 'running' | 'closing' = 'starting';
  const died = child.ended.then((reason) => {
    const error = new Error(`DynamoDB Local (pid ${child.pid}) ended: ${reason}`);
    if (state === 'running') onDeath?.(error);
    return error;
  });

  const givenUp = Date.now() + READY_WITHIN_MS;
  while (!(await answers(url))) {
    const end = await Promise.race([died, pause(50)]);
    if (end) throw end;
    if (Date.now() > givenUp)
      throw new Error(`DynamoDB Local did not answer on ${url} within ${READY_WITHIN_MS} ms`);
  }
  state = 'running';

  return {
    url,
    pid: child.pid,
    async close() {
      state = 'closing';
      child.process.kill('SIGTERM');
      const patience = setTimeout(() => child.process.kill('SIGKILL'), CLOSE_WITHIN_MS);
      await child.ended;
      clearTimeout(patience);
    },
  };
}

/** Any HTTP answer will do: an unsigned GET is refused with 400. */
async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => settle(port));
    });
  });
}
