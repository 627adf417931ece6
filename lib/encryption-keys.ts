import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  AnyPrincipal,
  Effect,
  PolicyDocument,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface EncryptionKeyProps {
  readonly description: string;
  /** Whether deletion is refused to everyone but the account's root user. */
  readonly protect: boolean;
}

/**
 * A KMS key of ours: rotates each year, can be replicated to another Region (which cannot be added later), may be used by
 * the account's identities as their own policies say, and cannot be lent on or deleted by them.
 */
export class EncryptionKey extends Key {
  constructor(scope: Construct, id: string, props: EncryptionKeyProps) {
    super(scope, id, {
      description: props.description,
      enableKeyRotation: true,
      multiRegion: true,
      pendingWindow: Duration.days(30),
      policy: ownPolicy(props.protect),
      removalPolicy: props.protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  /** Lets CloudWatch Logs encrypt the log groups of this account and Region, and nothing else. */
  letEncryptLogs(): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LetCloudWatchLogsEncryptLogGroups',
        principals: [new ServicePrincipal(`logs.${Aws.REGION}.${Aws.URL_SUFFIX}`)],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:DescribeKey',
        ],
        resources: ['*'],
        conditions: {
          ArnLike: {
            // The context that CloudWatch Logs sends (CloudWatch Logs user guide, "Encrypt log data").
            'kms:EncryptionContext:aws:logs:arn': Stack.of(this).formatArn({
              service: 'logs',
              resource: 'log-group:*',
            }),
          },
        },
      }),
    );
  }
}

/** What every key of ours says: used as identities' own policies say, lent on by nobody, deleted by the root user alone. */
export function ownPolicy(protect: boolean): PolicyDocument {
  return new PolicyDocument({
    statements: [leaveItToIdentityPolicies(), refuseGrants(), ...(protect ? [refuseDeletion()] : [])],
  });
}

function leaveItToIdentityPolicies(): PolicyStatement {
  return new PolicyStatement({
    sid: 'LeaveItToIdentityPolicies',
    principals: [new AccountRootPrincipal()],
    actions: ['kms:*'],
    resources: ['*'],
  });
}

/** A grant is a permission that no policy shows, so only AWS services may make one, for what they encrypt themselves. */
function refuseGrants(): PolicyStatement {
  return new PolicyStatement({
    sid: 'RefuseGrantsOutsideAwsServices',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['kms:CreateGrant'],
    resources: ['*'],
    conditions: {
      BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' },
    },
  });
}

/**
 * Deleting a key is deleting all it ever encrypted. Whoever is not the root user has to change this policy first: a second
 * step, and one that CloudTrail shows. CloudFormation never deletes it, since the key is retained.
 */
function refuseDeletion(): PolicyStatement {
  return new PolicyStatement({
    sid: 'RefuseDeletionExceptByTheRootUser',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['kms:ScheduleKeyDeletion'],
    resources: ['*'],
    conditions: {
      StringNotEquals: { 'aws:PrincipalArn': `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:root` },
    },
  });
}

/** The keys by what they encrypt, so that one can be refused without the others. */
export class EncryptionKeys extends Construct {
  /** Conversations, people, sessions, attachments, and their backups. */
  readonly data: EncryptionKey;
  /** The Keys table and its backups; wraps the organisation key. */
  readonly keys: EncryptionKey;
  readonly logs: EncryptionKey;

  constructor(scope: Construct, id: string, props: { readonly protect: boolean }) {
    super(scope, id);
    const { protect } = props;
    this.data = new EncryptionKey(this, 'Data', {
      description: 'conversations, people, sessions, attachments and their backups',
      protect,
    });
    this.keys = new EncryptionKey(this, 'Keys', {
      description: 'data keys: their table, its backups, and the organisation key',
      protect,
    });
    this.logs = new EncryptionKey(this, 'Logs', { description: 'log groups', protect });
    this.logs.letEncryptLogs();
  }
}
