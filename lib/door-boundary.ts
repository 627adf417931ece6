import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { AS_PERSON } from './person-role.ts';

/**
 * The most that any door may ever do, so that a statement lent too wide by mistake still does no more. It grants nothing:
 * a door does what both this and its own policy allow. First what doors are for, on what belongs to this deployment; then
 * what no door does, refused even where a resource's own policy would let it (which a boundary's silence would not stop).
 */
export class DoorBoundary extends ManagedPolicy {
  /** @param deployment what the names of its stacks begin with */
  constructor(scope: Construct, id: string, deployment: string) {
    super(scope, id, { description: 'The most that any door may do, whatever its own policy says' });
    const { stacks, within, buckets, lockedBuckets, personRoles } = placesOf(this, deployment);
    this.addStatements(
      allow('UseTables', tableActions, stacks('dynamodb', 'table/')),
      allow('ListStreams', ['dynamodb:ListStreams'], ['*']), // has no narrower resource
      allow('UseQueues', queueActions, stacks('sqs', '')),
      allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], stacks('logs', 'log-group:')),
      allow('UseKeys', keyActions, within('kms', 'key/*')),
      allow('ReachSockets', ['execute-api:ManageConnections'], within('execute-api', '*/@connections/*')),
      allow('KeepPeople', peopleActions, within('cognito-idp', 'userpool/*')),
      allow('KeepAttachments', objectActions, buckets),
      allow('ActForPersons', ['sts:AssumeRole', 'sts:SetSourceIdentity'], personRoles),
      allow('KeepSealedRecords', ['s3:GetObject', 's3:ListBucket', 's3:PutObject'], lockedBuckets), // deletes nothing there

      // Of STS nothing but to be one person's, in a role made for that: lib/person-role.ts.
      refuse('RefuseIdentities', ['iam:*', 'organizations:*', 'account:*']),
      refuseElsewhere('RefuseOtherRoles', ['sts:*'], personRoles),
      refuse('RefuseKeyAdministration', keyAdministration),
      refuse('RefuseTableAdministration', tableAdministration),
      refuse('RefuseToActForPeople', actingForPeople),
      refuse('RefuseBucketAdministration', bucketAdministration),
      refuse('RefuseToScan', ['guardduty:*']),
      refuse('RefuseToBlind', watching),
    );
  }
}

const tableActions = calls(
  'dynamodb',
  ...['BatchGetItem', 'BatchWriteItem', 'ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem'],
  ...['Query', 'Scan', 'UpdateItem', 'DescribeStream', 'GetRecords', 'GetShardIterator'],
);
const queueActions = calls(
  'sqs',
  ...['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage', 'SendMessage'],
);
const keyActions = calls(
  'kms',
  ...['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'GetPublicKey', 'ReEncryptFrom', 'ReEncryptTo'],
  ...['Sign', 'Verify'],
);
const peopleActions = calls(
  'cognito-idp',
  ...['AdminCreateUser', 'AdminDisableUser', 'AdminEnableUser', 'AdminGetUser', 'AdminUserGlobalSignOut'],
);

const objectActions = calls(
  's3',
  ...['AbortMultipartUpload', 'DeleteObject', 'DeleteObjectVersion', 'GetObject', 'GetObjectVersion'],
  ...['ListBucketMultipartUploads', 'ListBucketVersions', 'ListMultipartUploadParts', 'PutObject'],
);

/** Whoever can lend a key on, change its policy or delete it decides about everything it encrypts. */
const keyAdministration = calls(
  'kms',
  ...['Create*', 'Delete*', 'Disable*', 'Import*', 'Put*', 'Replicate*', 'Schedule*', 'Update*'],
);
/** Tables, their recovery and who else may read them; PartiQL passes conditions on item keys by. */
const tableAdministration = calls(
  'dynamodb',
  ...['CreateBackup', 'DeleteBackup', 'DeleteTable', 'Export*', 'PartiQL*', 'PutResourcePolicy', 'Restore*'],
  ...['UpdateContinuousBackups', 'UpdateTable*', 'UpdateTimeToLive'],
);
/** Nobody signs in as somebody else, sets their password or second factor, or changes how people sign in. */
const actingForPeople = calls(
  'cognito-idp',
  ...['AdminInitiateAuth', 'AdminLinkProviderForUser', 'AdminRespondToAuthChallenge', 'AdminSetUser*'],
  ...['CreateIdentityProvider', 'DeleteUserPool', 'SetUserPool*', 'UpdateUserPool*'],
);
/** Buckets and who may reach them, what happens to their objects by itself, and the tags that say what a scan found. */
const bucketAdministration = calls(
  's3',
  ...['BypassGovernanceRetention', 'CreateBucket', '*AccessPoint*', 'DeleteBucket*', 'PutBucket*'],
  ...['Put*Configuration', 'PutAccountPublicAccessBlock', 'PutObject*Acl', 'PutObject*Tagging'],
  ...['DeleteObject*Tagging', 'ReplicateObject'],
);

/** Whoever ends the trail, a log or an alarm is not seen at what they do next. */
const watching = [
  ...calls('logs', 'Associate*', 'Delete*', 'Disassociate*', 'Put*Filter', 'Put*Policy'),
  ...['cloudtrail:*', 'cloudwatch:*', 'events:*', 'sns:*'],
];

function allow(sid: string, actions: readonly string[], resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ sid, actions: [...actions], resources: [...resources] });
}

function refuse(sid: string, actions: readonly string[]): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.DENY, actions: [...actions], resources: ['*'] });
}

function refuseElsewhere(
  sid: string,
  actions: readonly string[],
  except: readonly string[],
): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.DENY, actions: [...actions], notResources: [...except] });
}

function calls(service: string, ...actions: readonly string[]): readonly string[] {
  return actions.map((action) => `${service}:${action}`);
}

/** ARNs in this account and Region. What CloudFormation names begins with its stack's name, a bucket's in lower case. */
function placesOf(scope: Construct, deployment: string) {
  const within = (service: string, resource: string) => [
    Stack.of(scope).formatArn({ service, resource, arnFormat: ArnFormat.NO_RESOURCE_NAME }),
  ];
  const stacks = (service: string, prefix: string) =>
    ['Data', 'Audit', 'Messaging'].flatMap((stack) => within(service, `${prefix}${deployment}-${stack}-*`));
  const { partition } = Stack.of(scope);
  const bucketsOf = (stack: string) => [`arn:${partition}:s3:::${deployment.toLowerCase()}-${stack}-*`]; // names of neither account nor Region
  const personRoles = [
    `arn:${partition}:iam::${Stack.of(scope).account}:role/${deployment}-Messaging-${AS_PERSON}*`,
  ];
  return { within, stacks, buckets: bucketsOf('data'), lockedBuckets: bucketsOf('audit'), personRoles };
}
