import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Request, Requests } from '../domain/approvals.ts';
import { keys } from './keys.ts';

const RequestItem = z.object({
  by: z.string(),
  session: z.string().default(''),
  auth: z.number().default(0), // asked before the sign-in was kept: any stamp on the person takes it off
  until: z.number(),
});

/** Acts that wait for a second person, in the People table: one for each operation and object. */
export function requests(client: DynamoDBDocumentClient, table: string): Requests {
  return {
    ask: async (request, now) => {
      const { operation, object, requestedBy: by, session, authenticatedAt: auth, until } = request;
      const Item = { ...keys.request(operation, object), by, session, auth, until };
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: { ...Item, expiresAt: Math.ceil(until / 1000) },
            ConditionExpression: 'attribute_not_exists(pk) OR #until <= :now',
            ExpressionAttributeNames: { '#until': 'until' },
            ExpressionAttributeValues: { ':now': now },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return request;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
        const standing = RequestItem.parse(unmarshall(error.Item));
        return {
          ...{ operation, object, requestedBy: standing.by, until: standing.until },
          ...{ session: standing.session, authenticatedAt: standing.auth },
        };
      }
    },

    close: async ({ operation, object, requestedBy, until }: Request) => {
      try {
        await client.send(
          new DeleteCommand({
            TableName: table,
            Key: keys.request(operation, object),
            ConditionExpression: '#by = :by AND #until = :until', // another may stand there by now
            ExpressionAttributeNames: { '#by': 'by', '#until': 'until' },
            ExpressionAttributeValues: { ':by': requestedBy, ':until': until },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}
