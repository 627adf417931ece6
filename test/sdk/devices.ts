import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { expect, onTestFinished } from 'vitest';
import { renewTokens } from '../../examples/plain-client/sign-in.mjs';
import { keys } from '../../functions/store/keys.ts';
import { Chat, type ChatEvents, type ChatOptions, type GetToken } from '../../sdk/index.ts';
import type { Deployed, Person } from '../fixtures/deployed.ts';
import type { Run } from '../fixtures/running.ts';
import { Network } from './lossy-socket.ts';

/** One device of a person: a chat, the network it is on, and everything it was told. */
export interface Device {
  readonly chat: Chat;
  readonly network: Network;
  readonly told: { [Name in keyof ChatEvents]: ChatEvents[Name][] };
  /** The numbers of the messages it was given, in the order in which they came. */
  seqs(conversationId: string): number[];
  texts(conversationId: string): (string | undefined)[];
  /** Whether nothing is under way that came due by the clock. */
  isQuiet(): boolean;
}

/** A device that renews its person's tokens as an app would, on the run's own clock. Closed with the run by `close`. */
export function device(run: Deployed, getToken: GetToken, options: Partial<ChatOptions> = {}): Device {
  const network = new Network();
  let asking = 0;
  const { getToken: given = getToken, ...others } = options;
  const chat = new Chat({
    outputs: run.outputs,
    getToken: async (need) => {
      asking += 1;
      try {
        return await given(need);
      } finally {
        asking -= 1;
      }
    },
    WebSocket: network.WebSocket,
    clock: run.clock,
    ...others,
  });
  const told: Device['told'] = {
    state: [],
    message: [],
    status: [],
    conversation: [],
    read: [],
    attachment: [],
    gap: [],
    removed: [],
    kept: [],
    restored: [],
    refused: [],
  };
  for (const name of Object.keys(told) as (keyof ChatEvents)[]) {
    chat.on(name, (event) => (told[name] as unknown[]).push(event));
  }
  const of = (id: string) => told.message.filter(({ conversationId }) => conversationId === id);
  return {
    chat,
    network,
    told,
    seqs: (id) => of(id).map(({ seq }) => seq),
    isQuiet: () => chat.state !== 'live' || (asking === 0 && network.isQuiet),
    texts: (id) => of(id).map(({ body }) => (body.kind === 'text' ? body.text : body.kind)),
  };
}

/** The devices of a test's people: those of one person share one sign-in. */
export interface Devices {
  /** A device that is connected, after `before`; closed with the test. */
  online(person: Person, options?: Partial<ChatOptions>, before?: (chat: Chat) => void): Promise<Device>;
  getToken(person: Person): GetToken;
}

export function devicesOf(run: Deployed): Devices {
  const tokens = new Map<string, GetToken>();
  const getToken = (person: Person) => {
    const known = tokens.get(person.id) ?? tokensOf(run, person);
    tokens.set(person.id, known);
    return known;
  };
  const online: Devices['online'] = async (person, options = {}, before = () => {}) => {
    const made = device(run, getToken(person), options);
    onTestFinished(() => made.chat.close());
    before(made.chat);
    await made.chat.connect();
    return made;
  };
  return { online, getToken };
}

/** The tokens of one sign-in, as all devices of a test share them: renewed when asked, or two minutes before they end. */
export function tokensOf(run: Deployed, person: Person): GetToken {
  let current = person.tokens as { accessToken: string; refreshToken: string };
  let isOver = false;
  let renewing: Promise<void> | undefined;
  return async ({ fresh }) => {
    const { exp } = JSON.parse(Buffer.from(current.accessToken.split('.')[1] ?? '', 'base64url').toString());
    if (fresh || exp * 1000 - run.clock.now() < 120_000) {
      renewing ??= renewTokens(run.deployment, current.refreshToken)
        .then((tokens) => {
          current = tokens;
        })
        .catch((error: Error) => {
          if (error.name !== 'NotAuthorizedException') throw error;
          isOver = true;
        })
        .finally(() => {
          renewing = undefined;
        });
      await renewing;
      if (isOver) return undefined;
    }
    return current.accessToken;
  };
}

/** Turns the clock, and lets the devices finish what came due. */
export async function turn(run: Run, milliseconds: number, ...devices: Device[]): Promise<void> {
  let isTurned = false;
  const settled = () => devices.every(({ isQuiet }) => isQuiet());
  const turned = () => {
    if (!isTurned && settled()) {
      isTurned = true; // in the same breath: what is asked now would wait too long for its answer
      run.stack.clock.advance(milliseconds);
    }
    return isTurned && settled();
  };
  await expect.poll(turned, { interval: 5 }).toBe(true);
}

/** What the operator's command does to end somebody's sessions, at its heart. */
export async function revoke(run: Run, { id }: Person): Promise<void> {
  const { awsEndpointUrl: endpoint, administrator: credentials, resources, clock } = run.stack;
  const table = resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && /^Session/.test(logicalId),
  );
  const client = new DynamoDBClient({ endpoint, credentials, region: run.deployment.region });
  await DynamoDBDocumentClient.from(client).send(
    new UpdateCommand({
      TableName: table?.ref,
      Key: keys.session(id),
      UpdateExpression: 'SET revokedUntil = :now',
      ExpressionAttributeValues: { ':now': clock.now() },
    }),
  );
}
