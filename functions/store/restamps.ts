import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Restamps } from '../domain/restamps.ts';
import { keys } from './keys.ts';

const RestampItem = z.object({
  asked: z.number().default(0),
  done: z.number().default(0),
  run: z
    .object({
      upTo: z.number(),
      pass: z.enum(['heads', 'entries']),
      notBefore: z.number(),
      after: z.string().optional(),
    })
    .optional(),
  days: z.number().optional(),
  version: z.number().default(0),
});

/** How far the stamping has come, one item of the Conversations table. */
export function restamps(client: DynamoDBDocumentClient, table: string): Restamps {
  const Key = keys.restamp();
  return {
    standing: async () => {
      const { Item = {} } = await client.send(
        new GetCommand({ TableName: table, Key, ConsistentRead: true }),
      );
      return RestampItem.parse(Item);
    },

    ask: async () => {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key,
          UpdateExpression: 'ADD asked :one',
          ExpressionAttributeValues: { ':one': 1 },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return RestampItem.parse(Attributes).asked;
    },

    save: async (before, { run, done, days }) => {
      const remove = run ? '' : ' REMOVE #run';
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key,
            UpdateExpression: `SET #done = :done, #days = :days, #version = :next${run ? ', #run = :run' : remove}`,
            ConditionExpression:
              before.version === 0 ? 'attribute_not_exists(#version)' : '#version = :version',
            ExpressionAttributeNames: {
              ...{ '#done': 'done', '#days': 'days', '#version': 'version', '#run': 'run' },
            },
            ExpressionAttributeValues: {
              ...{ ':done': done, ':days': days ?? 0, ':next': before.version + 1 },
              ...(before.version > 0 && { ':version': before.version }),
              ...(run && { ':run': run }),
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
