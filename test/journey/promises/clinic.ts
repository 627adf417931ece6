import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { StackOptions } from '../../../local/stack.ts';
import type { ChatOptions, GetToken } from '../../../sdk/index.ts';
import { BareSocket } from '../../fixtures/bare-socket.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { type Anywhere, anyDeployment, type Run, startRun } from '../../fixtures/running.ts';
import { type Device, device, tokensOf } from '../../sdk/devices.ts';

/** Milliseconds that a journey may take on a machine with much else to do; on a quiet one they take seconds. */
export const PATIENCE = 600_000;

/** A deployment, wherever it runs, its people, and the few moves that every journey here begins with. */
export interface AnyClinic {
  readonly run: Anywhere;
  /** The person of that name. */
  person(name: string): Person;
  /** A device of theirs, live; closed with the test. */
  online(name: string, options?: Partial<ChatOptions>): Promise<Device>;
  /** A device of theirs that has not connected yet; closed with the test. */
  offline(name: string, options?: Partial<ChatOptions>): Device;
  /** A bare socket of theirs under a token that is still good, registered for pushes; closed with the run. */
  socket(name: string): Promise<BareSocket>;
  /** A group that the first of them owns. */
  group(owner: string, ...members: string[]): Promise<string>;
  close(): Promise<void>;
}

/** One whose stack runs on this machine: its clock can be turned and its parts can fail. */
export interface Clinic extends AnyClinic {
  readonly run: Run;
  /** Ends the stack in the midst of what it does, and starts it again on what it left. */
  restart(): Promise<void>;
}

/** Starts a stack and adds people by these names. */
export async function startClinic(
  names: readonly string[],
  options: Partial<StackOptions> = {},
): Promise<Clinic> {
  let run = await startRun(options);
  const clinic = await clinicAt(() => run, names);
  return {
    ...clinic,
    get run() {
      return run;
    },
    restart: async () => {
      await run.close();
      run = await startRun(options);
    },
  };
}

/** Adds people by these names to the deployment that `npm run conformance` names, or else to one on this machine. */
export async function anyClinic(names: readonly string[]): Promise<AnyClinic> {
  const run = await anyDeployment();
  return clinicAt(() => run, names);
}

/** `current` is asked each time, since a restart brings another run. */
async function clinicAt(current: () => Anywhere, names: readonly string[]): Promise<AnyClinic> {
  const people = new Map<string, Person>();
  const tokens = new Map<string, GetToken>();
  const sockets: BareSocket[] = [];
  const person = (name: string) => {
    const found = people.get(name);
    if (!found) throw new Error(`nobody here is called ${name}`);
    return found;
  };
  for (const name of names) {
    const added = await current().person(name, 'clinician');
    people.set(name, added);
    tokens.set(name, tokensOf(current(), added));
  }
  const withFreshToken = async (name: string): Promise<Person> => {
    const accessToken = (await tokens.get(name)?.({ fresh: false })) ?? '';
    return { ...person(name), tokens: { ...person(name).tokens, accessToken } };
  };
  const offline = (name: string, given: Partial<ChatOptions> = {}) => {
    const made = device(current(), tokens.get(name) ?? (async () => undefined), given);
    onTestFinished(() => made.chat.close());
    return made;
  };
  return {
    get run() {
      return current();
    },
    person,
    offline,
    online: async (name, given = {}) => {
      const made = offline(name, given);
      await made.chat.connect();
      return made;
    },
    socket: async (name) => {
      const { accessToken } = (await withFreshToken(name)).tokens;
      const socket = await BareSocket.open(current().deployment.webSocketUrl, accessToken);
      sockets.push(socket);
      await socket.ask({ type: 'session.open' });
      return socket;
    },
    group: async (owner, ...members) => {
      const proposal = { ref: randomUUID(), kind: 'group', members: members.map((name) => person(name).id) };
      const { status, body } = await current().request(
        await withFreshToken(owner),
        'POST',
        'conversations',
        proposal,
      );
      if (status !== 201) throw new Error(`the group was answered ${status}`);
      return (body as { conversationId: string }).conversationId;
    },
    close: async () => {
      for (const socket of sockets) socket.close();
      await current().close();
    },
  };
}

/** The frame that sends this text. */
export function sending(
  conversationId: string,
  text: string,
  { ref = randomUUID() as string, since = 0 } = {},
) {
  return { type: 'message.send', ref, conversationId, since, body: { kind: 'text', text } };
}

/** The physical name of a function, by the id of its construct. */
export function functionNamed({ stack }: Run, id: string): string {
  const found = stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::Lambda::Function' && logicalId.startsWith(id),
  );
  if (!found) throw new Error(`the template has no function ${id}`);
  return found.ref;
}

export const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

/** A number of a journey that the environment may raise, and never lower. */
export function atLeast(name: string, least: number): number {
  return Math.max(least, Number(process.env[name] ?? 0));
}
