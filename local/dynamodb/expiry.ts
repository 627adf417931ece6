import { AwsError } from '../front-door/service.ts';
import type { EngineClient } from './engine-client.ts';
import type { Table } from './table.ts';
import { type Item, item, objects } from './wire.ts';

/** Told of each item that time to live is about to delete. */
export type OnExpiring = (table: Table, expired: Item) => void;

/**
 * Deletes the items of a table whose time-to-live attribute, a number of seconds since the epoch, lies before `now`
 * (milliseconds), and returns them as they were. As on AWS an item more than five years past is left alone
 * (DynamoDB developer guide, "How it works: DynamoDB Time to Live").
 */
export async function deleteExpired(
  engine: EngineClient,
  table: Table,
  now: number,
  onExpiring?: OnExpiring,
): Promise<Item[]> {
  if (table.timeToLive === undefined) return [];
  const seconds = Math.floor(now / 1000);
  const deleted: Item[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const page = await engine.call('Scan', {
      TableName: table.name,
      ConsistentRead: true,
      FilterExpression: 'attribute_type(#ttl, :number) AND #ttl <= :now AND #ttl > :forgotten',
      ExpressionAttributeNames: { '#ttl': table.timeToLive },
      ExpressionAttributeValues: {
        ':number': { S: 'N' },
        ':now': { N: `${seconds}` },
        ':forgotten': { N: `${seconds - FIVE_YEARS_S}` },
      },
      ExclusiveStartKey,
    });
    for (const expired of objects(page.Items).map(item)) {
      if (await deleteStill(engine, table, table.timeToLive, expired, onExpiring)) deleted.push(expired);
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return deleted;
}

const FIVE_YEARS_S = 5 * 365 * 24 * 3600;

/** False where the item was given a longer life, or went, since it was read. */
async function deleteStill(
  engine: EngineClient,
  table: Table,
  attribute: string,
  expired: Item,
  onExpiring?: OnExpiring,
): Promise<boolean> {
  onExpiring?.(table, expired);
  try {
    await engine.call('DeleteItem', {
      TableName: table.name,
      Key: Object.fromEntries(Object.entries(expired).filter(([name]) => table.keys.includes(name))),
      ConditionExpression: '#ttl = :seen',
      ExpressionAttributeNames: { '#ttl': attribute },
      ExpressionAttributeValues: { ':seen': expired[attribute] },
    });
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
