import { type Assembly, listOf, type Resource, valueAt } from '../assembly.ts';
import { aKeyOfOurs, atLeast, atMost, type Check, every, never, ofTypes, type Wish } from '../check.ts';

const tables = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];
const sixYears = 2_192;

/** What holds for whatever stores something. */
export const storeChecks: readonly Check[] = [
  every(
    'tables-encrypted',
    'Every table is encrypted under a key of this deployment.',
    tables,
    (table, all) => ({
      'SSESpecification.SSEEnabled': true,
      'SSESpecification.SSEType': 'KMS',
      'SSESpecification.KMSMasterKeyId': aKeyOfOurs(table, all),
    }),
  ),
  every(
    'tables-recoverable',
    'Every table can be restored to any second of its recovery period.',
    tables,
    () => ({
      'PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled': true,
    }),
  ),
  every('tables-kept', 'No table can be deleted by accident, and none goes with its stack.', tables, () => ({
    DeletionProtectionEnabled: true,
    DeletionPolicy: 'Retain',
  })),
  every('tables-expire', 'Every table deletes what its retention has ended.', tables, () => ({
    'TimeToLiveSpecification.Enabled': true,
  })),
  {
    id: 'stores-backed-up',
    promises: 'Every table, and every bucket that is no trail of its own, is named in a backup plan.',
    look: (all) =>
      ofTypes(all, [...tables, 'AWS::S3::Bucket'])
        .filter((store) => !isTrail(store))
        .map((store) => {
          const plans = ofTypes(all, ['AWS::Backup::BackupSelection']).filter((selection) =>
            all
              .pointsTo(valueAt(selection.properties, 'BackupSelection.Resources'), selection.stack)
              .includes(store),
          );
          const seen = plans.map(({ path }) => path).join(', ') || 'none';
          const holds = plans.length > 0;
          return { resource: store.path, property: 'backup plan', expected: 'at least one', seen, holds };
        }),
  },
  every('backups-within-48-hours', 'A backup is at most 48 hours old.', ['AWS::Backup::BackupPlan'], () => ({
    'BackupPlan.BackupPlanRule': within48Hours,
  })),
  every(
    'vaults-encrypted',
    'Every backup vault is encrypted under a key of this deployment, and locked.',
    ['AWS::Backup::BackupVault'],
    (vault, all) => ({
      EncryptionKeyArn: aKeyOfOurs(vault, all),
      'LockConfiguration.MinRetentionDays': atLeast(1, 'days'),
      'LockConfiguration.MaxRetentionDays': atLeast(1, 'days'),
    }),
  ),
  every(
    'buckets-encrypted',
    'Every bucket is encrypted under a key of this deployment.',
    ['AWS::S3::Bucket'],
    (bucket, all) => ({ 'BucketEncryption.ServerSideEncryptionConfiguration': sealedUnder(bucket, all) }),
  ),
  every(
    'buckets-closed',
    'No bucket can be made public, and each keeps versions.',
    ['AWS::S3::Bucket'],
    () => ({
      'PublicAccessBlockConfiguration.BlockPublicAcls': true,
      'PublicAccessBlockConfiguration.BlockPublicPolicy': true,
      'PublicAccessBlockConfiguration.IgnorePublicAcls': true,
      'PublicAccessBlockConfiguration.RestrictPublicBuckets': true,
      'VersioningConfiguration.Status': 'Enabled',
    }),
  ),
  every(
    'queues-and-topics-encrypted',
    'Every queue and topic is encrypted under a key of this deployment.',
    ['AWS::SQS::Queue', 'AWS::SNS::Topic'],
    (one, all) => ({
      KmsMasterKeyId: aKeyOfOurs(one, all),
    }),
  ),
  every(
    'logs-encrypted',
    'Every log group is encrypted under a key of this deployment.',
    ['AWS::Logs::LogGroup'],
    (group, all) => ({
      KmsKeyId: aKeyOfOurs(group, all),
    }),
  ),
  every(
    'logs-kept-six-years',
    'Every log group is kept at least six years.',
    ['AWS::Logs::LogGroup'],
    () => ({
      RetentionInDays: atLeast(sixYears, 'days'),
    }),
  ),
  never('no-key-of-aws', 'Nothing is encrypted under a key that AWS owns or manages.', ({ properties }) =>
    awsKeysIn(properties),
  ),
  every(
    'keys-rotate',
    'Every key that encrypts is replaced each year, and waits thirty days before it is deleted.',
    ['AWS::KMS::Key'],
    () => ({ EnableKeyRotation: true, PendingWindowInDays: atLeast(30, 'days'), DeletionPolicy: 'Retain' }),
    ({ properties }) => properties.KeyUsage !== 'SIGN_VERIFY',
  ),
  every(
    'keys-refuse-deletion',
    'No key can be deleted or lent on by an identity of the account, whatever its policy allows.',
    ['AWS::KMS::Key'],
    () => ({ 'KeyPolicy.Statement': denies('kms:ScheduleKeyDeletion', 'kms:CreateGrant') }),
  ),
  every(
    'signing-key-is-ours-alone',
    'What is signed is signed by an elliptic-curve key that never leaves KMS.',
    ['AWS::KMS::Key'],
    () => ({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
    ({ properties }) => properties.KeyUsage === 'SIGN_VERIFY',
  ),
  every(
    'tables-recover-no-longer-than-keys',
    'What could bring a destroyed data key back ends within 35 days.',
    ['AWS::DynamoDB::Table'],
    () => ({ 'PointInTimeRecoverySpecification.RecoveryPeriodInDays': atMost(35, 'days') }),
    ({ path }) => path.includes('/Keys/'),
  ),
];

/** Sealed records and AWS's own trail: locked as they are written, and a copy of what other stores hold. */
function isTrail({ type, properties }: Resource): boolean {
  return type === 'AWS::S3::Bucket' && properties.ObjectLockEnabled === true;
}

const within48Hours: Wish = {
  says: 'a rule that runs at least every 48 hours',
  fits: (rules) =>
    listOf(rules).some((rule) => hoursBetween(String(valueAt(rule, 'ScheduleExpression'))) <= 48),
};

/** Hours between two runs of `rate(…)`, or of a cron expression that names neither days nor months; endless where it does. */
function hoursBetween(schedule: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  if (count && unit)
    return Number(count) * { minute: 1 / 60, hour: 1, day: 24 }[unit as 'minute' | 'hour' | 'day'];
  return /^cron\(\S+ \S+ [*?] \* [*?] \*\)$/.test(schedule) ? 24 : Number.POSITIVE_INFINITY;
}

function sealedUnder(bucket: Resource, all: Assembly): Wish {
  const key = aKeyOfOurs(bucket, all);
  const fits = (rules: unknown) =>
    listOf(rules).length > 0 &&
    listOf(rules).every((rule) => {
      const by = valueAt(rule, 'ServerSideEncryptionByDefault');
      const id = valueAt(by, 'KMSMasterKeyID');
      return (
        valueAt(by, 'SSEAlgorithm') === 'aws:kms' && typeof key === 'object' && 'fits' in key && key.fits(id)
      );
    });
  return { says: 'aws:kms under a key of this deployment', fits };
}

function denies(...actions: readonly string[]): Wish {
  const fits = (statements: unknown) =>
    actions.every((action) =>
      listOf(statements).some(
        (statement) =>
          valueAt(statement, 'Effect') === 'Deny' && listOf(valueAt(statement, 'Action')).includes(action),
      ),
    );
  return { says: `a Deny of ${actions.join(' and ')}`, fits };
}

/** Places where a key of AWS's own stands by its alias, or where S3's own keys or SQS's are asked for. */
function awsKeysIn(properties: unknown, at = ''): readonly (readonly [string, string])[] {
  if (typeof properties === 'string')
    return /(^|:)alias\/aws\//.test(properties) || properties === 'AES256' ? [[at, properties]] : [];
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).flatMap(([name, value]) => {
    const place = at ? `${at}.${name}` : name;
    if (name === 'SqsManagedSseEnabled' && value === true) return [[place, 'true'] as const];
    return awsKeysIn(value, place);
  });
}
