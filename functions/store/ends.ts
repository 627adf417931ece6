import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Ends } from '../domain/append-membership.ts';
import { keys } from './keys.ts';

/** Ends that one run takes: each costs a few calls, and the rest is taken a minute later. */
const AT_ONCE = 100;

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

    due: async (now) => {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :ends AND sk < :after',
          ExpressionAttributeValues: { ':ends': keys.ends.pk, ':after': keys.endsAfter(now).sk },
          Limit: AT_ONCE,
          ConsistentRead: true,
        }),
      );
      return Items.map((item) => {
        const { conversation, who, until } = EndItem.parse(item);
        return { conversationId: conversation, person: who, until };
      });
    },

    forget: async (end) => {
      await client.send(new DeleteCommand({ TableName: table, Key: keys.end(end) }));
    },
  };
}
