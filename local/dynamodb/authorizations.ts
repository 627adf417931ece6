import { type Account, arn } from '../account.ts';
import type { Authorization, NamedPolicy } from '../iam/policy.ts';
import type { Table } from './table.ts';
import { ITEM_OPERATIONS, type Touch } from './touches.ts';

/** What KMS says of a key for those that use it on someone's behalf. */
export interface KeyPolicy {
  readonly policy: NamedPolicy;
  /** False while the key is disabled or waits for its deletion. */
  readonly usable: boolean;
}

/**
 * What IAM must allow before these touches happen: the action on each table or index and, where a table is encrypted
 * under a customer managed key, that key for the same caller (DynamoDB developer guide, "How DynamoDB uses AWS KMS").
 */
export function authorizationsOf(
  operation: string,
  touches: readonly Touch[],
  tables: ReadonlyMap<string, Table>,
  account: Account,
  keyPolicyOf: (keyArn: string) => KeyPolicy,
): readonly Authorization[] {
  const onTables = touches.map((touch): Authorization => {
    const index = touch.index === undefined ? '' : `/index/${touch.index}`;
    return {
      action: `dynamodb:${touch.action}`,
      resource: arn(account, 'dynamodb', `table/${touch.table}${index}`),
      context: touch.context,
      resourcePolicy: tables.get(touch.table)?.resourcePolicy,
    };
  });
  if (ITEM_OPERATIONS[operation] === undefined) return onTables;

  const touched = new Set(touches.map((touch) => touch.table));
  const onKeys = [...touched].flatMap((name): Authorization[] => {
    const table = tables.get(name);
    return table?.keyArn === undefined ? [] : [keyAuthorization(table, table.keyArn, account, keyPolicyOf)];
  });
  return [...onTables, ...onKeys];
}

/**
 * What Lambda's poller asks for with the function's role before it reads a stream (Lambda developer guide, "Using Lambda
 * with DynamoDB", execution role), and the key of a table that has its own.
 */
export function streamAuthorizations(
  table: Table,
  streamArn: string,
  account: Account,
  keyPolicyOf: (keyArn: string) => KeyPolicy,
): readonly Authorization[] {
  const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
  const onStream = actions.map((action) => ({
    action: `dynamodb:${action}`,
    resource: streamArn,
    resourcePolicy: table.streamPolicy,
  }));
  return table.keyArn === undefined
    ? onStream
    : [...onStream, keyAuthorization(table, table.keyArn, account, keyPolicyOf)];
}

function keyAuthorization(
  table: Table,
  keyArn: string,
  account: Account,
  keyPolicyOf: (keyArn: string) => KeyPolicy,
): Authorization {
  return {
    action: 'kms:Decrypt',
    resource: keyArn,
    context: {
      'kms:ViaService': `dynamodb.${account.region}.${account.urlSuffix}`,
      'kms:CallerAccount': account.accountId,
      'kms:EncryptionContext:aws:dynamodb:tableName': table.name,
      'kms:EncryptionContext:aws:dynamodb:subscriberId': account.accountId,
      'kms:EncryptionContextKeys': ['aws:dynamodb:tableName', 'aws:dynamodb:subscriberId'],
    },
    resourcePolicy: keyPolicyOf(keyArn).policy,
    resourcePolicyDecides: true,
  };
}
