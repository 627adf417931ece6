import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PlainClient } from '../../examples/plain-client/client.mjs';
import { readDeployment } from '../../examples/plain-client/deployment.mjs';
import { signIn } from '../../examples/plain-client/sign-in.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MINUTES = 60_000;

interface Ready {
  readonly ready: true;
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly people: readonly {
    id: string;
    role: string;
    username: string;
    password: string;
    totpSecret: string;
  }[];
}

describe('npm start', () => {
  test('is ready with one line of JSON and a clinic that can talk, refuses a second start, ends without a trace on SIGTERM, and knows everything again', {
    timeout: 6 * MINUTES,
  }, async () => {
    const directory = emptyDirectory();
    const first = npmStart('--directory', directory, '--port', '0');
    const ready = await first.ready();
    expect(ready.people.map(({ role }) => role)).toEqual([
      'patient',
      'nurse',
      'doctor',
      'administrator',
      'privacy-officer',
      'auditor',
    ]);
    for (const [file, content] of [
      ['outputs.json', ready.outputs],
      ['people.json', ready.people],
    ] as const) {
      expect(JSON.parse(readFileSync(join(directory, file), 'utf8'))).toEqual(content);
      expect(statSync(join(directory, file)).mode & 0o077).toBe(0);
    }
    const conversationId = await talk(directory, ready.people, 'before the restart');

    const second = await npmStart('--directory', directory, '--port', '0').ended();
    expect(second.code).toBe(3);
    expect(second.told).toMatch(/already running as process \d+.*kill \d+/);

    const processes = family(first.process.pid ?? 0);
    expect(processes.length).toBeGreaterThan(2); // npm, node and java at least
    first.process.kill('SIGTERM');
    expect((await first.ended()).lines).toHaveLength(1);
    await expect.poll(() => processes.filter(isAlive), { timeout: 20_000 }).toEqual([]);
    expect(existsSync(join(directory, 'lock'))).toBe(false);

    const third = npmStart('--directory', directory, '--port', '0');
    expect((await third.ready()).people).toEqual(ready.people);
    expect(await talk(directory, ready.people, 'after it')).toBe(conversationId);
    third.process.kill('SIGTERM');
    await third.ended();
  });

  test('where a port is taken names it and another before it works for anything, and leaves nothing behind', async () => {
    const squatter = createServer();
    squatter.listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    onTestFinished(() => void squatter.close());
    const { port } = squatter.address() as { port: number };
    const directory = emptyDirectory();
    const { code, told, lines } = await npmStart(
      '--directory',
      directory,
      '--port',
      String(port - 1),
    ).ended();
    expect(code).toBe(3);
    expect(told).toMatch(new RegExp(`port ${port} is taken.*npm start -- --port \\d+`));
    expect(lines).toEqual([]);
    expect(existsSync(join(directory, 'lock'))).toBe(false);
  });

  test('where Java is missing names the one command that installs it, and leaves nothing behind', {
    timeout: 3 * MINUTES,
  }, async () => {
    const directory = emptyDirectory();
    const run = npmStart('--directory', directory, '--port', '0', { PATH: pathWithoutJava(), JAVA_HOME: '' });
    const { code, told, lines } = await run.ended();
    expect(code).toBe(3);
    expect(told).toMatch(/no java 11 or newer.*install one with: \w+/);
    expect(told).not.toMatch(/\n\s+at /);
    expect(lines).toEqual([]);
    expect(existsSync(join(directory, 'lock'))).toBe(false);
  });

  test('that is stopped half-way ends with 0 and leaves no process', { timeout: 2 * MINUTES }, async () => {
    const directory = emptyDirectory();
    const run = npmStart('--directory', directory, '--port', '0');
    await expect.poll(() => run.told(), { timeout: 60_000 }).toContain('bundling function 1');
    const processes = family(run.process.pid ?? 0);
    run.process.kill('SIGTERM');
    const { code, lines } = await run.ended();
    expect(code).toBe(0);
    expect(lines).toEqual([]);
    await expect.poll(() => processes.filter(isAlive), { timeout: 20_000 }).toEqual([]);
    expect(existsSync(join(directory, 'lock'))).toBe(false);
  });
});

/** `npm start -- --json …`, as a newcomer runs it; killed with the test if it still runs. */
function npmStart(...given: [...string[], Record<string, string>] | string[]) {
  const env = typeof given.at(-1) === 'object' ? (given.pop() as unknown as Record<string, string>) : {};
  const child = spawn('npm', ['start', '--silent', '--', '--json', ...(given as string[])], {
    cwd: root,
    env: { ...process.env, NODE_ENV: '', VITEST: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => endGroup(child));
  const lines: string[] = [];
  let told = '';
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
  child.stderr.on('data', (part) => {
    told += part;
  });
  const closed = once(child, 'close');
  return {
    process: child,
    told: () => told,
    ready: async (): Promise<Ready> => {
      if (lines.length === 0) await Promise.race([once(reader, 'line'), closed]);
      if (lines[0] === undefined) throw new Error(`it ended before it was ready:\n${told}`);
      return JSON.parse(lines[0]) as Ready;
    },
    ended: async () => {
      const [code] = await closed;
      return { code: code as number | null, told, lines };
    },
  };
}

/** Nurse and patient exchange a text; the conversation that they share. */
async function talk(directory: string, people: Ready['people'], text: string): Promise<string> {
  const deployment = readDeployment(join(directory, 'outputs.json'));
  const enter = async (role: string) => {
    const person = people.find((one) => one.role === role);
    if (!person) throw new Error(`the clinic has no ${role}`);
    const client = new PlainClient(deployment, await signIn(deployment, person));
    onTestFinished(() => client.close());
    await client.connect();
    return { id: person.id, client };
  };
  const [nurse, patient] = [await enter('nurse'), await enter('patient')];
  const { conversationId } = await nurse.client.createConversation('direct', [patient.id]);
  await nurse.client.send(conversationId, text);
  await patient.client.catchUp(conversationId);
  expect(patient.client.entries(conversationId).at(-1)?.body).toEqual({ kind: 'text', text });
  nurse.client.close();
  patient.client.close();
  return conversationId;
}

/** A process and all that descend from it. */
function family(pid: number): readonly number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const parent of found) {
    for (const [child = 0, of] of rows) if (of === parent) found.push(child);
  }
  return found;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** Node.js and npm, and nothing else of this machine. */
function pathWithoutJava(): string {
  const bin = emptyDirectory();
  for (const program of ['node', 'npm', 'sh', 'ps']) {
    const path = execFileSync('which', [program], { encoding: 'utf8' }).trim();
    execFileSync('ln', ['-s', path, join(bin, program)]);
  }
  return bin;
}

function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'wardline-start-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
