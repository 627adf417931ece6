import { ConditionalCheckFailedException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Listing, Lists } from '../domain/lists.ts';
import { conversationOf, keys } from './keys.ts';

const ListingItem = z.object({ pk: z.string(), sk: z.string(), readUpTo: z.number().default(0) });

/** Every sort key of a list is below it. */
const END = '~';

/** Lists of conversations in the People table, with the mark of what was read. */
export function lists(client: DynamoDBDocumentClient, table: string): Lists {
  return {
    page: async (person, { after = '', through = END }, limit) => {
      if (after >= through) return { listings: [], more: false }; // DynamoDB refuses a range that ends before it begins
      const first = keys.listing(person, after);
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':pk': first.pk,
            ':from': `${first.sk} `, // a space sorts below every character of an id: just above `after` itself
            ':to': keys.listing(person, through).sk,
          },
          Limit: limit,
        }),
      );
      return { listings: Items.map(listingOf), more: LastEvaluatedKey !== undefined };
    },

    mark: async (person, conversationId, upTo) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.listing(person, conversationId),
            UpdateExpression: 'SET readUpTo = :upTo',
            ConditionExpression:
              'attribute_exists(pk) AND (attribute_not_exists(readUpTo) OR readUpTo < :upTo)',
            ExpressionAttributeValues: { ':upTo': upTo },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return { outcome: 'marked', upTo };
      } catch (error) {
        if (error instanceof TransactionConflictException) return { outcome: 'conflict' };
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        if (!error.Item) return { outcome: 'absent' };
        return { outcome: 'marked', upTo: listingOf(unmarshall(error.Item)).readUpTo };
      }
    },
  };
}

function listingOf(item: unknown): Listing {
  const { sk, readUpTo } = ListingItem.parse(item);
  return { conversationId: conversationOf({ sk }), readUpTo };
}
