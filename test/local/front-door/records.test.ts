import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { refuse } from '../../../local/front-door/faults.ts';
import { Meter } from '../../../local/front-door/meter.ts';
import { AwsError } from '../../../local/front-door/service.ts';
import type { Statement } from '../../../local/iam/policy.ts';
import { openFrontDoor, role, send } from './open-front-door.ts';
import { key, table } from './tiny-services.ts';

const useKey: Statement = { Sid: 'Use', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: key };

describe('the records', () => {
  test('of a call are an event in the format of CloudTrail and a line of its cost, before the answer', async () => {
    const aws = await openFrontDoor(new Date('2030-06-01T00:00:00Z'));
    const allow: Statement = { Sid: 'All', Effect: 'Allow', Action: '*', Resource: '*' };
    const sent = await aws.signedPutItem(role('Writer', allow));
    const headers = {
      ...sent.headers,
      'x-amzn-trace-id': 'Root=1-5e1b4151-5ac6c58f;Parent=53995c3f42cd8ad8;Sampled=1',
    };
    await send(aws.url, { ...sent, headers });

    const [event] = aws.trail.events();
    expect(event).toEqual({
      eventVersion: '1.11',
      userIdentity: {
        type: 'AssumedRole',
        principalId: expect.stringMatching(/^AROA[A-Z0-9]{17}:one$/),
        arn: 'arn:aws:sts::111122223333:assumed-role/Writer/one',
        accountId: '111122223333',
        accessKeyId: expect.stringMatching(/^ASIA/),
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            principalId: expect.stringMatching(/^AROA[A-Z0-9]{17}$/),
            arn: 'arn:aws:iam::111122223333:role/Writer',
            accountId: '111122223333',
            userName: 'Writer',
          },
          attributes: { creationDate: '2030-06-01T00:00:00Z', mfaAuthenticated: 'false' },
        },
      },
      eventTime: expect.stringMatching(/^2030-06-01T00:00:0\dZ$/),
      eventSource: 'dynamodb.amazonaws.com',
      eventName: 'PutItem',
      awsRegion: 'us-east-1',
      sourceIPAddress: '127.0.0.1',
      userAgent: expect.stringContaining('aws-sdk-js'),
      requestParameters: { tableName: 'Notes' },
      responseElements: null,
      requestID: expect.stringMatching(/^[A-Z0-9]{52}$/),
      eventID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      readOnly: false,
      resources: [{ accountId: '111122223333', type: 'AWS::DynamoDB::Table', ARN: table }],
      eventType: 'AwsApiCall',
      managementEvent: false,
      recipientAccountId: '111122223333',
      eventCategory: 'Data',
    });
    expect(readFileSync(aws.trailFile, 'utf8')).toBe(`${JSON.stringify(event)}\n`);
    expect(readFileSync(aws.trailFile, 'utf8')).not.toContain('very private');

    expect(aws.meter.byTrace('1-5e1b4151-5ac6c58f')).toMatchObject([
      {
        principal: 'arn:aws:sts::111122223333:assumed-role/Writer/one',
        service: 'dynamodb',
        operation: 'PutItem',
        allowedBy: [
          { policy: 'Writer', statement: 'All' },
          { policy: 'Writer', statement: 'All' },
        ],
        units: { read: 0, write: 1 },
        requestBytes: sent.body.length,
        responseBytes: 2,
        status: 200,
      },
    ]);
    expect(aws.meter.totals()).toMatchObject({
      calls: 1,
      errors: 0,
      writeUnits: 1,
      operations: { 'dynamodb:PutItem': 1 },
    });
  });

  test('of a refusal name the reason, and of another error its name alone', async () => {
    const aws = await openFrontDoor();
    const heard: unknown[] = [];
    const off = aws.meter.on((record) => heard.push(record.errorCode));
    await send(aws.url, await aws.signedDescribeKey(role('Other')));
    aws.faults.add({
      effect: refuse(new AwsError('ValidationException', 'Value very private is wrong')),
      times: 1,
    });
    await send(aws.url, await aws.signedDescribeKey(role('Reader', useKey)));
    expect(aws.trail.events()).toMatchObject([
      {
        errorCode: 'AccessDenied',
        errorMessage: expect.stringContaining('is not authorized to perform: kms:DescribeKey'),
      },
      { errorCode: 'ValidationException', responseElements: null },
    ]);
    expect(JSON.stringify(aws.trail.events())).not.toContain('very private');
    off();
    await send(aws.url, await aws.signedDescribeKey(role('Reader', useKey)));
    expect(heard).toEqual(['AccessDeniedException', 'ValidationException']);
  });

  test('do not grow without end', () => {
    const meter = new Meter(3);
    for (let index = 0; index < 20; index++) {
      meter.record({ ...blankRecord, traceId: `t${index}`, requestBytes: index });
    }
    expect(meter.totals()).toMatchObject({ calls: 3, requestBytes: 17 + 18 + 19 });
    expect(meter.byTrace('t0')).toEqual([]);
    expect(meter.byTrace('t19')).toHaveLength(1);
  });
});

const blankRecord = {
  at: 0,
  requestId: 'r',
  service: 's',
  operation: 'o',
  allowedBy: [],
  units: { read: 0, write: 0 },
  requestBytes: 0,
  responseBytes: 0,
  status: 200,
  durationMs: 1,
};
