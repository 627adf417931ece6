import { crc32 } from 'node:zlib';
import { PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DecryptCommand, DescribeKeyCommand } from '@aws-sdk/client-kms';
import { describe, expect, onTestFinished, test } from 'vitest';
import { delay, refuse } from '../../../local/front-door/faults.ts';
import { AwsError } from '../../../local/front-door/service.ts';
import type { Statement } from '../../../local/iam/policy.ts';
import { openFrontDoor, role, send } from './open-front-door.ts';
import { key, table } from './tiny-services.ts';

const useKey: Statement = { Sid: 'Use', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: key };
const describeKey = new DescribeKeyCommand({ KeyId: 'k1' });

describe('a call through the AWS SDK', () => {
  test('passes where a statement allows it, and only then is the work done', async () => {
    const aws = await openFrontDoor();
    await expect(aws.kms(role('Reader', useKey)).send(describeKey)).resolves.toMatchObject({
      KeyMetadata: { KeyId: 'k1' },
    });
    expect(aws.done()).toEqual(['kms:DescribeKey']);
  });

  test('is refused without a statement, naming who, what and why, and no work is done', async () => {
    const aws = await openFrontDoor();
    const kms = aws.kms(role('Reader', useKey));
    await expect(
      kms.send(new DecryptCommand({ KeyId: 'k1', CiphertextBlob: Buffer.from('x') })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: arn:aws:sts::111122223333:assumed-role/Reader/one is not authorized to perform: kms:Decrypt on resource: ${key} because no identity-based policy allows the kms:Decrypt action`,
      $metadata: { httpStatusCode: 400 },
    });
    expect(aws.done()).toEqual([]);
  });

  test('may do with the credentials of another what theirs allow, and nothing else', async () => {
    const aws = await openFrontDoor();
    await expect(aws.kms(role('Other')).send(describeKey)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        'assumed-role/Other/one is not authorized to perform: kms:DescribeKey',
      ),
    });
    const mixed = { ...aws.credentials.issue(role('Reader', useKey)), secretAccessKey: 'of another' };
    await expect(aws.kms(mixed).send(describeKey)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    expect(aws.done()).toEqual([]);
  });

  test('needs every one of its authorizations', async () => {
    const aws = await openFrontDoor();
    const put = new PutItemCommand({ TableName: 'Notes', Item: { pk: { S: 'a' } } });
    const allowPut: Statement = { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: table };
    const useTableKey: Statement = {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: key,
      Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } },
    };
    await expect(aws.dynamo(role('Half', allowPut)).send(put)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`not authorized to perform: kms:Decrypt on resource: ${key}`),
    });
    await expect(aws.dynamo(role('Whole', allowPut, useTableKey)).send(put)).resolves.toBeDefined();
    expect(aws.done()).toEqual(['dynamodb:PutItem']);
  });

  test('is refused where the service asks for no authorization and is not public', async () => {
    const aws = await openFrontDoor();
    const everything: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };
    const get = new GetItemCommand({ TableName: 'Notes', Key: { pk: { S: 'a' } } });
    await expect(aws.dynamo(role('Admin', everything)).send(get)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('is not authorized to perform: dynamodb:GetItem'),
    });
  });

  test('carries the condition keys that every request has', async () => {
    const aws = await openFrontDoor(new Date('2030-06-01T00:00:00Z'));
    const allowedWhere = async (Condition: Statement['Condition']) => {
      const caller = aws.kms(role('Reader', { ...useKey, Condition }));
      return caller.send(describeKey).then(
        () => true,
        () => false,
      );
    };
    expect(
      await allowedWhere({
        StringEquals: { 'aws:RequestedRegion': 'us-east-1', 'aws:PrincipalAccount': '111122223333' },
        ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/Reader' },
        IpAddress: { 'aws:SourceIp': '127.0.0.0/8' },
        Bool: { 'aws:SecureTransport': 'true' },
        DateGreaterThan: { 'aws:CurrentTime': '2030-05-31T23:59:59Z' },
        Null: { 'aws:TokenIssueTime': 'false', 'aws:username': 'true' },
      }),
    ).toBe(true);
    expect(await allowedWhere({ DateGreaterThan: { 'aws:CurrentTime': '2030-06-02T00:00:00Z' } })).toBe(
      false,
    );
    expect(await allowedWhere({ NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } })).toBe(false);
  });

  test('to a service with paths is refused with 403 and the name in a header', async () => {
    const aws = await openFrontDoor();
    const post = new PostToConnectionCommand({ ConnectionId: 'c=1', Data: Buffer.from([0, 1, 255]) });
    await expect(aws.connections(role('Mute')).send(post)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
    });
    const speak: Statement = { Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource: '*' };
    await expect(aws.connections(role('Speaker', speak)).send(post)).resolves.toBeDefined();
    expect(aws.calls.at(-1)).toMatchObject({
      path: '/live/@connections/c=1',
      body: Buffer.from([0, 1, 255]),
    });
  });

  test('after the Clock was turned is repeated by the SDK with the time it was told', async () => {
    const aws = await openFrontDoor();
    const kms = aws.kms(role('Reader', useKey), 3);
    await kms.send(describeKey);
    aws.clock.advance(3_600_000);
    await expect(kms.send(describeKey)).resolves.toBeDefined();
    expect(aws.meter.totals((record) => record.errorCode === 'InvalidSignatureException').calls).toBe(1);
  });
});

describe('a call that nobody proved to have made', () => {
  const target = { 'x-amz-target': 'TrentService.DescribeKey', 'content-type': 'application/x-amz-json-1.1' };

  test('is refused unsigned', async () => {
    const aws = await openFrontDoor();
    expect(await send(aws.url, { headers: target, body: '{"KeyId":"k1"}' })).toMatchObject({
      status: 400,
      body: '{"__type":"MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}',
    });
    const unsigned = {
      method: 'POST',
      path: '/live/@connections/c1',
      headers: { host: 'a.execute-api.us-east-1.amazonaws.com' },
    };
    expect(await send(aws.url, unsigned)).toMatchObject({
      status: 403,
      headers: { 'x-amzn-errortype': 'MissingAuthenticationTokenException' },
    });
    expect(aws.done()).toEqual([]);
    expect(aws.trail.events()).toEqual([]);
  });

  test('is refused with another body than was signed, or sent again after five minutes', async () => {
    const aws = await openFrontDoor();
    const sent = await aws.signedDescribeKey(role('Reader', useKey));
    expect(await send(aws.url, sent)).toMatchObject({ status: 200 });
    expect(await send(aws.url, { ...sent, body: sent.body.replace('k1', 'k2') })).toMatchObject({
      status: 400,
      body: expect.stringContaining('InvalidSignatureException'),
    });
    aws.clock.advance(302_000);
    expect(await send(aws.url, sent)).toMatchObject({
      status: 400,
      body: expect.stringMatching(/InvalidSignatureException.*Signature expired: \w+ is now earlier than/),
    });
    expect(aws.done()).toEqual(['kms:DescribeKey']);
  });

  test('is served where AWS serves it to anyone: a public operation, a public document', async () => {
    const aws = await openFrontDoor();
    const cognito = new CognitoIdentityProviderClient({ endpoint: aws.url, region: 'us-east-1' });
    onTestFinished(() => cognito.destroy());
    const signIn = new InitiateAuthCommand({
      AuthFlow: 'USER_SRP_AUTH',
      ClientId: 'app',
      AuthParameters: {},
    });
    await expect(cognito.send(signIn)).resolves.toMatchObject({ ChallengeName: 'PASSWORD_VERIFIER' });
    expect(aws.trail.events()).toMatchObject([
      { userIdentity: { type: 'Unknown', principalId: 'Anonymous' }, additionalEventData: { sub: 's-1' } },
    ]);

    const jwks = '/us-east-1_pool/.well-known/jwks.json';
    const host = 'cognito-idp.us-east-1.amazonaws.com';
    expect(await send(aws.url, { method: 'GET', path: jwks })).toMatchObject({
      status: 200,
      body: '{"keys":[]}',
    });
    expect(await send(aws.url, { method: 'GET', path: jwks, headers: { host } })).toMatchObject({
      status: 200,
    });
    const elsewhere = { method: 'GET', path: jwks, headers: { host: 'kms.us-east-1.amazonaws.com' } };
    expect(await send(aws.url, elsewhere)).toMatchObject({ status: 404 });
  });
});

describe('an answer', () => {
  test('has the headers and error names of its service', async () => {
    const aws = await openFrontDoor(new Date('2030-06-01T00:00:00Z'));
    aws.faults.add({
      service: 'dynamodb',
      effect: refuse(
        new AwsError('ConditionalCheckFailedException', 'The conditional request failed', 400, {
          Item: { pk: { S: 'a' } },
        }),
      ),
    });
    const reply = await send(
      aws.url,
      await aws.signedPutItem(role('Writer', { Effect: 'Allow', Action: '*', Resource: '*' })),
    );
    expect(JSON.parse(reply.body)).toEqual({
      __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { pk: { S: 'a' } },
    });
    expect(reply.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-crc32': String(crc32(reply.body)),
      'x-amzn-requestid': expect.stringMatching(/^[A-Z0-9]{52}$/),
      date: expect.stringMatching(/^Sat, 01 Jun 2030 00:00:0\d GMT$/),
    });
    const denied = await send(aws.url, await aws.signedPutItem(role('Nobody')));
    expect(JSON.parse(denied.body)).toMatchObject({
      __type: 'com.amazon.coral.service#AccessDeniedException',
      Message: expect.stringContaining('is not authorized to perform: dynamodb:PutItem'),
    });
  });

  test('to what no service here knows is UnknownOperationException', async () => {
    const aws = await openFrontDoor();
    const headers = { 'x-amz-target': 'Nobody.Home' };
    expect(await send(aws.url, { headers })).toMatchObject({
      status: 400,
      body: '{"__type":"com.amazon.coral.service#UnknownOperationException"}',
    });
    expect(await send(aws.url, { method: 'GET', path: '/' })).toMatchObject({ status: 404 });
  });

  test('to a body above 16 MB is 413', async () => {
    const aws = await openFrontDoor();
    const body = 'x'.repeat(16 * 1024 * 1024 + 1);
    expect(await send(aws.url, { body })).toMatchObject({ status: 413 });
  });

  test('tells the caller nothing of a fault in a service, which is reported', async () => {
    const aws = await openFrontDoor();
    const sent = await aws.signedDescribeKey(role('Reader', { ...useKey, Resource: '*' }), 'broken');
    const reply = await send(aws.url, sent);
    expect(reply).toMatchObject({ status: 500, body: '{"__type":"InternalFailure"}' });
    expect(aws.reported).toEqual([new Error('secret detail')]);
  });
});

test('closing ends connections, also those that wait for an answer', async () => {
  const aws = await openFrontDoor();
  const kms = aws.kms(role('Reader', useKey));
  await kms.send(describeKey);
  aws.faults.add({ effect: delay(600_000) });
  const unanswered = expect(kms.send(describeKey)).rejects.toThrow(/socket hang up|ECONNRESET/);
  await expect.poll(() => aws.arrived()).toBe(2);
  await aws.door.close();
  await unanswered;
  await expect(send(aws.url, {})).rejects.toThrow('ECONNREFUSED');
  await expect
    .poll(() => aws.meter.totals((record) => record.errorCode === 'ConnectionDropped').calls)
    .toBe(1);
  expect(aws.done()).toEqual(['kms:DescribeKey']);
});
