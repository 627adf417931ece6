import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { principalOf } from '../../../local/template/principals.ts';
import { type Run, startRun } from '../../fixtures/running.ts';
import { AwsCli, type CliEnd, cliVersion, speaksJsonToSqs, startProxy } from './aws-cli.ts';

/**
 * The AWS CLI as a client: botocore's signatures, encodings and reading of errors, none of it ours. Needs `aws` on the
 * PATH, version 1 or 2; without it nothing here is shown, and the output says so.
 */
const suite = cliVersion === undefined ? 'the AWS CLI (skipped: there is no aws on the PATH)' : 'the AWS CLI';

describe.skipIf(cliVersion === undefined)(suite, () => {
  let run: Run;
  let cli: AwsCli;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    run = await startRun();
    closers.push(() => run.close());
    cli = new AwsCli(run.stack.awsEndpointUrl);
    closers.push(() => cli.close());
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  const aws = (...args: string[]): Promise<CliEnd> => cli.run(run.stack.administrator, args);

  test('puts, reads, queries and transacts, and hears why a condition failed', async () => {
    const table = ['--table-name', named('AWS::DynamoDB::Table', 'People').ref];
    const item = { pk: { S: 'P#cli' }, sk: { S: 'ä"1' }, n: { N: '7' } };
    const key = JSON.stringify({ pk: item.pk, sk: item.sk });
    const guard = ['--condition-expression', 'attribute_not_exists(pk)'];
    const put = ['dynamodb', 'put-item', ...table, '--item', JSON.stringify(item), ...guard];
    expect(await aws(...put)).toMatchObject({ exitCode: 0, stderr: '' });

    const conditional = {
      ConditionExpression: 'attribute_not_exists(pk)',
      TableName: table[1],
    };
    const [again, got, queried, transacted] = await Promise.all([
      aws(...put),
      aws(
        ...['dynamodb', 'get-item', ...table, '--key', key, '--consistent-read'],
        ...['--return-consumed-capacity', 'TOTAL'],
      ),
      aws(
        ...['dynamodb', 'query', ...table, '--key-condition-expression', 'pk = :p'],
        ...['--expression-attribute-values', JSON.stringify({ ':p': item.pk })],
      ),
      aws(
        'dynamodb',
        'transact-write-items',
        '--transact-items',
        JSON.stringify([
          { Put: { ...conditional, Item: { pk: item.pk, sk: { S: 'other' } } } },
          { Put: { ...conditional, Item: item } },
        ]),
      ),
    ]);
    expect(again.error).toEqual({
      name: 'ConditionalCheckFailedException',
      operation: 'PutItem',
      message: 'The conditional request failed',
    });
    expect(got.answer).toEqual({
      Item: item,
      ConsumedCapacity: { TableName: table[1], CapacityUnits: 1 },
    });
    expect(queried.answer).toMatchObject({ Items: [item], Count: 1, ScannedCount: 1 });
    expect(transacted.error).toEqual({
      name: 'TransactionCanceledException',
      operation: 'TransactWriteItems',
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]',
    });
  });

  test('decrypts what it encrypted under the same context, and under no other', async () => {
    const key = ['--key-id', named('AWS::KMS::Key', 'EncryptionKeysF').attributes.Arn ?? ''];
    const plaintext = cli.bytes('to be kept');
    const context = (value: string) => ['--encryption-context', `purpose=${value}`];
    const encrypted = await aws('kms', 'encrypt', ...key, '--plaintext', plaintext, ...context('one'));
    const { CiphertextBlob = '' } = Object(encrypted.answer);
    const blob = cli.bytes(Buffer.from(CiphertextBlob, 'base64'));
    const decrypt = ['kms', 'decrypt', '--ciphertext-blob', blob];
    const [same, other] = await Promise.all([
      aws(...decrypt, ...context('one')),
      aws(...decrypt, ...context('two')),
    ]);
    expect(Object(same.answer)).toMatchObject({
      KeyId: key[1],
      Plaintext: Buffer.from('to be kept').toString('base64'),
    });
    expect(other.error).toMatchObject({ name: 'InvalidCiphertextException', operation: 'Decrypt' });
  });

  test.skipIf(!speaksJsonToSqs)(
    `sends and receives a message with its checksum (${speaksJsonToSqs ? 'SQS over JSON' : 'skipped: this CLI speaks the older protocol'})`,
    async () => {
      const queue = ['--queue-url', named('AWS::SQS::Queue', 'Parked').ref];
      const sent = await aws('sqs', 'send-message', ...queue, '--message-body', 'one ä');
      const received = await aws('sqs', 'receive-message', ...queue);
      expect(Object(received.answer).Messages).toMatchObject([
        {
          Body: 'one ä',
          MessageId: Object(sent.answer).MessageId,
          MD5OfBody: Object(sent.answer).MD5OfMessageBody,
        },
      ]);
    },
  );

  test('administers people, and is told of who does not exist', async () => {
    const pool = ['--user-pool-id', run.deployment.userPoolId];
    const created = await aws(
      ...[
        'cognito-idp',
        'admin-create-user',
        ...pool,
        '--username',
        'by-cli',
        '--message-action',
        'SUPPRESS',
      ],
      ...['--user-attributes', 'Name=custom:person,Value=AAAAAAAAAAAAAAAAAAAAAA'],
    );
    expect(Object(created.answer).User).toMatchObject({
      Username: 'by-cli',
      Enabled: true,
      UserStatus: 'FORCE_CHANGE_PASSWORD',
    });
    const missing = await aws('cognito-idp', 'admin-get-user', ...pool, '--username', 'nobody');
    expect(missing.error).toEqual({
      name: 'UserNotFoundException',
      operation: 'AdminGetUser',
      message: 'User does not exist.',
    });
  });

  test('pushes to a socket, and is told when it is gone', async () => {
    const ids: string[] = [];
    const stop = run.stack.traffic.on(({ connectionId }) => connectionId && ids.push(connectionId));
    const socket = await run.socket(await run.person('listener', 'patient'));
    await expect.poll(() => ids).not.toEqual([]);
    stop();
    const proxy = await startProxy(run.stack.awsEndpointUrl);
    closers.push(() => proxy.close());
    const [api] = run.stack.webSocketApis;
    const { apiId, stages } = api?.definition ?? { apiId: '', stages: [] };
    const endpointUrl = `http://${apiId}.execute-api.us-east-1.amazonaws.com/${stages[0]?.name}`;
    const push = (id = '') =>
      cli.run(
        run.stack.administrator,
        [
          ...['apigatewaymanagementapi', 'post-to-connection', '--connection-id', id],
          ...['--data', cli.bytes('{"type":"by-cli"}')],
        ],
        { endpointUrl, proxy: proxy.url },
      );
    const [reached, gone] = await Promise.all([push(ids[0]), push('AAAA1234=')]);
    expect(reached).toMatchObject({ exitCode: 0, stderr: '' });
    await expect.poll(() => socket.heard).toContainEqual({ type: 'by-cli' });
    expect(gone.error).toMatchObject({ name: 'GoneException', operation: 'PostToConnection' });
  });

  test('is refused what its role may not do, and with a secret that is not its own', async () => {
    const { resources, account, credentials, administrator } = run.stack;
    const role = String(named('AWS::Lambda::Function', 'CatchUp').properties.Role);
    const principal = principalOf(role, resources, account, 'by-cli', 'lambda.amazonaws.com');
    const { ref, attributes } = named('AWS::DynamoDB::Table', 'Conversations');
    const key = JSON.stringify({ pk: { S: 'a' }, sk: { S: 'b' } });
    const read = ['dynamodb', 'get-item', '--table-name', ref, '--key', key];
    const [denied, forged] = await Promise.all([
      cli.run(credentials.issue(principal), [
        ...['dynamodb', 'delete-item', '--table-name', ref, '--key', key],
      ]),
      cli.run({ ...administrator, secretAccessKey: 'guessed' }, read),
    ]);
    expect(denied.error).toMatchObject({
      name: 'AccessDeniedException',
      operation: 'DeleteItem',
      message: expect.stringContaining(
        `User: ${principal.arn} is not authorized to perform: dynamodb:DeleteItem on resource: ${attributes.Arn}`,
      ),
    });
    expect(forged.error).toMatchObject({
      name: 'InvalidSignatureException',
      operation: 'GetItem',
      message: expect.stringContaining('The request signature we calculated does not match'),
    });
  });

  function named(type: string, id: string) {
    const found = run.stack.resources.find((one) => one.type === type && one.logicalId.startsWith(id));
    if (!found) throw new Error(`the template has no ${type} ${id}`);
    return found;
  }
});
