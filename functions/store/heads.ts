import { ConditionalCheckFailedException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { ConversationId } from '../../protocol/ids.ts';
import type { Deletion, Deletions } from '../domain/deletions.ts';
import type { Titles } from '../domain/destroy-keys.ts';
import { hashOf } from '../domain/entry.ts';
import type { Standings } from '../domain/lists.ts';
import type { Heads } from '../domain/raise-heads.ts';
import { batchGet } from './batch-get.ts';
import { keys, placeOf } from './keys.ts';

const StandingItem = z.object({
  pk: z.string(),
  sk: z.string(),
  last: z.number(),
  lastAt: z.number(),
  mv: z.number(),
});

/** The marks of heads in the Conversations table; they only ever move forward. */
export function heads(client: DynamoDBDocumentClient, table: string): Heads {
  return {
    raise: async ({ conversationId, last, lastHash, lastAt }) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.head(conversationId),
            UpdateExpression: 'SET #last = :last, lastHash = :hash, lastAt = :at',
            ConditionExpression: '#last < :last',
            ExpressionAttributeNames: { '#last': 'last' },
            ExpressionAttributeValues: { ':last': last, ':hash': lastHash, ':at': lastAt },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error; // it stands there or further already
      }
    },
  };
}

/** The titles in the heads of the Conversations table. */
export function titles(client: DynamoDBDocumentClient, table: string): Titles {
  return {
    replace: async (conversationId, before, after) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.head(conversationId),
            UpdateExpression: 'SET titleEpoch = :epoch, title = :title',
            ConditionExpression: 'title = :before',
            ExpressionAttributeValues: {
              ':epoch': after.epoch,
              ':title': after.bytes,
              ':before': before.bytes,
            },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        if (error instanceof TransactionConflictException) return false; // a change of membership is under way
        throw error;
      }
    },
  };
}

/** What was deleted by its date: how far, in the heads, and each by its ids, beside the log. */
export function deletions(client: DynamoDBDocumentClient, table: string): Deletions {
  return {
    reach: async (conversationId, seq) => {
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.head(conversationId),
            UpdateExpression: 'SET deletedUpTo = :seq',
            ConditionExpression:
              'attribute_exists(pk) AND (attribute_not_exists(deletedUpTo) OR deletedUpTo < :seq)',
            ExpressionAttributeValues: { ':seq': seq },
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return DaysItem.parse(Attributes).retentionDays;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return error.Item && DaysItem.parse(unmarshall(error.Item)).retentionDays; // further already, or gone
      }
    },

    record: async (conversationId, deleted, days) => {
      await Promise.all(
        inItems(conversationId, deleted).map(([Key, ofItem]) =>
          client.send(new UpdateCommand({ TableName: table, Key, ...recording(ofItem, days) })),
        ),
      );
    },
  };
}

const DaysItem = z.object({ retentionDays: z.number() });

/** The items that record these deletions, each with its own. */
function inItems(conversationId: ConversationId, deleted: readonly Deletion[]) {
  const items = new Map<string, [ReturnType<typeof keys.deletions>, Deletion[]]>();
  for (const one of deleted) {
    const key = keys.deletions(conversationId, one.entry.seq);
    const [, known] = items.get(key.sk) ?? [key, []];
    items.set(key.sk, [key, [...known, one]]);
  }
  return [...items.values()];
}

/** Adds to a record what is not in it, so that batches may come again and in other parts. */
function recording(deleted: readonly Deletion[], days: number | undefined) {
  const places = deleted.map((one, place) => ({ ...one, name: `#${place}`, value: `:${place}` }));
  return {
    UpdateExpression: `SET ${places.map(({ name, value }) => `${name}=if_not_exists(${name},${value})`).join(',')}`,
    ExpressionAttributeNames: Object.fromEntries(places.map(({ name, entry }) => [name, String(entry.seq)])),
    ExpressionAttributeValues: Object.fromEntries(
      places.map(({ value, entry, deletedAt }) => [
        value,
        { id: entry.messageId, hash: hashOf(entry), deletedAt, ...(days !== undefined && { days }) },
      ]),
    ),
  };
}

/** How far each of many conversations has come, from their heads in the Conversations table. */
export function standings(client: DynamoDBDocumentClient, table: string): Standings {
  return {
    of: async (conversations) => {
      const items = await batchGet(
        client,
        table,
        conversations.map((conversationId) => keys.head(conversationId)),
        { only: ['pk', 'sk', 'last', 'lastAt', 'mv'], consistent: false },
      );
      return new Map(
        items.map((item) => {
          const { last, lastAt, mv, ...key } = StandingItem.parse(item);
          return [placeOf(key).conversationId, { last, lastAt, membersVersion: mv }];
        }),
      );
    },
  };
}
