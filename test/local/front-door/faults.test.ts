import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { describe, expect, test } from 'vitest';
import { delay, dropBefore, fail, loseReply, refuse, throttle } from '../../../local/front-door/faults.ts';
import { AwsError } from '../../../local/front-door/service.ts';
import type { Statement } from '../../../local/iam/policy.ts';
import { openFrontDoor, role } from './open-front-door.ts';
import { key } from './tiny-services.ts';

const useKey: Statement = { Sid: 'Use', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: key };
const describeKey = new DescribeKeyCommand({ KeyId: 'k1' });

describe('a fault', () => {
  test.each([
    ['throttle', throttle(), 'ThrottlingException', 400],
    ['fail', fail(), 'InternalServerError', 500],
    ['refuse', refuse(new AwsError('DisabledException', 'disabled')), 'DisabledException', 400],
  ])('%s is answered as AWS would, as often as it was planted', async (_, effect, name, httpStatusCode) => {
    const aws = await openFrontDoor();
    const kms = aws.kms(role('Reader', useKey));
    aws.faults.add({ service: 'kms', operation: 'DescribeKey', after: 1, times: 1, effect });
    await kms.send(describeKey);
    await expect(kms.send(describeKey)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
    await kms.send(describeKey);
    expect(aws.done()).toHaveLength(2);
  });

  test('comes after the decision: who may not call hears that first', async () => {
    const aws = await openFrontDoor();
    aws.faults.add({ effect: fail() });
    await expect(aws.kms(role('Other')).send(describeKey)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('of a lost reply comes after the work, of a dropped connection before it', async () => {
    const aws = await openFrontDoor();
    const kms = aws.kms(role('Reader', useKey));
    const takeAway = aws.faults.add({ effect: loseReply() });
    await expect(kms.send(describeKey)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(aws.done()).toHaveLength(1);
    expect(aws.trail.events()).toHaveLength(1);
    takeAway();
    aws.faults.add({ effect: dropBefore(), times: 1 });
    await expect(kms.send(describeKey)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(aws.done()).toHaveLength(1);
    expect(aws.trail.events()).toHaveLength(1);
    await kms.send(describeKey);
    expect(aws.meter.totals((record) => record.status === 0).calls).toBe(2);
  });

  test('befalls whom it is meant for, and a delay only delays', async () => {
    const aws = await openFrontDoor();
    aws.faults.add({ effect: fail(), principal: (who) => who?.identityArn.endsWith('/Unlucky') ?? false });
    aws.faults.add({ effect: delay(60) });
    const startedAt = performance.now();
    await aws.kms(role('Reader', useKey)).send(describeKey);
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    await expect(aws.kms(role('Unlucky', useKey)).send(describeKey)).rejects.toMatchObject({
      name: 'InternalServerError',
    });
  });
});
