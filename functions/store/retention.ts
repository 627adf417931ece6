import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ChangeableRetention, RetentionDays, RetentionPolicy } from '../domain/retention.ts';
import { keys } from './keys.ts';

const OwnDays = z.object({ direct: z.number().optional(), group: z.number().optional() });

/** An item from before cuts were remembered has neither `before` nor `version`. */
const PolicyItem = OwnDays.extend({
  default: z.number().optional(),
  before: z.array(OwnDays.extend({ default: z.number(), until: z.number() })).default([]),
  changedAt: z.number(),
  changedBy: z.string(),
  requestedBy: z.string().optional(),
  version: z.number().default(0),
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

    change: async ({ version = 0 }, { kind, days, before, changed }) => {
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.retention(),
            UpdateExpression: `SET #kind = :days, #before = :before, #version = :next, changedAt = :at, changedBy = :by${
              changed.requestedBy === undefined ? ' REMOVE requestedBy' : ', requestedBy = :requestedBy'
            }`,
            ConditionExpression: version === 0 ? 'attribute_not_exists(#version)' : '#version = :version',
            ExpressionAttributeNames: { '#kind': kind, '#before': 'before', '#version': 'version' },
            ExpressionAttributeValues: {
              ':days': days,
              ':before': before.map((former) => ({ ...former.days, until: former.until })),
              ':next': version + 1,
              ':at': changed.at,
              ':by': changed.by,
              ...(changed.requestedBy !== undefined && { ':requestedBy': changed.requestedBy }),
              ...(version > 0 && { ':version': version }),
            },
            ReturnValues: 'ALL_NEW',
          }),
        );
        return policyOf(Attributes, deployed);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },
  };
}

function policyOf(item: unknown, deployed: number): RetentionPolicy {
  const stored = PolicyItem.parse(item);
  const { before, version, changedAt: at, changedBy: by, requestedBy } = stored;
  return {
    days: daysOf({ ...stored, default: stored.default ?? deployed }),
    ...(before.length > 0 && {
      before: before.map((former) => ({ days: daysOf(former), until: former.until })),
    }),
    changed: { at, by, ...(requestedBy !== undefined && { requestedBy }) },
    ...(version > 0 && { version }),
  };
}

/** The days alone, of whatever says some. */
function daysOf(said: z.infer<typeof OwnDays> & { default: number }): RetentionDays {
  return {
    default: said.default,
    ...(said.direct !== undefined && { direct: said.direct }),
    ...(said.group !== undefined && { group: said.group }),
  };
}
