import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { DeletionList } from '../domain/follow-messages.ts';
import { keys } from './keys.ts';

/** Attachments that one run deletes: each costs a few calls, and the rest is deleted a minute later. */
const AT_ONCE = 100;

const OverItem = z.object({ conversation: z.string(), attachment: z.string() });

/** Attachments that are over, in one partition of the Conversations table: they are few at any time. */
export function deletionList(client: DynamoDBDocumentClient, table: string): DeletionList {
  return {
    put: async (name) => {
      const { conversationId: conversation, attachmentId: attachment } = name;
      await client.send(
        new PutCommand({ TableName: table, Item: { ...keys.over(name), conversation, attachment } }),
      );
    },

    next: async () => {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :over',
          ExpressionAttributeValues: { ':over': keys.overs.pk },
          Limit: AT_ONCE,
          ConsistentRead: true,
        }),
      );
      return Items.map((item) => {
        const { conversation, attachment } = OverItem.parse(item);
        return { conversationId: conversation, attachmentId: attachment };
      });
    },

    done: async (name) => {
      await client.send(new DeleteCommand({ TableName: table, Key: keys.over(name) }));
    },
  };
}
