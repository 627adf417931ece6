import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { QuarterEntry, QuarterList, QuarterLists } from '../domain/recertify.ts';
import { keys, listedPersonOf } from './keys.ts';

const ListItem = z.object({
  openedAt: z.number(),
  openedBy: z.string(),
  isFilled: z.boolean(),
  place: z.string().optional(),
});

const EntryItem = z.object({
  sk: z.string(),
  roles: z.array(z.string()),
  actsFor: z.array(z.string()).optional(),
  site: z.string().optional(),
  department: z.string().optional(),
  formerRoles: z.array(z.string()).optional(),
  recertifiedAt: z.number().optional(),
  verdict: z.enum(['keep', 'remove']).optional(),
  signedBy: z.string().optional(),
  signedAt: z.number().optional(),
});

/** Entries that are written at once: enough for a quarter's pace, and no burst for a table that others need. */
const AT_ONCE = 25;

/** Quarterly lists in the People table; nothing of them is ever deleted or overwritten, but an entry by its verdict. */
export function quarterLists(client: DynamoDBDocumentClient, table: string): QuarterLists {
  /** Puts an item unless the condition fails; gives the item that stands then. */
  const putIf = async (condition: string, Item: Record<string, unknown>): Promise<unknown> => {
    try {
      await client.send(
        new PutCommand({
          TableName: table,
          Item,
          ConditionExpression: condition,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return Item;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
      return unmarshall(error.Item);
    }
  };
  const get = async (Key: Record<string, string>) => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item;
  };

  return {
    begin: async ({ quarter, ...list }) =>
      listOf(quarter, await putIf('attribute_not_exists(pk)', { ...keys.quarterList(quarter), ...list })),

    list: async (quarter) => {
      const item = await get(keys.quarterList(quarter));
      return item && listOf(quarter, item);
    },

    fill: async (quarter, people) => {
      for (let start = 0; start < people.length; start += AT_ONCE) {
        const some = people.slice(start, start + AT_ONCE);
        await Promise.all(some.map((one) => putIf('attribute_not_exists(pk)', entryItem(quarter, one))));
      }
    },

    filledTo: async (quarter, place) => {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.quarterList(quarter),
          UpdateExpression: place === undefined ? 'SET isFilled = :yes REMOVE place' : 'SET place = :place',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: place === undefined ? { ':yes': true } : { ':place': place },
        }),
      );
    },

    count: async (quarter) => {
      const [people, signed] = await Promise.all([
        countOf(client, table, quarter),
        countOf(client, table, quarter, 'attribute_exists(verdict)'),
      ]);
      return { people, waiting: people - signed };
    },

    page: async (quarter, after, limit) => {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          ...entriesOf(quarter),
          ConsistentRead: true,
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: keys.quarterEntry(quarter, after) }),
        }),
      );
      return { entries: Items.map(entryOf), more: LastEvaluatedKey !== undefined };
    },

    entry: async (quarter, person) => {
      const item = await get(keys.quarterEntry(quarter, person));
      return item && entryOf(item);
    },

    sign: async (quarter, entry) =>
      entryOf(
        await putIf('attribute_exists(pk) AND attribute_not_exists(verdict)', entryItem(quarter, entry)),
      ),
  };
}

async function countOf(
  client: DynamoDBDocumentClient,
  table: string,
  quarter: string,
  filter?: string,
): Promise<number> {
  let found = 0;
  let from: Record<string, unknown> | undefined;
  do {
    const { Count = 0, LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: table,
        ...entriesOf(quarter),
        Select: 'COUNT',
        ConsistentRead: true,
        ...(filter !== undefined && { FilterExpression: filter }),
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    found += Count;
    from = LastEvaluatedKey;
  } while (from);
  return found;
}

/** The list's own item, `LIST`, sorts before them. */
function entriesOf(quarter: string) {
  return {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :person)',
    ExpressionAttributeValues: { ':pk': keys.quarterList(quarter).pk, ':person': 'P#' },
  };
}

function entryItem(quarter: string, { person, ...entry }: QuarterEntry): Record<string, unknown> {
  return { ...keys.quarterEntry(quarter, person), ...entry };
}

function entryOf(item: unknown): QuarterEntry {
  const { sk, ...entry } = EntryItem.parse(item);
  const there = Object.entries(entry).filter(([, value]) => value !== undefined);
  return { person: listedPersonOf({ sk }), roles: entry.roles, ...Object.fromEntries(there) };
}

function listOf(quarter: string, item: unknown): QuarterList {
  const { place, ...list } = ListItem.parse(item);
  return { quarter, ...list, ...(place !== undefined && { place }) };
}
