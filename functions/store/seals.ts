import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { NOTHING_YET } from '../audit/head.ts';
import type { Seals } from '../audit/seal-records.ts';
import { keys } from './keys.ts';

const SealsItem = z.object({
  nextDay: z.string(),
  number: z.int().optional(),
  hash: z.string().optional(),
  total: z.int().optional(),
  at: z.string().optional(),
  path: z.string().optional(),
});

/** How far the trail is sealed: one item of the Audit table, in a partition that no record is in and no stream's filter lets pass. */
export function seals(client: DynamoDBDocumentClient, table: string): Seals {
  return {
    next: async (day) => {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.seals,
          UpdateExpression: 'SET nextDay = if_not_exists(nextDay, :day)',
          ExpressionAttributeValues: { ':day': day },
          ReturnValues: 'ALL_NEW',
        }),
      );
      const { nextDay, path, ...known } = SealsItem.parse(Attributes);
      return {
        reached: { ...NOTHING_YET, ...known },
        day: nextDay,
        ...(path !== undefined && { lastPath: path }),
      };
    },

    reach: async ({ number, hash, total, at }, path) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.seals,
            UpdateExpression:
              'SET #number = :number, #hash = :hash, #total = :total, #at = :at, #path = :path REMOVE nextDay',
            ConditionExpression: number === 1 ? 'attribute_not_exists(#number)' : '#number = :before',
            ExpressionAttributeNames: {
              '#number': 'number',
              '#hash': 'hash',
              '#total': 'total',
              '#at': 'at',
              '#path': 'path',
            },
            ExpressionAttributeValues: {
              ':number': number,
              ':hash': hash,
              ':total': total,
              ':at': at,
              ':path': path,
              ...(number > 1 && { ':before': number - 1 }),
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error; // it stands there or further already
      }
    },
  };
}
