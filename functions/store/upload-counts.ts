import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { UploadCounts, UploadQuota } from '../domain/upload-quota.ts';
import { keys } from './keys.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What was begun to be uploaded, one item of the Conversations table by person and day, until the day after it is over. */
export function uploadCounts(
  client: DynamoDBDocumentClient,
  table: string,
  quota: UploadQuota,
): UploadCounts {
  return {
    add: async ({ uploader, bytes, at }) => {
      if (bytes > quota.bytes) return false; // the condition looks at what was there before
      const day = new Date(at).toISOString().slice(0, 'YYYY-MM-DD'.length);
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.uploaded(uploader, day),
            UpdateExpression: 'ADD #bytes :bytes, #uploads :one SET expiresAt = :until',
            ConditionExpression: 'attribute_not_exists(pk) OR (#bytes <= :room AND #uploads < :most)',
            ExpressionAttributeNames: { '#bytes': 'bytes', '#uploads': 'uploads' },
            ExpressionAttributeValues: {
              ...{ ':bytes': bytes, ':one': 1, ':room': quota.bytes - bytes, ':most': quota.uploads },
              ':until': (Date.parse(day) + 2 * DAY_MS) / 1000,
            },
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
