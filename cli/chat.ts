import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { WebSocket } from 'ws';
import { Chat, ChatError } from '../sdk/index.ts';
import { obey } from './chat/commands.ts';
import { JsonScreen } from './chat/json-screen.ts';
import { Names } from './chat/names.ts';
import { InputEnded, type Screen } from './chat/screen.ts';
import { signIn } from './chat/sign-in.ts';
import { Talk } from './chat/talk.ts';
import { TextScreen } from './chat/text-screen.ts';
import { tokensOf } from './chat/tokens.ts';
import { files, type Outputs, poolAddressOf, readOutputs } from './deployment.ts';
import { Failure } from './failure.ts';
import { defaultDirectory, readPeople } from './run-directory.ts';
import { stopSignal } from './stop-signal.ts';
import { UserPool } from './user-pool.ts';

/** How long what was written may still take to be acknowledged when the person ends the chat. */
const LAST_WAIT_MS = 10_000;

/** `wardline chat`: a conversation in a terminal, on the SDK's public API only. Nothing of it is written to a file. */
export function chatCommand(): Command {
  return new Command('chat')
    .description('talks in a terminal: shows what is sent, stored and refused')
    .option('--as <person>', 'a seeded user name or role, or anybody else’s user name; asked for if left out')
    .option(
      '--with <person>',
      'opens the direct conversation with them: a seeded user name or role, or an id',
    )
    .addOption(
      new Option('--conversation <id>', 'opens this conversation')
        .argParser(parseConversation)
        .conflicts('with'),
    )
    .option('--outputs <file>', 'what cdk deploy --outputs-file wrote', join(defaultDirectory, files.outputs))
    .option('--json', 'one line of JSON for each event; lines of standard input are messages or commands')
    .action(chat);
}

interface Given {
  readonly as?: string;
  readonly with?: string;
  readonly conversation?: string;
  readonly outputs: string;
  readonly json?: true;
}

async function chat(given: Given): Promise<void> {
  if (!existsSync(given.outputs)) throw noDeployment(`there is no ${given.outputs}`);
  const outputs = readOutputs(given.outputs);
  const names = new Names(readPeople(join(dirname(given.outputs), files.people)) ?? []);
  const other = given.with === undefined ? undefined : names.idOf(given.with);

  const screen = given.json ? new JsonScreen() : new TextScreen(process.stdin, process.stdout);
  const stop = stopSignal(() => {});
  const { signal } = stop;
  const visit = new Visit(outputs, names, screen, signal);
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
    process.stdout.on('error', () => resolve()); // nobody reads any more, as after `| head`
  });
  try {
    await Promise.race([visit.hold(given, other), stopped]);
  } catch (error) {
    const isLeft = signal.aborted || (error instanceof InputEnded && process.stdin.isTTY);
    if (!isLeft) throw failureOf(error);
  } finally {
    await visit.end();
    stop.done();
  }
}

/** From the sign-in to the end. */
class Visit {
  private readonly outputs: Outputs;
  private readonly names: Names;
  private readonly screen: Screen;
  private readonly signal: AbortSignal;
  private readonly pool: UserPool;
  private chat: Chat | undefined;

  constructor(outputs: Outputs, names: Names, screen: Screen, signal: AbortSignal) {
    this.outputs = outputs;
    this.names = names;
    this.screen = screen;
    this.signal = signal;
    this.pool = new UserPool(poolAddressOf(outputs));
  }

  /** Ends when the person ends it, or with a Failure. */
  async hold(given: Given, other: string | undefined): Promise<void> {
    const { names, screen, pool, signal } = this;
    const username = given.as ?? (await screen.ask('user name'));
    const whom = names.find(username) ?? { username };
    const getToken = tokensOf(pool, await signIn({ pool, screen, signal }, whom));
    signal.throwIfAborted();
    const chat = new Chat({ outputs: this.outputs, getToken, WebSocket, device: 'computer' });
    this.chat = chat;
    const signedOut = new Promise<never>((_resolve, reject) => {
      chat.on('state', ({ to, reason }) => {
        if (to === 'signed-out') reject(new Failure('finding', `signed out: ${reason}`));
      });
    });
    const talk = new Talk(chat, screen, names, pool.now());
    await Promise.race([this.converse(chat, talk, { ...given, other, username: whom.username }), signedOut]);
  }

  /** Closes the socket, and says what was not acknowledged. */
  async end(): Promise<void> {
    const unacknowledged = this.chat?.unacknowledged().length ?? 0;
    this.screen.close();
    this.chat?.close();
    this.pool.close();
    await new Promise(setImmediate); // what was abandoned is told
    this.screen.tell({ event: 'ended', unacknowledged });
  }

  private async converse(
    chat: Chat,
    talk: Talk,
    {
      other,
      conversation,
      username,
    }: Pick<Given, 'conversation'> & { other: string | undefined; username: string },
  ): Promise<void> {
    await chat.connect();
    this.screen.tell({ event: 'signed-in', person: chat.person ?? '', name: username });
    if (other !== undefined) await talk.openWith(other);
    else if (conversation === undefined) await talk.inbox();
    else if (!(await talk.openConversation(conversation)))
      throw new Failure('finding', `${username} is in no conversation ${conversation}`);

    for (let line = await this.screen.next(); line !== undefined; line = await this.screen.next()) {
      if (!(await obey(line, talk, this.screen))) break;
    }
    await this.settled(chat);
  }

  /** What was written is given a moment to be acknowledged: input that was piped in ends at once. */
  private async settled(chat: Chat): Promise<void> {
    const waiting = Promise.allSettled(chat.unacknowledged().map(({ acknowledged }) => acknowledged));
    await Promise.race([waiting, wait(LAST_WAIT_MS, undefined, { ref: false, signal: this.signal })]);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof InputEnded) return new Failure('finding', error.message, { cause: error });
  if (error instanceof ChatError) {
    if (error.code === 'unreachable') return noDeployment(error.message, error);
    return new Failure('finding', `refused (${error.code}): ${error.message}`, { cause: error });
  }
  const { code = '' } = (error ?? {}) as { readonly code?: unknown };
  if (/^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT)/.test(String(code)))
    return noDeployment('the deployment does not answer', error);
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('finding', `${message} (WARDLINE_DEBUG=1 shows where)`, { cause: error });
}

function noDeployment(what: string, cause?: unknown): Failure {
  return new Failure(
    'environment',
    `${what}: start the local run with npm start, or name the outputs of another deployment with --outputs FILE`,
    { cause },
  );
}

function parseConversation(given: string): string {
  if (/^[a-z2-7]{26}$/.test(given)) return given;
  throw new InvalidArgumentError('an id is 26 letters a to z and digits 2 to 7.');
}
