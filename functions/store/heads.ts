import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Heads } from '../domain/raise-heads.ts';
import { keys } from './keys.ts';

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
