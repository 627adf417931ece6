import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { principalOf } from '../../local/template/principals.ts';
import { changedAssembly, type TemplateDocument, without } from '../fixtures/assembly.ts';
import { type Run, startRun } from '../fixtures/running.ts';

/** Sends one message in a run whose `SendMessage` lacks a statement; the refusals that its calls met. */
async function sendWithout(sid: string) {
  const taking = without('SendMessage', sid);
  const sent = await sendWith(taking.change);
  taking.expectTaken();
  return sent;
}

/** Sends one message in a run whose template was changed; the refusals that its calls met. */
async function sendWith(change: (template: TemplateDocument) => void) {
  const run = await startRun({ assembly: await changedAssembly(change) });
  onTestFinished(() => run.close());
  const [ana, ben] = [await run.person('ana-1', 'clinician'), await run.person('ben-1', 'patient')];
  const proposal = { ref: randomUUID(), kind: 'direct', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  const { conversationId } = body as { conversationId: string };
  const socket = await run.socket(ana);
  await socket.ask({ type: 'session.open' });
  const listener = await run.socket(ben);
  await listener.ask({ type: 'session.open' });
  const answer = await socket.ask({
    type: 'message.send',
    ref: randomUUID(),
    conversationId,
    since: 0,
    body: { kind: 'text', text: 'hello' },
  });
  const refusals = run.stack.trail
    .events()
    .filter(({ errorCode }) => errorCode?.startsWith('AccessDenied'))
    .map(({ errorMessage }) => errorMessage ?? '');
  return { run, answer, listener, refusals: [...new Set(refusals)] };
}

const gatewayError = {
  message: 'Internal server error',
  connectionId: expect.any(String),
  requestId: expect.any(String),
};

test('a role without the statement for appending is refused by name, and nothing is acknowledged', async () => {
  const { answer, refusals } = await sendWithout('AppendToConversations');
  expect(answer).toEqual(gatewayError);
  expect(refusals).toEqual([
    expect.stringMatching(
      /^User: arn:aws:sts::\d+:assumed-role\/\S+ is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:\S+:table\/\S*Conversations\S* because no identity-based policy allows the dynamodb:PutItem action$/,
    ),
  ]);
});

test('a role without the table’s key is refused on the table', async () => {
  const { answer, refusals } = await sendWithout('ReadTablesUnderDataKey');
  expect(answer).toEqual(gatewayError);
  expect(refusals).toEqual([
    expect.stringMatching(/not authorized to perform: kms:Decrypt on resource: arn:aws:kms:\S+:key\//),
  ]);
});

test('a role without the statement for pushing stores and acknowledges, and the other catches up', async () => {
  const { run, answer, listener, refusals } = await sendWithout('PushToSockets');
  expect(answer).toMatchObject({ type: 'message.accepted', seq: 1 });
  expect(refusals).toEqual([expect.stringContaining('execute-api:ManageConnections')]);
  const log = await listener.ask({
    type: 'conversation.catch-up',
    conversationId: String(answer.conversationId),
    since: 0,
  });
  expect(log).toMatchObject({ entries: [{ seq: 1, body: { text: 'hello' } }] });
  expect(listener.heard.filter(({ type }) => type === 'message.new')).toEqual([]);
  expect(run.stack.meter.totals().errors).toBeGreaterThan(0);
});

test('a door whose boundary is cut does no more than that, whatever its own policy says', async () => {
  const { answer, refusals } = await sendWith(({ Resources }) => {
    for (const [id, { Properties }] of Object.entries(Resources)) {
      if (!id.startsWith('DoorBoundary')) continue;
      const document = Properties.PolicyDocument as { Statement: { Sid: string }[] };
      document.Statement = document.Statement.filter(({ Sid }) => Sid !== 'ReachSockets');
    }
  });
  expect(answer).toMatchObject({ type: 'message.accepted', seq: 1 });
  expect(refusals).toEqual([
    expect.stringMatching(
      /assumed-role\/\S*SendMessage\S* is not authorized to perform: execute-api:ManageConnections on \S+ \S+ because no permissions boundary allows the execute-api:ManageConnections action$/,
    ),
  ]);
});

test('a table’s own policy that denies wins over the door’s policy that allows', async () => {
  const Condition = { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*SendMessage*' } };
  const deny = { Effect: 'Deny', Principal: '*', Action: 'dynamodb:PutItem', Resource: '*', Condition };
  const { answer, refusals } = await sendWith(({ Resources }) => {
    for (const [id, { Type, Properties }] of Object.entries(Resources)) {
      if (Type !== 'AWS::DynamoDB::Table' || !id.startsWith('Conversations')) continue;
      Properties.ResourcePolicy = { PolicyDocument: { Version: '2012-10-17', Statement: [deny] } };
    }
  });
  expect(answer).toEqual(gatewayError);
  expect(refusals).toEqual([
    expect.stringMatching(/dynamodb:PutItem on \S+ \S+ with an explicit deny in a resource-based policy$/),
  ]);
});

test('an unsigned call, and another function’s credentials, are refused on the same table', async () => {
  const run = await startRun();
  onTestFinished(() => run.close());
  const TableName = tableOf(run);
  const Key = { pk: { S: 'C#a' }, sk: { S: 'HEAD' } };

  const unsigned = await fetch(run.stack.awsEndpointUrl, {
    method: 'POST',
    headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem', 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ TableName, Key }),
  });
  expect(unsigned.status).toBe(400);
  expect(await unsigned.text()).toContain('MissingAuthenticationToken');

  const as = (functionId: string) => {
    const { resources, account, credentials } = run.stack;
    const made = resources.find(
      ({ type, logicalId }) => type === 'AWS::Lambda::Function' && logicalId.startsWith(functionId),
    );
    const role = String(made?.properties.Role);
    const principal = principalOf(role, resources, account, functionId, 'lambda.amazonaws.com');
    const client = new DynamoDBClient({
      region: account.region,
      endpoint: run.stack.awsEndpointUrl,
      credentials: credentials.issue(principal),
    });
    onTestFinished(() => client.destroy());
    return client;
  };
  const put = new PutItemCommand({ TableName, Item: Key });
  await expect(as('SendMessage').send(put)).resolves.toBeDefined();
  await expect(as('CatchUp').send(new GetItemCommand({ TableName, Key }))).resolves.toMatchObject({
    Item: Key,
  });
  await expect(as('CatchUp').send(put)).rejects.toThrow(/not authorized to perform: dynamodb:PutItem/);
  await expect(as('ShowMe').send(new GetItemCommand({ TableName, Key }))).rejects.toThrow(/dynamodb:GetItem/);
});

function tableOf({ stack }: Run): string {
  const table = stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && logicalId.startsWith('Conversations'),
  );
  return table?.ref ?? '';
}
