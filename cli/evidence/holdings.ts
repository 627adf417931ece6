import type { Resource } from './assembly.ts';

/**
 * What a store holds. `sealed`: ePHI encrypted by us before it reaches the store, beside the store's own encryption. `clear`: ePHI
 * that the store's encryption alone protects. `about`: ids, times and counts that say who spoke with whom, and when. `none`: nothing about a patient.
 */
export interface Holding {
  readonly ephi: 'sealed' | 'clear' | 'about' | 'none';
  readonly holds: string;
}

/** By the end of a construct's path, whatever the deployment is called. The first that fits counts. */
const holdings: readonly (readonly [RegExp, Holding])[] = [
  [
    /\/Conversations\/Store\/Table$/,
    { ephi: 'sealed', holds: 'messages, titles and memberships; bodies are sealed' },
  ],
  [/\/People\/Store\/Table$/, { ephi: 'about', holds: 'people: roles, sites, whom they act for; no names' }],
  [/\/Sessions\/Store\/Table$/, { ephi: 'about', holds: 'sign-ins, sockets, device labels' }],
  [/\/Keys\/Store\/Table$/, { ephi: 'none', holds: 'wrapped data keys, which open what is sealed' }],
  [/-Audit\/.*Table$/, { ephi: 'about', holds: 'audit records: who did what to which id, and when' }],
  [/\/Attachments\/Bucket$/, { ephi: 'clear', holds: 'files of messages, as their sender uploaded them' }],
  [
    /-Audit\/.*(Trail).*Bucket$/,
    { ephi: 'about', holds: 'CloudTrail’s log files and digests: ids, roles, addresses' },
  ],
  [/-Audit\/.*Bucket$/, { ephi: 'about', holds: 'sealed audit records and their signed heads' }],
  [
    /\/Parked\/Queue$/,
    { ephi: 'none', holds: 'places in a stream, and events without contents, that failed' },
  ],
  [/-Audit\/.*Backups\/Vault$/, { ephi: 'about', holds: 'backups of audit records' }],
  [/\/KeyBackups\/Vault$/, { ephi: 'none', holds: 'backups of wrapped data keys' }],
  [/\/Backups\/Vault$/, { ephi: 'clear', holds: 'backups of tables and of attachments' }],
  [
    /\/SignIn\/People$/,
    { ephi: 'about', holds: 'user names, password verifiers, TOTP secrets; no attribute about a patient' },
  ],
];

const stores = new Set([
  ...[
    'AWS::DynamoDB::Table',
    'AWS::DynamoDB::GlobalTable',
    'AWS::S3::Bucket',
    'AWS::SQS::Queue',
    'AWS::SNS::Topic',
  ],
  ...[
    'AWS::Backup::BackupVault',
    'AWS::Cognito::UserPool',
    'AWS::Logs::LogGroup',
    'AWS::KinesisFirehose::DeliveryStream',
  ],
  ...[
    'AWS::Athena::WorkGroup',
    'AWS::SecretsManager::Secret',
    'AWS::RDS::DBInstance',
    'AWS::OpenSearchServerless::Collection',
  ],
]);

/** Whether a resource keeps what it is given. */
export function isStore({ type }: Resource): boolean {
  return stores.has(type);
}

/** What is written down of a store; undefined where nothing is. */
export function holdingOf(store: Resource): Holding | undefined {
  if (store.type === 'AWS::Logs::LogGroup')
    return { ephi: 'about', holds: 'log lines: ids, counts and codes, nothing that anybody wrote' };
  if (store.type === 'AWS::Athena::WorkGroup')
    return { ephi: 'about', holds: 'answers to queries of the trail, which Athena keeps for a day' };
  if (store.type === 'AWS::SNS::Topic') return { ephi: 'none', holds: 'alarms: which one, and when' };
  return holdings.find(([end]) => end.test(store.path))?.[1];
}
