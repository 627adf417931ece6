import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ChangeableRetention, RetentionPolicy } from '../domain/retention.ts';
import { keys } from './keys.ts';

const PolicyItem = z.object({
  default: z.number().optional(),
  direct: z.number().optional(),
  group: z.number().optional(),
  changedAt: z.number(),
  changedBy: z.string(),
});

/**
 * The organisation's retention, one item of the Conversations table.
 *
 * @param deployed days that hold where nothing else was ever set
 */
export function retention(
  client: DynamoDBDocumentClient,
  table: string,
  deployed: number,
): ChangeableRetention {
  return {
    standing: async () => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.retention(), ConsistentRead: true }),
      );
      return Item ? policyOf(Item, deployed) : { days: { default: deployed } };
    },

    change: async (kind, days, changed) => {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.retention(),
          UpdateExpression: 'SET #kind = :days, changedAt = :at, changedBy = :by',
          ExpressionAttributeNames: { '#kind': kind },
          ExpressionAttributeValues: { ':days': days, ':at': changed.at, ':by': changed.by },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return policyOf(Attributes, deployed);
    },
  };
}

function policyOf(item: unknown, deployed: number): RetentionPolicy {
  const stored = PolicyItem.parse(item);
  return {
    days: {
      default: stored.default ?? deployed,
      ...(stored.direct !== undefined && { direct: stored.direct }),
      ...(stored.group !== undefined && { group: stored.group }),
    },
    changed: { at: stored.changedAt, by: stored.changedBy },
  };
}
