import type { Reason } from './permissions.ts';

const writersList =
  'AWS’s guide lists it for whoever writes to a table under a customer managed key ("Encryption at rest: authorizing use of your KMS key"); which calls ask for it is not documented, and the local run asks for kms:Decrypt alone.';
const asked = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
const describing =
  'AWS’s guide lists it beside kms:Decrypt; DynamoDB asks on its own time, never within a call of the local run.';

const parking =
  'Lambda notes an event that a function could not take in a day; no test fails one for so long.';

/** Why each permission stands that no test uses. An auditor reads these; a reason that excuses nothing fails the check. */
export const reasons: readonly Reason[] = [
  ...['CatchUp', 'Download', 'Export', 'Read'].map((what) => ({
    statement: `AssumeAsPerson${what}`,
    actions: ['sts:AssumeRole'],
    reason:
      'Within an account the trust of a role that names the caller is enough, and the local run finds it there; sts:SetSourceIdentity is asked of both.',
  })),
  {
    doors: ['RecordScan', 'MakePreview', 'SealRecords'],
    statement: 'ParkRecords',
    actions: ['sqs:SendMessage'],
    reason: parking,
  },
  {
    doors: ['RecordScan', 'MakePreview', 'SealRecords'],
    statement: 'EncryptParkedRecords',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    reason: parking,
  },
  { statement: 'WriteTablesUnderDataKey', actions: asked, reason: writersList },
  { statement: 'WriteTablesUnderKeysKey', actions: asked, reason: writersList },
  { statement: 'WriteTablesUnderAuditKey', actions: asked, reason: writersList },
  { statement: 'ReadTablesUnderDataKey', actions: ['kms:DescribeKey'], reason: describing },
  { statement: 'ReadTablesUnderKeysKey', actions: ['kms:DescribeKey'], reason: describing },
  { statement: 'ReadTablesUnderAuditKey', actions: ['kms:DescribeKey'], reason: describing },
  ...(['KeepNewDataKeys', 'MakeOrganisationKey'] as const).map((statement) => ({
    doors: ['AskAmendments', 'DecideAmendments', 'OpenEmergency', 'ReviewEmergencies'],
    statement,
    actions:
      statement === 'KeepNewDataKeys'
        ? ['dynamodb:ConditionCheckItem', 'dynamodb:PutItem']
        : ['kms:GenerateDataKey'],
    reason:
      'Makes a key where this door is the first to write in a month; in every test somebody else has written before.',
  })),
  {
    statement: 'AdmitCaller',
    actions: ['dynamodb:UpdateItem'],
    sometimes: true,
    reason:
      'A door notes somebody’s activity at most once a minute, and lists a socket that its session does not know: whether a given door does in a test depends on how long the test took.',
  },
  {
    statement: 'EndSessions',
    actions: ['dynamodb:UpdateItem'],
    sometimes: true,
    reason: 'AdmitCaller allows the same call on the same table: which of the two is named is IAM’s affair.',
  },
  {
    statement: 'ForgetSocket',
    actions: ['dynamodb:UpdateItem'],
    sometimes: true,
    reason: 'A push that meets a closed socket forgets it: whether one does in a test depends on its timing.',
  },
  {
    doors: ['SendMessage'],
    statement: 'AppendToConversations',
    actions: ['dynamodb:UpdateItem'],
    sometimes: true,
    reason: 'Heals a head that was read half-seen: whether one is depends on the timing of the races.',
  },
  {
    doors: ['ChangePerson'],
    statement: 'ReadPeople',
    actions: ['dynamodb:BatchGetItem'],
    reason: 'Looks up the patients for whom a caregiver is to act; only the unit tests name any.',
  },
  {
    doors: ['CreatePerson'],
    statement: 'AddPerson',
    actions: ['dynamodb:UpdateItem'],
    reason:
      'Finishes a profile that a call began and did not end; only the unit and store tests interrupt one.',
  },
  {
    doors: ['Recertify'],
    statement: 'PushToSockets',
    actions: ['execute-api:ManageConnections'],
    reason: 'Tells whom a verdict shuts out; the one in the journey has no socket open.',
  },
  {
    doors: ['Recertify'],
    statement: 'CloseSockets',
    actions: ['execute-api:ManageConnections'],
    reason: 'Closes the sockets of whom a verdict shuts out; the one in the journey has none open.',
  },
];
