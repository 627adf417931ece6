import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { addPerson } from '../../cli/add-person.ts';
import { deploymentOf } from '../../cli/deployment.ts';
import { operatorOf } from '../../cli/operator.ts';
import { codeAt } from '../../cli/totp.ts';
import type { Person } from '../fixtures/deployed.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { revoke } from '../sdk/devices.ts';

const wardline = fileURLToPath(new URL('../../cli/wardline.js', import.meta.url));
const STEP_MS = 30_000;
/** A machine that does other things too takes its time to start a process. */
const PATIENT = { timeout: 40_000 };
vi.setConfig({ testTimeout: 120_000 });

let run: Run;
let directory: string;
let ana: Person;
let ben: Person;

beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-chat', 'clinician');
  ben = await run.person('ben-chat', 'patient');
  directory = runDirectory(run.outputs);
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await run.close();
});

describe('two terminals', () => {
  test('hold a conversation in order, show each message stored, write nothing to a file, and end with 0 by /quit and by SIGINT', async () => {
    const files = readdirSync(directory);
    const nurse = await online(ana, '--with', 'ben-chat');
    await nurse.hears({ event: 'opened', who: 'ben-chat' });
    nurse.types('Good morning, how are you today?');
    const stored = await nurse.hears({ event: 'status', status: 'accepted' });
    expect(stored).toMatchObject({ seq: 1, text: 'Good morning, how are you today?' });
    expect(nurse.of('status').map(({ status }) => status)).toEqual(['queued', 'sending', 'accepted']);

    const patient = await online(ben);
    const [row] = (await patient.hears({ event: 'inbox' })).conversations as unknown[];
    expect(row).toMatchObject({
      number: 1,
      who: 'ana-chat',
      unread: 1,
      latest: 'Good morning, how are you today?',
    });
    patient.types('1');
    await patient.hears({ event: 'message', seq: 1, name: 'ana-chat', own: false });
    patient.types('Better, thank you.', '//no command', 'And you?');
    await nurse.hears({ event: 'message', seq: 4, name: 'ben-chat', own: false });
    nurse.types('Fine.');
    for (const { hears } of [nurse, patient]) await hears({ event: 'message', seq: 5 });
    for (const { of } of [nurse, patient]) {
      expect(of('message').map(({ seq, body }) => [seq, (body as { text: string }).text])).toEqual([
        [1, 'Good morning, how are you today?'],
        [2, 'Better, thank you.'],
        [3, '/no command'],
        [4, 'And you?'],
        [5, 'Fine.'],
      ]);
    }

    nurse.types('/quit');
    patient.process.kill('SIGINT');
    for (const terminal of [nurse, patient]) {
      expect(await terminal.ended()).toMatchObject({ code: 0, stderr: '' });
      expect(terminal.of('ended')).toEqual([{ event: 'ended', unacknowledged: 0 }]);
      for (const secret of [ana.password, ben.password, 'eyJ'])
        expect(terminal.stdout()).not.toContain(secret);
    }
    expect(readdirSync(directory)).toEqual(files);
  });

  test('show a refused message with its code and sentence, and what a removed member may not do', async () => {
    const nurse = await online(ana);
    nurse.types(`/open ben-chat ${ana.id}`);
    await nurse.hears({ event: 'opened' });
    nurse.types('\u0007');
    const refused = await nurse.hears({ event: 'status', status: 'refused' });
    expect(refused).toMatchObject({ code: 'malformed', message: expect.stringContaining('the protocol') });

    nurse.types('welcome');
    await nurse.hears({ event: 'message', seq: 1 });
    const patient = await online(ben);
    await patient.hears({ event: 'inbox' });
    patient.types('1', '/add ana-chat');
    await patient.hears({ event: 'refused', code: 'not-an-owner' });
    nurse.types('/remove ben-chat', '/who');
    await patient.hears({ event: 'removed' });
    patient.types('am I still here?');
    expect(await patient.hears({ event: 'status', status: 'refused' })).toMatchObject({
      code: 'not-a-member',
    });
    const members = () => nurse.of('members').at(-1)?.members;
    await expect.poll(members).toEqual([{ person: ana.id, name: 'ana-chat', role: 'owner' }]);
  });

  test('show 20 messages at first, and the earlier ones when /older is written', async () => {
    const nurse = await online(ana);
    nurse.types(`/open ben-chat ${ana.id}`, ...Array.from({ length: 25 }, (_, at) => `message ${at + 1}`));
    await nurse.hears({ event: 'message', seq: 25 });
    const patient = await online(ben);
    await patient.hears({ event: 'inbox' });
    patient.types('1', '/older', '/older');
    await expect
      .poll(() => patient.of('older'))
      .toMatchObject([
        { shown: 5, hasOlder: false },
        { shown: 0, hasOlder: false },
      ]);
    const seqs = patient.of('message').map(({ seq }) => seq);
    expect(seqs).toEqual([...from(6, 25), ...from(1, 5)]);
  });

  test('tell that somebody wrote in a conversation that is not open', async () => {
    const patient = await online(ben);
    await patient.hears({ event: 'inbox' });
    const nurse = await online(ana, '--with', ben.id);
    nurse.types('over here');
    const { conversationId } = await nurse.hears({ event: 'status', status: 'accepted' });
    expect(await patient.hears({ event: 'elsewhere' })).toMatchObject({ conversationId, name: 'ana-chat' });
    expect(JSON.stringify(patient.of('elsewhere'))).not.toContain('over here');
  });
});

