import { type Assembly, listOf, type Resource, valueAt } from './assembly.ts';
import { holdingOf, isStore } from './holdings.ts';

/** One line of the technology asset inventory. */
export interface Asset {
  /** CDK path. */
  readonly asset: string;
  readonly type: string;
  /** The stack that makes and keeps it. */
  readonly stack: string;
  /** What ePHI it holds or passes; `none` where it has no part in that. */
  readonly ephi: 'sealed' | 'clear' | 'about' | 'passes' | 'none' | 'not written down';
  readonly holds: string;
  /** The key that encrypts it, by CDK path. */
  readonly key: string;
  /** How long what it holds is kept, and what could bring it back. */
  readonly retention: string;
  /** What becomes of it when its stack is deleted. */
  readonly onDeletion: 'kept' | 'deleted';
}

/** Every resource of a template, in the order of its paths. */
export function inventoryOf(assembly: Assembly): readonly Asset[] {
  return assembly.resources
    .map((resource) => assetOf(resource, assembly))
    .sort((one, other) => compareTexts(one.asset + one.type, other.asset + other.type));
}

function assetOf(resource: Resource, assembly: Assembly): Asset {
  const { path, type, stack, deletionPolicy } = resource;
  return {
    ...{ asset: path, type, stack, ...ephiOf(resource) },
    key: keyOf(resource, assembly)?.path ?? '',
    retention: retentionOf(resource),
    onDeletion: deletionPolicy === 'Retain' ? 'kept' : 'deleted',
  };
}

/** What people write passes through these on its way, and is nowhere kept by them. */
const passing: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'frames, requests or events, for the time of one run',
  'AWS::ApiGatewayV2::Api': 'frames and requests, under TLS',
  'AWS::ApiGatewayV2::Stage': 'frames and requests, under TLS',
  'AWS::ApiGatewayV2::Route': 'frames and requests, under TLS',
  'AWS::ApiGatewayV2::Integration': 'frames and requests',
  'AWS::Lambda::EventSourceMapping': 'changes of items, bodies sealed',
  'AWS::GuardDuty::MalwareProtectionPlan': 'files, for the time of one scan',
};

function ephiOf(resource: Resource): Pick<Asset, 'ephi' | 'holds'> {
  const passes = passing[resource.type];
  if (passes !== undefined) return { ephi: 'passes', holds: passes };
  if (!isStore(resource)) return { ephi: 'none', holds: '' };
  return holdingOf(resource) ?? { ephi: 'not written down', holds: '' };
}

/** Where a type names the key that encrypts what it holds. */
const keyProperties: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'SSESpecification.KMSMasterKeyId',
  'AWS::S3::Bucket': 'BucketEncryption',
  'AWS::SQS::Queue': 'KmsMasterKeyId',
  'AWS::SNS::Topic': 'KmsMasterKeyId',
  'AWS::Logs::LogGroup': 'KmsKeyId',
  'AWS::Backup::BackupVault': 'EncryptionKeyArn',
  'AWS::CloudTrail::Trail': 'KMSKeyId',
  'AWS::Athena::WorkGroup': 'WorkGroupConfiguration.ManagedQueryResultsConfiguration.EncryptionConfiguration',
};

export function keyOf({ type, properties, stack }: Resource, assembly: Assembly): Resource | undefined {
  const property = keyProperties[type];
  if (property === undefined) return undefined;
  return assembly
    .pointsTo(valueAt(properties, property), stack)
    .find((target) => target.type === 'AWS::KMS::Key');
}

function retentionOf({ type, properties }: Resource): string {
  const at = (path: string) => valueAt(properties, path);
  const days = (count: unknown, what: string) =>
    count === undefined ? [] : [`${String(count)} days ${what}`];
  const told: Readonly<Record<string, () => readonly string[]>> = {
    'AWS::DynamoDB::Table': () => [
      ...(at('TimeToLiveSpecification.Enabled') === true ? ['each item to its own date'] : ['without end']),
      ...days(at('PointInTimeRecoverySpecification.RecoveryPeriodInDays'), 'of point-in-time recovery'),
    ],
    'AWS::S3::Bucket': () => bucketRetention(properties),
    'AWS::Logs::LogGroup': () => days(at('RetentionInDays'), 'a line'),
    'AWS::SQS::Queue': () => [`${Number(at('MessageRetentionPeriod') ?? 345_600) / 86_400} days a message`],
    'AWS::Backup::BackupVault': () => days(at('LockConfiguration.MaxRetentionDays'), 'a backup at most'),
    'AWS::KMS::Key': () => days(at('PendingWindowInDays'), 'from a request to its deletion'),
  };
  return (told[type]?.() ?? []).join(', ');
}

function bucketRetention(properties: Resource['properties']): readonly string[] {
  const locked = valueAt(properties, 'ObjectLockConfiguration.Rule.DefaultRetention');
  const lock = locked
    ? [
        `locked ${String(valueAt(locked, 'Days') ?? `${String(valueAt(locked, 'Years'))} × 365`)} days (${String(valueAt(locked, 'Mode'))})`,
      ]
    : [];
  const ends = listOf(valueAt(properties, 'LifecycleConfiguration.Rules')).flatMap((rule) => {
    const expires = valueAt(rule, 'ExpirationInDays');
    const older = valueAt(rule, 'NoncurrentVersionExpiration.NoncurrentDays');
    return [
      ...(expires === undefined ? [] : [`${String(expires)} days an object`]),
      ...(older === undefined ? [] : [`${String(older)} days a deleted version`]),
    ];
  });
  return [...lock, ...ends];
}

/** As RFC 4180 has it, with a line of names; the same assets give the same bytes. */
export function inventoryCsv(assets: readonly Asset[]): string {
  const columns = ['asset', 'type', 'stack', 'ephi', 'holds', 'key', 'retention', 'onDeletion'] as const;
  const rows = assets.map((asset) => columns.map((column) => quoted(asset[column])));
  return [[...columns], ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** A text that a spreadsheet would run begins with an apostrophe instead. */
function quoted(text: string): string {
  const harmless = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** By UTF-16 units: the same on every machine, whatever its language. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
