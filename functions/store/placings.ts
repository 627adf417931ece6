import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Unheld } from '../domain/held.ts';
import type { Holds } from '../domain/holds.ts';
import { keys } from './keys.ts';

/** Times that a placing is counted anew because something was being written on the condition that there is none. */
const ATTEMPTS = 64;

const PlacingsItem = z.object({ placed: z.number().default(0) });

/** How often a hold was placed, one item of the Conversations table. */
export function placings(
  client: DynamoDBDocumentClient,
  table: string,
): Pick<Holds, 'placings' | 'countPlacing'> {
  const Key = keys.placings();
  return {
    placings: async () => {
      const { Item = {} } = await client.send(
        new GetCommand({ TableName: table, Key, ConsistentRead: true }),
      );
      return PlacingsItem.parse(Item).placed;
    },

    countPlacing: async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await client.send(
            new UpdateCommand({
              TableName: table,
              Key,
              UpdateExpression: 'ADD placed :one',
              ExpressionAttributeValues: { ':one': 1 },
            }),
          );
          return;
        } catch (error) {
          const isUnderWay = error instanceof TransactionConflictException;
          if (!isUnderWay || attempt === ATTEMPTS) throw error;
        }
      }
    },
  };
}

/** For a transaction: that no more holds were placed than so many. */
export function noneSince(table: string, seen: number) {
  return {
    ConditionCheck: {
      TableName: table,
      Key: keys.placings(),
      ...(seen === 0
        ? { ConditionExpression: 'attribute_not_exists(placed)' }
        : { ConditionExpression: 'placed = :seen', ExpressionAttributeValues: { ':seen': seen } }),
    },
  };
}

/** The condition on a conversation's head that nothing has come to keep it since it was looked at. */
export function unheldSince({ membersVersion }: Unheld) {
  return {
    ConditionExpression: 'mv = :mv AND attribute_not_exists(holds)',
    ExpressionAttributeValues: { ':mv': membersVersion },
  };
}

/** Whether a transaction was cancelled in the ordinary course: a condition no longer holds, or somebody is at it. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code);
  return codes.every((code) => ['None', 'ConditionalCheckFailed', 'TransactionConflict'].includes(code));
}