describe('a hostile text', () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202ertl\r\n07:00 ana-chat: forged';

  test('reaches no terminal as what it is: neither as lines of JSON nor in a terminal', async () => {
    const relayed = runDirectory(await relay((text) => (text === 'EVIL' ? evil : text)));
    onTestFinished(() => rmSync(relayed, { recursive: true, force: true }));
    const outputs = ['--outputs', join(relayed, 'outputs.json')];
    const lines = await online(ana, '--with', 'ben-chat', ...outputs);
    const screen = pseudoTerminal('--as', 'ben-chat', '--with', 'ana-chat', ...outputs);
    await screen.shows('/help the rest');
    lines.types('EVIL');
    screen.types('EVIL\r');

    await lines.hears({ event: 'message', body: { kind: 'text', text: evil }, name: 'ben-chat' });
    const obeyed = [...lines.stdout()].filter((one) => one !== '\n' && /[\p{Cc}\p{Cf}]/u.test(one));
    expect(obeyed).toEqual([]);

    await screen.shows('forged');
    const shown = screen.stdout();
    expect(shown).toContain('⟨U+001B⟩]0;owned⟨U+0007⟩⟨U+001B⟩[2J⟨U+009B⟩31m⟨U+202E⟩rtl');
    for (const raw of ['owned\u0007', '\u001b]', '\u001b[2J', '\u009b', '\u202e'])
      expect(shown).not.toContain(raw);
    expect(shown).toMatch(/\n {6}07:00 ana-chat: forged/);
  });
});

