import { Stack } from 'aws-cdk-lib';
import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { AuditQueries } from './audit-queries.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import type { LockedBucket } from './locked-bucket.ts';
import type { SigningKey } from './signing-key.ts';

export interface AuditorAccessProps {
  /** Sealed records, and what CloudTrail has delivered. */
  readonly buckets: readonly LockedBucket[];
  readonly encryptionKey: EncryptionKey;
  readonly signingKey: SigningKey;
  readonly queries: AuditQueries;
}

/**
 * What an auditor's own role or group in the account is given: to read the trail and ask it, and nothing of what it is about. The refusals
 * hold whatever else the role has: it opens no body, no attachment and no table, signs nothing and changes no evidence.
 */
export class AuditorAccess extends ManagedPolicy {
  constructor(scope: Construct, id: string, props: AuditorAccessProps) {
    super(scope, id, { description: 'For auditors: the trail and its reports, never what people wrote' });
    const { buckets, encryptionKey, signingKey, queries } = props;
    const { region } = Stack.of(this);
    const arns = buckets.map(({ bucketArn }) => bucketArn);
    const objects = arns.map((arn) => `${arn}/*`);
    const lake = ['catalog', `database/${queries.databaseName}`, `table/${queries.databaseName}/*`];
    this.addStatements(
      allow(
        'ListTheTrail',
        ['s3:ListBucket', 's3:GetBucketLocation', 's3:GetBucketObjectLockConfiguration'],
        arns,
      ),
      allow('ReadTheTrail', ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention'], objects),
      allow('DecryptTheTrail', ['kms:Decrypt'], [encryptionKey.keyArn], {
        StringEquals: {
          'kms:ViaService': [`s3.${region}.amazonaws.com`, `athena.${region}.amazonaws.com`],
        },
      }),
      allow('VerifySignatures', ['kms:GetPublicKey', 'kms:DescribeKey'], [signingKey.arn]),
      allow('AskTheTrail', asking, [queries.workGroupArn]),
      allow(
        'ReadTablesOfTheTrail',
        ['glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:GetPartitions'],
        lake.map((resource) => Stack.of(this).formatArn({ service: 'glue', resource })),
      ),
      allow(
        'SeeWhatCloudTrailDoes',
        ['cloudtrail:DescribeTrails', 'cloudtrail:GetTrailStatus', 'cloudtrail:ListPublicKeys'],
        ['*'], // describing and listing have no narrower resource
      ),
      refuse('RefuseWhatPeopleWrote', ['dynamodb:*'], { resources: ['*'] }),
      refuse('RefuseOtherObjects', ['s3:GetObject*', 's3:PutObject*', 's3:DeleteObject*'], {
        notResources: objects,
      }),
      refuse('RefuseOtherKeys', ['kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'], {
        notResources: [encryptionKey.keyArn],
      }),
      refuse('RefuseToMakeEvidence', ['kms:Sign', 'kms:GenerateMac', 'lambda:Invoke*', 'lambda:Update*'], {
        resources: ['*'],
      }),
      refuse('RefuseToChangeEvidence', ['s3:PutObject*', 's3:DeleteObject*', 's3:Bypass*'], {
        resources: objects,
      }),
    );
  }
}

const asking = [
  'athena:BatchGetNamedQuery',
  'athena:GetNamedQuery',
  'athena:GetQueryExecution',
  'athena:GetQueryResults',
  'athena:GetQueryResultsStream',
  'athena:GetWorkGroup',
  'athena:ListNamedQueries',
  'athena:ListQueryExecutions',
  'athena:StartQueryExecution',
  'athena:StopQueryExecution',
];

function allow(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
): PolicyStatement {
  return new PolicyStatement({ sid, actions: [...actions], resources: [...resources], conditions });
}

function refuse(
  sid: string,
  actions: readonly string[],
  on: { readonly resources: string[] } | { readonly notResources: string[] },
): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.DENY, actions: [...actions], ...on });
}
