import { type Account, arn } from '../account.ts';
import type { Call, TrailFacts } from '../front-door/service.ts';
import type { Table } from './table.ts';
import { ITEM_OPERATIONS, touchesOf } from './touches.ts';
import { type Document, item, object, objects, plain, text } from './wire.ts';

/**
 * The call as CloudTrail logs it (DynamoDB developer guide, "Understanding DynamoDB log file entries"): key values stand
 * there in the clear, other attributes by name alone, expressions without their values.
 */
export function trailOf(call: Call, tables: ReadonlyMap<string, Table>, account: Account): TrailFacts {
  const direction = ITEM_OPERATIONS[call.operation];
  return {
    category: direction === undefined ? 'Management' : 'Data',
    readOnly: direction !== 'write',
    resources: tablesNamed(call, tables).map((name) => ({
      type: 'AWS::DynamoDB::Table',
      arn: arn(account, 'dynamodb', `table/${name}`),
    })),
    requestParameters: parametersOf(call, tables),
  };
}

/** A refused call may be too malformed to name a table. */
function tablesNamed(call: Call, tables: ReadonlyMap<string, Table>): string[] {
  try {
    return [...new Set(touchesOf(call, tables).map((touch) => touch.table))];
  } catch {
    return [];
  }
}

function parametersOf({ operation, input }: Call, tables: ReadonlyMap<string, Table>): Document {
  const common = shown(input);
  if (operation === 'TransactWriteItems' || operation === 'TransactGetItems') {
    const requestItems = objects(input.TransactItems).flatMap((entry) =>
      Object.entries(entry).map(([kind, request]) => ({
        operation: kind,
        ...itemParameters(object(request), tables, 'items'),
      })),
    );
    return { requestItems, ...common };
  }
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    return { requestItems: batchParameters(object(input.RequestItems), tables), ...common };
  }
  return itemParameters(input, tables, 'item');
}

function batchParameters(requests: Document, tables: ReadonlyMap<string, Table>): Document[] {
  return Object.entries(requests).flatMap(([TableName, request]) => [
    ...objects(object(request).Keys).map((Key) =>
      itemParameters({ ...shownOnly(request), TableName, Key }, tables, 'items'),
    ),
    ...objects(request).flatMap((write) =>
      Object.entries(write).map(([kind, content]) => ({
        operation: kind.replace('Request', ''),
        ...itemParameters({ ...object(content), TableName }, tables, 'items'),
      })),
    ),
  ]);
}

function itemParameters(
  request: Document,
  tables: ReadonlyMap<string, Table>,
  itemName: 'item' | 'items',
): Document {
  const name = text(request.TableName) ?? '';
  const written = item(request.Item);
  const key = request.Key === undefined ? written : item(request.Key);
  const keyNames = tables.get(name)?.keys ?? Object.keys(item(request.Key));
  const keyValues = keyNames
    .filter((attribute) => attribute in key)
    .map((attribute) => [attribute, plain(key[attribute])]);
  return {
    tableName: name,
    ...(keyValues.length > 0 ? { key: Object.fromEntries(keyValues) } : {}),
    ...(request.Item === undefined ? {} : { [itemName]: Object.keys(written) }),
    ...shown(request),
  };
}

/** Parameters that can hold no attribute's value. */
const SHOWN = [
  'IndexName',
  'ConsistentRead',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
  'UpdateExpression',
  'ConditionExpression',
  'ExpressionAttributeNames',
  'Limit',
  'ScanIndexForward',
  'Select',
  'Segment',
  'TotalSegments',
  'ReturnValues',
  'ReturnValuesOnConditionCheckFailure',
  'ReturnConsumedCapacity',
  'ReturnItemCollectionMetrics',
];

function shown(request: Document): Document {
  const present = SHOWN.filter((name) => request[name] !== undefined);
  return Object.fromEntries(
    present.map((name) => [name.charAt(0).toLowerCase() + name.slice(1), request[name]]),
  );
}

function shownOnly(request: unknown): Document {
  const given = object(request);
  return Object.fromEntries(
    SHOWN.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]),
  );
}
