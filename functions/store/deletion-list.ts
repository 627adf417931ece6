import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { DeletionList } from '../domain/follow-messages.ts';
import { keys } from './keys.ts';

/** Attachments of one part: each costs a few calls. */
const PART = 100;

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

    standing: async function* () {
      const query = {
        TableName: table,
        KeyConditionExpression: 'pk = :over',
        ExpressionAttributeValues: { ':over': keys.overs.pk },
        ConsistentRead: true,
      };
      for await (const { Items = [] } of paginateQuery({ client, pageSize: PART }, query))
        yield Items.map((item) => {
          const { conversation, attachment } = OverItem.parse(item);
          return { conversationId: conversation, attachmentId: attachment };
        });
    },

    done: async (name) => {
      await client.send(new DeleteCommand({ TableName: table, Key: keys.over(name) }));
    },
  };
}
