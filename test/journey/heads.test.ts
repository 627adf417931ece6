import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conversationLog } from '../../functions/store/conversations.ts';
import { type Run, startRun } from '../fixtures/running.ts';

let run: Run;
beforeAll(async () => {
  run = await startRun();
});
afterAll(() => run.close());

test('a head knows, a moment later, how far its log has come, however many messages came at once', async () => {
  const ana = await run.person('ana-1', 'clinician');
  const ben = await run.person('ben-1', 'patient');
  const nurse = await run.client(ana);
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  const { conversationId } = body as { conversationId: string };
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, place) => nurse.send(conversationId, `text ${place}`)),
  );
  const last = Math.max(...sent.map(({ seq }) => seq));
  expect(last).toBe(20);

  const { account, awsEndpointUrl, administrator, resources } = run.stack;
  const client = new DynamoDBClient({
    region: account.region,
    endpoint: awsEndpointUrl,
    credentials: administrator,
  });
  const table = resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && logicalId.startsWith('Conv'),
  );
  const log = conversationLog(DynamoDBDocumentClient.from(client), { conversations: table?.ref ?? '' });
  await expect.poll(async () => (await log.head(conversationId))?.last).toBe(last);
  const at = sent.find(({ seq }) => seq === last)?.at ?? '';
  expect((await log.head(conversationId))?.lastAt).toBe(Date.parse(at));

  // one after the other comes out at the same hash chain: the next entry names the last as its predecessor
  const next = await nurse.send(conversationId, 'and one more');
  expect(next.seq).toBe(last + 1);
  client.destroy();
});
