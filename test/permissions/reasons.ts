import type { Reason } from './permissions.ts';

const writersList =
  'AWS’s guide lists it for whoever writes to a table under a customer managed key ("Encryption at rest: authorizing use of your KMS key"); which calls ask for it is not documented, and the local run asks for kms:Decrypt alone.';
const asked = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
const describing =
  'AWS’s guide lists it beside kms:Decrypt; DynamoDB asks on its own time, never within a call of the local run.';

/** Why each permission stands that no test uses. An auditor reads these; a reason that excuses nothing fails the check. */
export const reasons: readonly Reason[] = [
  { statement: 'WriteTablesUnderDataKey', actions: asked, reason: writersList },
  { statement: 'WriteTablesUnderKeysKey', actions: asked, reason: writersList },
  { statement: 'ReadTablesUnderDataKey', actions: ['kms:DescribeKey'], reason: describing },
  { statement: 'ReadTablesUnderKeysKey', actions: ['kms:DescribeKey'], reason: describing },
  {
    statement: 'AdmitCaller',
    actions: ['dynamodb:UpdateItem'],
    sometimes: true,
    reason:
      'A door notes somebody’s activity at most once a minute, and lists a socket that its session does not know: whether a given door does in a test depends on how long the test took.',
  },
];
