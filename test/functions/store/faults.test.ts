import {
  ApiGatewayManagementApiClient,
  LimitExceededException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import type { MessageEntry } from '../../../functions/domain/entry.ts';
import type { Socket } from '../../../functions/domain/session-record.ts';
import { announcements } from '../../../functions/push/sockets.ts';
import { conversationLog } from '../../../functions/store/conversations.ts';
import { sessions } from '../../../functions/store/sessions.ts';
import { aRef, aText, MemorySessions, person } from '../domain/in-memory.ts';

// What DynamoDB Local and the local gateway never answer, and AWS does under load.
const tables = mockClient(DynamoDBDocumentClient);
const sockets = mockClient(ApiGatewayManagementApiClient);
afterEach(() => {
  tables.reset();
  sockets.reset();
  vi.restoreAllMocks();
});

afterAll(() => {
  tables.restore(); // the files of a worker share these classes
  sockets.restore();
});

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const [ana, ben] = [person('ana'), person('ben')];
const entry: MessageEntry = {
  conversationId: person('talk'),
  seq: 1,
  messageId: person('message'),
  sender: ana,
  ref: aRef(),
  at: 0,
  prev: new Uint8Array(32),
  membersVersion: 0,
  sealed: { epoch: '1970-01', bytes: new Uint8Array(100) },
};

test('sessions that DynamoDB leaves out of an answer are asked for again, a bounded number of times', async () => {
  const left = { Sessions: { Keys: [{ pk: `P#${ben}` }] } };
  tables
    .on(BatchGetCommand)
    .resolvesOnce({ Responses: { Sessions: [{ pk: `P#${ana}` }] }, UnprocessedKeys: left })
    .resolvesOnce({ Responses: { Sessions: [{ pk: `P#${ben}` }] } });
  const found = await sessions(client, 'Sessions', Date.now).ofMany([ana, ben]);
  expect([...found.keys()]).toEqual([ana, ben]);

  tables.reset();
  tables.on(BatchGetCommand).resolves({ UnprocessedKeys: left });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const begun = performance.now();
  await expect(sessions(client, 'Sessions', Date.now).ofMany([ben])).rejects.toThrow(
    'left 1 keys out of 8 answers',
  );
  expect(performance.now() - begun).toBeGreaterThan(600); // 5, 10, 20 … 320 ms: a table under load is given time
});

test('an append that meets a transaction in flight is a conflict, to be tried again', async () => {
  const conflict = new TransactionConflictException({
    message: 'Transaction is ongoing for the item',
    $metadata: {},
  });
  tables.on(PutCommand).rejects(conflict);
  const log = conversationLog(client, { conversations: 'Conversations' });
  expect(await log.append(entry, 0)).toEqual({ outcome: 'conflict' });
});

test('a push that API Gateway throttles is reported, and keeps neither the message nor the other sockets', async () => {
  const throttled = new LimitExceededException({ message: 'Too many', $metadata: {} });
  sockets.on(PostToConnectionCommand).resolves({});
  sockets.on(PostToConnectionCommand, { ConnectionId: 'busy=' }).rejects(throttled);
  const lost: unknown[] = [];
  const listed = new MemorySessions();
  const to = ['busy=', 'open='].map(
    (connectionId): Socket => ({
      person: ben,
      connectionId,
      session: 's',
      roles: [],
      authenticatedAt: 0,
      expiresAt: 1,
    }),
  );
  for (const socket of to) await listed.register(socket);
  const gateway = new ApiGatewayManagementApiClient({ endpoint: 'https://gateway.invalid' });
  await announcements(gateway, listed, (error) => lost.push(error)).announce(
    { ...entry, body: aText('hello') },
    to,
  );
  expect(lost).toEqual([throttled]);
  expect(sockets.commandCalls(PostToConnectionCommand)).toHaveLength(2);
  expect((await listed.of(ben)).sockets).toHaveLength(2);
});
