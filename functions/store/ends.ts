import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Ends } from '../domain/append-membership.ts';
import { keys } from './keys.ts';

/** Ends of one part: each costs a few calls. */
const PART = 100;

const EndItem = z.object({ conversation: z.string(), who: z.string(), until: z.number() });

/** Memberships that have an end, by that end, in one partition of the Conversations table: they are few. */
export function ends(client: DynamoDBDocumentClient, table: string): Ends {
  return {
    note: async (end) => {
      const { conversationId: conversation, person: who, until } = end;
      await client.send(
        new PutCommand({ TableName: table, Item: { ...keys.end(end), conversation, who, until } }),
      );
    },

    due: async function* (now) {
      const query = {
        TableName: table,
        KeyConditionExpression: 'pk = :ends AND sk < :after',
        ExpressionAttributeValues: { ':ends': keys.ends.pk, ':after': keys.endsAfter(now).sk },
        ConsistentRead: true,
      };
      for await (const { Items = [] } of paginateQuery({ client, pageSize: PART }, query))
        yield Items.map((item) => {
          const { conversation, who, until } = EndItem.parse(item);
          return { conversationId: conversation, person: who, until };
        });
    },

    forget: async (end) => {
      await client.send(new DeleteCommand({ TableName: table, Key: keys.end(end) }));
    },
  };
}
