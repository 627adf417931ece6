import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Backups } from './backups.ts';
import type { Borrower, Door } from './door.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import type { ParkedQueue } from './parked-queue.ts';
import type { Trail, Watched } from './trail.ts';

export interface StoredTableProps {
  readonly encryptionKey: EncryptionKey;
  readonly backups: Backups;
  /** Days back to which the table can be restored to the second, at most 35. */
  readonly recoveryDays: number;
  readonly protect: boolean;
}

export interface TableKey {
  /** Name of the sort key, where items of a partition have an order. */
  readonly sortKey?: 'sk';
  /** The environment variable by which doors know the table. */
  readonly variable: string;
  /** Whether changes are told to whoever reads the table's stream. @default false */
  readonly streams?: boolean;
}

export interface TableAbility {
  /** See `Ability.name`. */
  readonly name: string;
  /** DynamoDB actions without their prefix, e.g. `GetItem`. */
  readonly actions: readonly TableAction[];
  /** A pattern that the partition key of every item concerned must fit. @default any */
  readonly partitions?: string;
}

/** What a door is fed from a table's stream, of which two doors may read. */
export interface Feeding {
  readonly filters: readonly object[];
  readonly parked: ParkedQueue;
  /** Of the stream, among those that feed the door, in PascalCase. @default Stream */
  readonly name?: string;
  /** Records at once at most. @default 100 */
  readonly batch?: number;
  /** Seconds that records are gathered for at most. @default 1 */
  readonly seconds?: number;
}

/** For what nobody waits for, and costs by the batch. */
export const inMinutes = { batch: 1_000, seconds: 60 } as const;

type TableAction = keyof typeof writes;

/** Whether an action stores something, and so needs the key for encrypting. */
const writes = {
  GetItem: false,
  BatchGetItem: false,
  Query: false,
  Scan: false,
  ConditionCheckItem: false,
  PutItem: true,
  UpdateItem: true,
  DeleteItem: true,
} as const;

/**
 * A table as this app makes every table: encrypted under our key, restorable to the second, backed up, refusing deletion,
 * items gone some time after `expiresAt` (seconds since 1970). `Table`, not `TableV2`: rule packs do not see the latter.
 */
export class StoredTable extends Construct {
  private readonly table: Table;
  private readonly encryptionKey: EncryptionKey;
  private readonly variable: string;

  constructor(scope: Construct, id: string, props: StoredTableProps & TableKey) {
    super(scope, id);
    this.encryptionKey = props.encryptionKey;
    this.variable = props.variable;
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: props.sortKey && { name: props.sortKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      stream: props.streams ? StreamViewType.NEW_AND_OLD_IMAGES : undefined,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: props.encryptionKey,
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        recoveryPeriodInDays: props.recoveryDays,
      },
      deletionProtection: props.protect,
      removalPolicy: props.protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    props.backups.cover(this.table);
  }

  get name(): string {
    return this.table.tableName;
  }

  /** Has `trail` record calls on the table and its stream. */
  watchedBy(trail: Trail, whose: Watched): void {
    trail.watchTable({ arn: this.table.tableArn, streamArn: this.table.tableStreamArn }, whose);
  }

  /** Gives `door` the actions, the use of the table's key through DynamoDB, and the table's name. */
  lend(door: Borrower, ability: TableAbility): void {
    door.lend({
      name: ability.name,
      actions: ability.actions.map((action) => `dynamodb:${action}`),
      resources: [this.table.tableArn],
      ...(ability.partitions && {
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ability.partitions } },
      }),
    });
    this.lendKey(door, 'Read', ['kms:Decrypt', 'kms:DescribeKey']);
    if (ability.actions.some((action) => writes[action])) {
      // DynamoDB developer guide, "Encryption at rest: authorizing use of your KMS key", without its wildcards.
      this.lendKey(door, 'Write', [
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ]);
    }
    door.tell(this.variable, this.table.tableName);
  }

  /**
   * Runs `door` for changes of items that fit one of the filters, in order and in batches. What still fails when it stands alone is told
   * to `parked`, by its place in the stream and nothing more.
   */
  feed(door: Door, { filters, parked, name = 'Stream', batch = 100, seconds = 1 }: Feeding): void {
    const { tableStreamArn } = this.table;
    if (tableStreamArn === undefined) throw new Error(`${this.node.path} has no stream to feed a door from`);
    door.lend({
      name: `Read${name}`,
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [tableStreamArn],
    });
    door.lend({ name: 'ListStreams', actions: ['dynamodb:ListStreams'], resources: ['*'] }); // has no narrower resource
    this.lendKey(door, 'Read', ['kms:Decrypt', 'kms:DescribeKey']);
    parked.letPark(door);
    new CfnEventSourceMapping(door, name, {
      functionName: door.function.functionName,
      eventSourceArn: tableStreamArn,
      startingPosition: 'TRIM_HORIZON', // a new mapping must not skip what waits
      batchSize: batch,
      maximumBatchingWindowInSeconds: seconds,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 20,
      filterCriteria: { filters: filters.map((filter) => ({ pattern: JSON.stringify(filter) })) },
      destinationConfig: { onFailure: { destination: parked.arn } },
    });
  }

  private lendKey(door: Borrower, purpose: 'Read' | 'Write', actions: readonly string[]): void {
    const { region } = this.table.stack;
    door.lend({
      name: `${purpose}TablesUnder${this.encryptionKey.node.id}Key`,
      actions,
      resources: [this.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` } },
    });
  }
}
