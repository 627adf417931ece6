import { type Account, arn } from '../account.ts';
import { checkPolicy } from '../iam/check-policy.ts';
import type { NamedPolicy, PolicyDocument } from '../iam/policy.ts';
import type { Identify, Resource } from '../template/resource.ts';
import { type Document, object, objects, text } from './wire.ts';

/** A table as the template asks for it. */
export interface Table {
  readonly name: string;
  readonly arn: string;
  /** Names of the key attributes: partition key first, then the sort key where there is one. */
  readonly keys: readonly string[];
  readonly indexes: ReadonlyMap<string, Index>;
  readonly timeToLive?: string;
  /** Whether it refuses deletion; here nothing deletes a table, so it is told and never tried. */
  readonly isProtected: boolean;
  /** The customer managed key it is encrypted under; absent for keys that AWS owns or manages. */
  readonly keyArn?: string;
  readonly streamArn?: string;
  /** The table's resource-based policy, which holds for its indexes too. */
  readonly resourcePolicy?: NamedPolicy;
  readonly streamPolicy?: NamedPolicy;
  /** What CreateTable takes. */
  readonly definition: Document;
}

/** A secondary index, global or local. */
export interface Index {
  readonly keys: readonly string[];
  readonly projection: Document;
}

/** `Ref` is the table's name; `StreamArn` exists where the table has a stream. */
export const identifyTable: Identify = ({ account, stack, logicalId, seed, property }) => {
  const name = text(property('TableName')) ?? `${stack}-${logicalId}-${seed.slice(0, 13).toUpperCase()}`;
  const tableArn = arn(account, 'dynamodb', `table/${name}`);
  const hasStream = property('StreamSpecification') !== undefined;
  const attributes = { Arn: tableArn };
  return {
    ref: name,
    attributes: hasStream ? { ...attributes, StreamArn: `${tableArn}/stream/${STREAM_LABEL}` } : attributes,
  };
};

/** Reads an AWS::DynamoDB::Table; throws for a property that would change what the table does and is not done here. */
export function tableOf(resource: Resource, account: Account): Table {
  const given = resource.properties;
  const where = `${resource.stack}.${resource.logicalId} (${resource.type})`;
  for (const name of Object.keys(given)) {
    if (!ENFORCED.has(name) && !INERT.has(name)) {
      throw new Error(
        `${where} sets ${name}, which the local tables do not do; take it out or run this table elsewhere`,
      );
    }
  }
  const indexes = [...objects(given.GlobalSecondaryIndexes), ...objects(given.LocalSecondaryIndexes)];
  const ttl = object(given.TimeToLiveSpecification);

  return {
    name: resource.ref,
    arn: arn(account, 'dynamodb', `table/${resource.ref}`),
    keys: keyNames(given.KeySchema),
    indexes: new Map(
      indexes.map((index) => [
        text(index.IndexName) ?? '',
        { keys: keyNames(index.KeySchema), projection: object(index.Projection) },
      ]),
    ),
    isProtected: isTrue(given.DeletionProtectionEnabled),
    timeToLive: isTrue(ttl.Enabled) ? text(ttl.AttributeName) : undefined,
    keyArn: customerKey(object(given.SSESpecification), account, where),
    streamArn: resource.attributes.StreamArn,
    resourcePolicy: policyIn(given, `${resource.logicalId} resource policy`),
    streamPolicy: policyIn(object(given.StreamSpecification), `${resource.logicalId} stream policy`),
    definition: definitionOf(resource.ref, given),
  };
}

/** Properties that this folder acts on. */
const ENFORCED = new Set([
  'TableName',
  'AttributeDefinitions',
  'KeySchema',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
  'BillingMode',
  'ProvisionedThroughput',
  'StreamSpecification',
  'TimeToLiveSpecification',
  'SSESpecification',
  'ResourcePolicy',
]);

/** Properties without effect on what an API call of a function answers: backups, cost, metrics, names. */
const INERT = new Set([
  'PointInTimeRecoverySpecification',
  'DeletionProtectionEnabled',
  'ContributorInsightsSpecification',
  'TableClass',
  'Tags',
  'WarmThroughput',
]);

/** Stands for the moment a stream was enabled; constant, so that the ARN is known without a running table. */
const STREAM_LABEL = '2026-01-01T00:00:00.000';

function policyIn(given: Document, name: string): NamedPolicy | undefined {
  const { PolicyDocument: document } = object(given.ResourcePolicy);
  if (document === undefined) return undefined;
  const policy = { name, document: document as PolicyDocument };
  checkPolicy(policy, 'resource');
  return policy;
}

function keyNames(schema: unknown): string[] {
  return objects(schema)
    .toSorted((a, b) => String(a.KeyType).localeCompare(String(b.KeyType))) // HASH before RANGE
    .map((key) => text(key.AttributeName) ?? '');
}

function customerKey(sse: Document, account: Account, where: string): string | undefined {
  const key = text(sse.KMSMasterKeyId);
  if (!isTrue(sse.SSEEnabled) || key === undefined || key === 'alias/aws/dynamodb') return undefined;
  if (key.startsWith('alias/') || key.includes(':alias/')) {
    throw new Error(`${where} names its key by the alias ${key}; name it by the key's ARN`);
  }
  return key.startsWith('arn:') ? key : arn(account, 'kms', `key/${key}`);
}

function definitionOf(name: string, given: Document): Document {
  const provisioned = given.BillingMode !== 'PAY_PER_REQUEST';
  const throughput = provisioned ? { ProvisionedThroughput: numbers(given.ProvisionedThroughput) } : {};
  const index = (from: Document, withThroughput: boolean) => ({
    IndexName: from.IndexName,
    KeySchema: from.KeySchema,
    Projection: from.Projection,
    ...(withThroughput && provisioned ? { ProvisionedThroughput: numbers(from.ProvisionedThroughput) } : {}),
  });
  const global = objects(given.GlobalSecondaryIndexes).map((from) => index(from, true));
  const local = objects(given.LocalSecondaryIndexes).map((from) => index(from, false));
  const view = object(given.StreamSpecification).StreamViewType;
  return {
    TableName: name,
    AttributeDefinitions: given.AttributeDefinitions,
    KeySchema: given.KeySchema,
    BillingMode: provisioned ? 'PROVISIONED' : 'PAY_PER_REQUEST',
    ...throughput,
    ...(global.length > 0 ? { GlobalSecondaryIndexes: global } : {}),
    ...(local.length > 0 ? { LocalSecondaryIndexes: local } : {}),
    ...(view === undefined ? {} : { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
  };
}

/** CloudFormation takes numbers and booleans as text too. */
function numbers(value: unknown): Document {
  return Object.fromEntries(Object.entries(object(value)).map(([name, given]) => [name, Number(given)]));
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
