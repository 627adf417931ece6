import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { expect, test } from 'vitest';
import type { Statement } from '../../../local/iam/policy.ts';
import { openFrontDoor, role } from './open-front-door.ts';
import { key } from './tiny-services.ts';

const useKey: Statement = { Sid: 'Use', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: key };
const describeKey = new DescribeKeyCommand({ KeyId: 'k1' });

test('a role with a permissions boundary is refused what that does not allow, in the words of AWS', async () => {
  const aws = await openFrontDoor();
  const within = (...statements: Statement[]) => ({
    ...role('Reader', useKey),
    permissionsBoundary: { name: 'Cap', document: { Version: '2012-10-17', Statement: statements } },
  });
  const who = 'User: arn:aws:sts::111122223333:assumed-role/Reader/one is not authorized to perform: ';

  await expect(aws.kms(within({ ...useKey, Action: 'kms:*' })).send(describeKey)).resolves.toBeDefined();
  await expect(aws.kms(within({ ...useKey, Action: 's3:*' })).send(describeKey)).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: `${who}kms:DescribeKey on resource: ${key} because no permissions boundary allows the kms:DescribeKey action`,
  });
  const denied = within({ ...useKey, Action: 'kms:*' }, { ...useKey, Sid: 'Never', Effect: 'Deny' });
  await expect(aws.kms(denied).send(describeKey)).rejects.toMatchObject({
    message: `${who}kms:DescribeKey on resource: ${key} with an explicit deny in a permissions boundary`,
  });
  expect(aws.done()).toEqual(['kms:DescribeKey']);
});

test('every decision is counted: by which statement, to whom, which action, and what was refused', async () => {
  const aws = await openFrontDoor();
  const reader = aws.kms(role('Reader', useKey));
  await reader.send(describeKey);
  await reader.send(describeKey);
  await expect(aws.kms(role('Other')).send(describeKey)).rejects.toThrow();

  const session = 'arn:aws:sts::111122223333:assumed-role';
  expect(aws.permissions.allowances()).toEqual([
    {
      ...{ principal: `${session}/Reader/one`, action: 'kms:DescribeKey', times: 2 },
      ...{ policy: 'Reader', statement: 'Use' },
    },
  ]);
  expect(aws.permissions.refusals()).toEqual([
    {
      ...{ principal: `${session}/Other/one`, action: 'kms:DescribeKey', times: 1 },
      message: expect.stringContaining('because no identity-based policy allows the kms:DescribeKey action'),
    },
  ]);
});