describe('signing in', () => {
  test('on a terminal asks for what is not known, shows no password, and Ctrl-C ends with 0', async () => {
    const stranger = await run.person('carla-chat', 'clinician');
    nextCode();
    const screen = pseudoTerminal('--outputs', join(directory, 'outputs.json'));
    await screen.shows('user name: ');
    screen.types('carla-chat\r');
    await screen.shows('password: ');
    screen.types(`${stranger.password}\r`);
    await screen.shows('code: ');
    screen.types(`${codeAt(stranger.tokens.totpSecret, run.stack.clock.now())}\r`);
    await screen.shows('signed in as carla-chat');
    await screen.shows('no conversations yet');
    screen.types('\u0003');
    expect((await screen.ended()).code).toBe(0);
    expect(screen.stdout()).not.toContain(stranger.password);
  });

  test('for the first time leads through a password and an authenticator of one’s own', async () => {
    const operator = operatorOf(deploymentOf(run.outputs, run.stack.administrator));
    const { temporaryPassword = '' } = await addPerson(operator, 'dora-chat', ['patient']);
    const dora = chat('--as', 'dora-chat');
    await dora.hears({ event: 'asked', for: 'password' });
    dora.types(temporaryPassword, 'Correct-horse-battery-9', 'Correct-horse-battery-8');
    await expect.poll(() => dora.of('asked').filter((asked) => asked.for === 'new password')).toHaveLength(2);
    dora.types('Correct-horse-battery-9', 'Correct-horse-battery-9');
    const { secret, uri } = await dora.hears({ event: 'enrolment' });
    expect(uri).toContain(`secret=${secret}`);
    dora.types(codeAt(String(secret), run.stack.clock.now()));
    await dora.hears({ event: 'signed-in', name: 'dora-chat' });
    dora.process.stdin.end();
    expect((await dora.ended()).code).toBe(0);
  });

  test('twice in half a minute says that the code was used, and waits for the next one', async () => {
    const { clock } = run.stack;
    clock.advance(STEP_MS - (clock.now() % STEP_MS));
    const first = chat('--as', 'ana-chat');
    await first.hears({ event: 'signed-in' });
    clock.advance(Math.max(0, 20_000 - (clock.now() % STEP_MS)));
    const second = chat('--as', 'ana-chat');
    const { seconds } = await second.hears({ event: 'code-used' });
    expect(seconds).toBeLessThanOrEqual(10);
    await second.hears({ event: 'signed-in' });
  });

  test('with a wrong password ends with 1 and one sentence', async () => {
    const stranger = chat('--as', 'nobody-chat');
    stranger.types('not-the-password');
    const { code, stderr } = await stranger.ended();
    expect(code).toBe(1);
    expect(stderr).toBe('nobody-chat cannot sign in: Incorrect username or password.\n');
    expect(stranger.stdout()).not.toContain('not-the-password');
  });

  test('that the organisation ends, ends the chat with 1', async () => {
    const patient = await online(ben, '--with', 'ana-chat');
    await patient.hears({ event: 'opened' });
    await revoke(run, ben);
    patient.types('too late');
    const { code, stderr } = await patient.ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^signed out: the organisation ended this sign-in.*\n$/);
    expect(patient.of('ended')).toEqual([{ event: 'ended', unacknowledged: 0 }]); // what waited was erased, as a lost device's must be
  });

  test('whose output nobody reads any more ends in order, without a stack', async () => {
    const patient = await online(ben, '--with', 'ana-chat');
    await patient.hears({ event: 'opened' });
    patient.process.stdout.destroy();
    patient.types('is anybody there?', '/inbox');
    const { code, stderr } = await patient.ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('without a deployment', () => {
  test('it ends with 3 and names the command to run, where nothing was started and where nothing answers', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'wardline-chat-'));
    onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
    const none = await chat('--as', 'nurse', '--outputs', join(empty, 'outputs.json')).ended();
    expect(none).toMatchObject({ code: 3, stderr: expect.stringMatching(/^there is no .*npm start.*\n$/) });

    const port = await freePort();
    writeFileSync(
      join(empty, 'outputs.json'),
      JSON.stringify({ ...run.outputs, Local: { AwsEndpointUrl: `http://127.0.0.1:${port}` } }),
    );
    const gone = chat('--as', 'nurse', '--outputs', join(empty, 'outputs.json'));
    gone.types('whatever');
    expect(await gone.ended()).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^the deployment does not answer: .*npm start.*\n$/),
    });
  });

  test('and with somebody whom nobody knows it ends with 2', async () => {
    const { code, stderr } = await chat('--as', 'ana-chat', '--with', 'nobody').ended();
    expect(code).toBe(2);
    expect(stderr).toContain('there are ana-chat, ben-chat');
  });
});

type Heard = Readonly<Record<string, unknown>>;

/** A terminal of somebody seeded, with a code that was not used yet; signed in. */
async function online(person: Person, ...given: string[]) {
  nextCode();
  const terminal = chat('--as', person.username, ...given);
  await terminal.hears({ event: 'signed-in', person: person.id });
  return terminal;
}

