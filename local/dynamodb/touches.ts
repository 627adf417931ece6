import { AwsError, type Call } from '../front-door/service.ts';
import { attributesOf, partitionValueOf } from './expressions.ts';
import type { Table } from './table.ts';
import { type Document, type Item, item, object, objects, plain, text } from './wire.ts';

/** One action on one table or index: what a call comes to for IAM. */
export interface Touch {
  /** Without its service: `PutItem`. */
  readonly action: string;
  readonly table: string;
  readonly index?: string;
  /** Condition keys of the request (Service Authorization Reference, "Amazon DynamoDB"). */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/** Item-level operations, and whether they read or write: that is whose units they use. */
export const ITEM_OPERATIONS: Readonly<Record<string, 'read' | 'write'>> = {
  GetItem: 'read',
  BatchGetItem: 'read',
  Query: 'read',
  Scan: 'read',
  TransactGetItems: 'read',
  PutItem: 'write',
  UpdateItem: 'write',
  DeleteItem: 'write',
  BatchWriteItem: 'write',
  TransactWriteItems: 'write',
};

/** Every action that a call asks for, table by table and, in transactions, item by item. */
export function touchesOf(call: Call, tables: ReadonlyMap<string, Table>): readonly Touch[] {
  const { operation, input } = call;
  const touch = (action: string, request: Document, found: Found, more: Touch['context'] = {}): Touch => {
    const table = tableNameOf(request);
    const index = text(request.IndexName);
    return { action, table, index, context: contextOf(action, request, found, tables.get(table), more) };
  };
  const consumed = text(input.ReturnConsumedCapacity);
  const consumption: Touch['context'] =
    consumed === undefined ? {} : { 'dynamodb:ReturnConsumedCapacity': consumed };

  if (operation === 'TransactWriteItems' || operation === 'TransactGetItems') {
    return objects(input.TransactItems).flatMap((entry) =>
      Object.entries(entry).map(([kind, request]) =>
        touch(TRANSACTION_ACTIONS[kind] ?? kind, object(request), foundIn(object(request)), {
          ...consumption,
          'dynamodb:EnclosingOperation': operation,
        }),
      ),
    );
  }
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    return Object.entries(object(input.RequestItems)).map(([table, request]) =>
      touch(operation, { ...object(request), TableName: table }, foundInBatch(request), consumption),
    );
  }
  return [touch(operation, input, foundIn(input), consumption)];
}

/** The table's name, also where the caller named it by ARN. */
export function tableNameOf(request: Document): string {
  const name = text(request.TableName);
  if (name === undefined) {
    throw new AwsError(
      'ValidationException',
      "The parameter 'TableName' is required but was not present in the request",
    );
  }
  return name.replace(/^arn:.*:table\//, '');
}

const TRANSACTION_ACTIONS: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

/** The keys and items that stand in a request. */
interface Found {
  readonly keys: readonly Item[];
  readonly items: readonly Item[];
}

function foundIn(request: Document): Found {
  return {
    keys: request.Key === undefined ? [] : [item(request.Key)],
    items: request.Item === undefined ? [] : [item(request.Item)],
  };
}

function foundInBatch(request: unknown): Found {
  const writes = objects(request);
  return {
    keys: [
      ...objects(object(request).Keys).map(item),
      ...writes.filter((write) => write.DeleteRequest).map((write) => item(object(write.DeleteRequest).Key)),
    ],
    items: writes.filter((write) => write.PutRequest).map((write) => item(object(write.PutRequest).Item)),
  };
}

function contextOf(
  action: string,
  request: Document,
  found: Found,
  table: Table | undefined,
  more: Touch['context'],
): Touch['context'] {
  const index = text(request.IndexName);
  const [partition] = (index === undefined ? table?.keys : table?.indexes.get(index)?.keys) ?? [];
  const leading = leadingKeys(request, found, partition);
  const inItems = [...found.keys, ...found.items].flatMap((entry) => Object.keys(entry));
  const attributes = [...new Set([...inItems, ...attributesOf(request)])];
  const select = selectOf(action, request);
  return {
    ...more,
    ...(leading.length > 0 ? { 'dynamodb:LeadingKeys': leading } : {}),
    ...(attributes.length > 0 ? { 'dynamodb:Attributes': attributes } : {}),
    ...(select === undefined ? {} : { 'dynamodb:Select': select }),
    ...(WITH_RETURN_VALUES.has(action)
      ? { 'dynamodb:ReturnValues': text(request.ReturnValues) ?? 'NONE' }
      : {}),
  };
}

const WITH_RETURN_VALUES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

function leadingKeys(request: Document, found: Found, partition: string | undefined): string[] {
  if (partition === undefined) return [];
  const values = [...found.keys, ...found.items].map((entry) => entry[partition]);
  const asked = partitionValueOf(request, partition);
  return [...new Set([...values, asked].filter((value) => value !== undefined).map(plain))];
}

/** The effective value: DynamoDB fills in a default where the request says nothing (API reference, Query, "Select"). */
function selectOf(action: string, request: Document): string | undefined {
  if (!['GetItem', 'BatchGetItem', 'Query', 'Scan'].includes(action)) return undefined;
  const asked = text(request.Select);
  if (asked !== undefined) return asked;
  if (request.ProjectionExpression !== undefined || request.AttributesToGet !== undefined)
    return 'SPECIFIC_ATTRIBUTES';
  return request.IndexName === undefined ? 'ALL_ATTRIBUTES' : 'ALL_PROJECTED_ATTRIBUTES';
}
