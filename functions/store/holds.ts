import { ConditionalCheckFailedException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Hold, Holds } from '../domain/holds.ts';
import { keys } from './keys.ts';
import { placings } from './placings.ts';

const HoldItem = z.object({
  sk: z.string(),
  reason: z.string(),
  people: z.array(z.string()),
  conversations: z.array(z.string()),
  state: z.enum(['pending', 'in-force', 'releasing', 'released']),
  placedBy: z.string(),
  placedAt: z.number(),
  inForceFrom: z.number().optional(),
  releasedBy: z.array(z.string()).optional(),
  releasedAt: z.number().optional(),
  destroyed: z.array(z.string()).optional(),
  restamp: z.number(),
});

/** Legal holds, in one partition of the Conversations table, and what heads say of them. */
export function holds(client: DynamoDBDocumentClient, table: string): Holds {
  return {
    ...placings(client, table),

    all: async () => {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.hold('').pk },
      };
      const found: Hold[] = [];
      for await (const { Items = [] } of paginateQuery({ client }, query)) found.push(...Items.map(holdOf));
      return found;
    },

    one: async (holdId) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.hold(holdId), ConsistentRead: true }),
      );
      return Item && holdOf(Item);
    },

    place: async (hold) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: itemOf(hold),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return hold;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
        return holdOf(unmarshall(error.Item));
      }
    },

    replace: async (before, after) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: itemOf(after),
            ConditionExpression: '#state = :before',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: { ':before': before.state },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    keep: async (conversationId, kept) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.head(conversationId),
            UpdateExpression: 'ADD holds :kept',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':kept': new Set(kept) },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof TransactionConflictException) return false;
        throw error;
      }
    },
  };
}

function itemOf({ holdId, ...hold }: Hold) {
  return { ...keys.hold(holdId), ...hold };
}

function holdOf(item: unknown): Hold {
  const { sk: holdId, inForceFrom, releasedBy, releasedAt, destroyed, ...hold } = HoldItem.parse(item);
  return {
    holdId,
    ...hold,
    ...(inForceFrom !== undefined && { inForceFrom }),
    ...(releasedBy && { releasedBy }),
    ...(releasedAt !== undefined && { releasedAt }),
    ...(destroyed && { destroyed }),
  };
}
