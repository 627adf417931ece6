import { usedBy } from './expressions.ts';
import type { Table } from './table.ts';
import { tableNameOf } from './touches.ts';
import { type Document, type Item, item, object, objects, text } from './wire.ts';

/**
 * Splits a TransactWriteItems in two requests that leave, one after the other, what the whole would have left: the first
 * checks every condition and writes the places in `first` (@default the first half), the second writes the rest. Between them a reader sees what a reader
 * on AWS may see of a transaction in flight (DynamoDB developer guide, "Isolation levels for transactions").
 */
export function halvesOf(
  input: Document,
  tables: ReadonlyMap<string, Table>,
  first?: readonly number[],
): readonly [Document, Document] {
  const entries = objects(input.TransactItems);
  const writes = entries.flatMap((entry, place) => ('ConditionCheck' in entry ? [] : [place]));
  const early = new Set(first ?? writes.slice(0, Math.ceil(writes.length / 2)));
  const late = writes.filter((place) => !early.has(place));
  const { ClientRequestToken, ...rest } = input; // a token would make the second request a repeat of the first

  return [
    {
      ...rest,
      TransactItems: entries.map((entry, place) =>
        late.includes(place) ? conditionOnly(entry, tables) : entry,
      ),
    },
    { ...rest, TransactItems: late.map((place) => unconditional(entries[place] ?? {})) },
  ];
}

/** The same place in the list, so that cancellation reasons keep their order. */
function conditionOnly(entry: Document, tables: ReadonlyMap<string, Table>): Document {
  const request = object(Object.values(entry)[0]);
  const condition = text(request.ConditionExpression);
  return {
    ConditionCheck: {
      TableName: request.TableName,
      Key: request.Key ?? keyOf(request, tables),
      ...(condition === undefined // the item must hold its place all the same: this is true of any
        ? {
            ConditionExpression: 'attribute_exists(#any) OR attribute_not_exists(#any)',
            ExpressionAttributeNames: { '#any': 'any' },
          }
        : {
            ConditionExpression: condition,
            ExpressionAttributeNames: usedBy(condition, request.ExpressionAttributeNames),
            ExpressionAttributeValues: usedBy(condition, request.ExpressionAttributeValues),
            ReturnValuesOnConditionCheckFailure: request.ReturnValuesOnConditionCheckFailure,
          }),
    },
  };
}

function keyOf(put: Document, tables: ReadonlyMap<string, Table>): Item {
  const names = tables.get(tableNameOf(put))?.keys ?? [];
  return Object.fromEntries(Object.entries(item(put.Item)).filter(([name]) => names.includes(name)));
}

/** Its condition was decided with the first half. */
function unconditional(entry: Document): Document {
  const [kind = '', given] = Object.entries(entry)[0] ?? [];
  const { ConditionExpression, ReturnValuesOnConditionCheckFailure, ...request } = object(given);
  const update = text(request.UpdateExpression) ?? '';
  return {
    [kind]: {
      ...request,
      ExpressionAttributeNames: usedBy(update, request.ExpressionAttributeNames),
      ExpressionAttributeValues: usedBy(update, request.ExpressionAttributeValues),
    },
  };
}
