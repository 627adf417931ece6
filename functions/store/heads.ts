import { ConditionalCheckFailedException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Titles } from '../domain/destroy-keys.ts';
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