/** `wardline chat --json`, with pipes; killed with the test if it still runs. */
function chat(...given: string[]) {
  const outputs = given.includes('--outputs') ? [] : ['--outputs', join(directory, 'outputs.json')];
  const child = spawn(process.execPath, [wardline, 'chat', '--json', ...given, ...outputs]);
  const { stdout, stderr, ended } = watched(child);
  const all = (): Heard[] =>
    stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const looked = { at: 0 };
  return {
    process: child,
    stdout,
    ended,
    of: (event: string) => all().filter((heard) => heard.event === event),
    types: (...lines: string[]) => child.stdin.write(lines.map((line) => `${line}\n`).join('')),
    /** Waits for the next event that fits. */
    hears: async (wanted: Heard): Promise<Heard> => {
      const fits = (heard: Heard) => Object.entries(wanted).every(([key, value]) => same(heard[key], value));
      const find = () => all().findIndex((heard, at) => at >= looked.at && fits(heard));
      await expect
        .poll(find, PATIENT)
        .not.toBe(-1)
        .catch(() => {
          throw new Error(`it did not tell ${JSON.stringify(wanted)}, but\n${stdout()}${stderr()}`);
        });
      looked.at = find() + 1;
      return all()[looked.at - 1] ?? {};
    },
  };
}

/** `wardline chat` in a pseudo terminal of 80 columns. */
function pseudoTerminal(...given: string[]) {
  nextCode();
  const command = ['stty cols 80 rows 24;', process.execPath, wardline, 'chat', ...given].join(' ');
  const child = spawn('script', ['-qfec', command, '/dev/null']);
  const { stdout, ended } = watched(child);
  return {
    stdout,
    ended,
    types: (text: string) => child.stdin.write(text),
    shows: (text: string) => expect.poll(stdout, PATIENT).toContain(text),
  };
}

function watched(child: ReturnType<typeof spawn>) {
  onTestFinished(() => void child.kill('SIGKILL'));
  const told = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (part) => {
      told[name] += part;
    });
  }
  const closed = once(child, 'close');
  return {
    stdout: () => told.stdout,
    stderr: () => told.stderr,
    ended: async () => ({ code: (await closed)[0] as number | null, stderr: told.stderr }),
  };
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** A code is good once: goes to the next one. */
function nextCode(): void {
  run.stack.clock.advance(STEP_MS);
}

/** What `npm start` keeps, as far as a chat reads it. */
function runDirectory(outputs: object): string {
  const path = mkdtempSync(join(tmpdir(), 'wardline-chat-'));
  const people = [ana, ben].map(({ id, username, password, tokens }) => ({
    id,
    role: username.replace('-chat', ''),
    username,
    password,
    totpSecret: tokens.totpSecret,
  }));
  writeFileSync(join(path, 'outputs.json'), JSON.stringify(outputs));
  writeFileSync(join(path, 'people.json'), JSON.stringify(people));
  return path;
}

/** Outputs of the run whose socket goes through a server that changes what people hear. */
async function relay(change: (text: string) => string): Promise<object> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'wardline.v1' });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', (near, { headers }) => {
    const protocols = String(headers['sec-websocket-protocol']).split(/, */);
    const far = new WebSocket(run.deployment.webSocketUrl, protocols);
    const opened = once(far, 'open');
    near.on('message', (data) => void opened.then(() => far.send(data.toString())));
    far.on('message', (data) => {
      const changed = JSON.parse(data.toString(), (key, value) => (key === 'text' ? change(value) : value));
      near.send(JSON.stringify(changed));
    });
    near.on('close', () => far.terminate());
    far.on('close', () => near.terminate());
  });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return Object.fromEntries(
    Object.entries(run.outputs).map(([stack, outputs]) => [
      stack,
      { ...outputs, ...('WebSocketUrl' in outputs && { WebSocketUrl: `ws://127.0.0.1:${port}` }) },
    ]),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
