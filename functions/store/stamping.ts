import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { StampingStore } from '../domain/restamp.ts';
import { headOf } from './items.ts';
import { keys, placeOf } from './keys.ts';

const Place = z.object({ pk: z.string(), sk: z.string() });

const StampItem = z.object({
  ...Place.shape,
  at: z.number(),
  expiresAt: z.number().optional(),
});

/** Every head and every entry of the Conversations table, and what says when they go. */
export function stampingStore(client: DynamoDBDocumentClient, table: string): StampingStore {
  /** One read of at most 1 MB. It sees all that was written before it; what is written behind it is not its affair. */
  const scan = async <T>(after: string | undefined, filter: object, read: (item: unknown) => T) => {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ...filter,
        ...(after !== undefined && { ExclusiveStartKey: Place.parse(JSON.parse(after)) }),
      }),
    );
    const found = Items.map(read);
    return LastEvaluatedKey ? { found, next: JSON.stringify(LastEvaluatedKey) } : { found };
  };

  const update = async (input: Omit<ConstructorParameters<typeof UpdateCommand>[0], 'TableName'>) => {
    try {
      await client.send(
        new UpdateCommand({ TableName: table, ConditionExpression: 'attribute_exists(pk)', ...input }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error; // it is gone, and stays gone
    }
  };

  return {
    heads: (after) =>
      scan(
        after,
        { FilterExpression: 'sk = :head', ExpressionAttributeValues: { ':head': keys.head('').sk } },
        headOf,
      ),

    entries: (after) =>
      scan(
        after,
        {
          FilterExpression: 'begins_with(sk, :entries)',
          ProjectionExpression: 'pk, sk, #at, expiresAt',
          ExpressionAttributeNames: { '#at': 'at' },
          ExpressionAttributeValues: { ':entries': 'S#' },
        },
        (item) => {
          const { at, expiresAt, ...key } = StampItem.parse(item);
          return { ...placeOf(key), at, ...(expiresAt !== undefined && { storedUntil: expiresAt * 1000 }) };
        },
      ),

    bring: async ({ conversationId, holds = [] }, wanted) => {
      const Key = keys.head(conversationId);
      const added = wanted.holds.filter((holdId) => !holds.includes(holdId));
      const taken = holds.filter((holdId) => !wanted.holds.includes(holdId));
      await update({
        Key,
        UpdateExpression: `SET retentionDays = :days${added.length > 0 ? ' ADD holds :added' : ''}`,
        ExpressionAttributeValues: {
          ':days': wanted.retentionDays,
          ...(added.length > 0 && { ':added': new Set(added) }),
        },
      });
      if (taken.length === 0) return;
      await update({
        Key,
        UpdateExpression: 'DELETE holds :taken', // one by one: a hold that was noted meanwhile stays
        ExpressionAttributeValues: { ':taken': new Set(taken) },
      });
    },

    stamp: ({ conversationId, seq }, storedUntil) =>
      update({
        Key: keys.entry(conversationId, seq),
        ...(storedUntil === undefined
          ? { UpdateExpression: 'REMOVE expiresAt' }
          : {
              UpdateExpression: 'SET expiresAt = :until',
              ExpressionAttributeValues: { ':until': Math.ceil(storedUntil / 1000) },
            }),
      }),
  };
}
