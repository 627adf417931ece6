import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Amendment, Amendments } from '../domain/amendments.ts';
import { keys } from './keys.ts';

const Sealed = z.object({
  epoch: z.string(),
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
});
const Judged = z.object({ by: z.string(), at: z.number(), note: Sealed });
const AmendmentItem = z.object({
  sk: z.string(),
  conversationId: z.string(),
  seq: z.number(),
  person: z.string(),
  at: z.number(),
  state: z.enum(['open', 'accepted', 'denied']),
  text: Sealed,
  extended: Judged.optional(),
  decided: Judged.optional(),
});

/** Requests to amend messages, in one partition of the Conversations table: they are few. */
export function amendments(client: DynamoDBDocumentClient, table: string): Amendments {
  return {
    all: async () => {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.amendment('').pk },
      };
      const found: Amendment[] = [];
      for await (const { Items = [] } of paginateQuery({ client }, query))
        found.push(...Items.map(amendmentOf));
      return found;
    },

    one: async (amendmentId) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.amendment(amendmentId), ConsistentRead: true }),
      );
      return Item && amendmentOf(Item);
    },

    begin: async (wanted) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: itemOf(wanted),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return wanted;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
        return amendmentOf(unmarshall(error.Item));
      }
    },

    replace: async (before, after) => {
      const isAsBefore = `attribute_${before.extended ? '' : 'not_'}exists(#extended)`;
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: itemOf(after),
            ConditionExpression: `#state = :open AND ${isAsBefore}`,
            ExpressionAttributeNames: { '#state': 'state', '#extended': 'extended' },
            ExpressionAttributeValues: { ':open': 'open' },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

function itemOf({ amendmentId, ...said }: Amendment) {
  return { ...keys.amendment(amendmentId), ...said };
}

function amendmentOf(item: unknown): Amendment {
  const { sk: amendmentId, extended, decided, ...said } = AmendmentItem.parse(item);
  return { amendmentId, ...said, ...(extended && { extended }), ...(decided && { decided }) };
}
