import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ChangeableRetention, FormerDays, RetentionDays, RetentionPolicy } from '../domain/retention.ts';
import { keys } from './keys.ts';

const OwnDays = z.object({ direct: z.number().optional(), group: z.number().optional() });

/** An item from before cuts were remembered has neither `before` nor `version`; one that only remembers was changed by nobody. */
const PolicyItem = OwnDays.extend({
  default: z.number().optional(),
  before: z.array(OwnDays.extend({ default: z.number(), until: z.number() })).default([]),
  changedAt: z.number().optional(),
  changedBy: z.string().optional(),
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
  /** The item as it stands then; nothing where it is another than was looked at. */
  const update = async (
    { version = 0 }: RetentionPolicy,
    before: readonly FormerDays[],
    { set = {}, remove = [] }: { set?: Record<string, unknown>; remove?: readonly string[] } = {},
  ) => {
    const setting = {
      ...{ ...set, version: version + 1 },
      before: before.map((former) => ({ ...former.days, until: former.until })),
    };
    const names = Object.keys(setting);
    const removing = remove.length > 0 ? ` REMOVE ${remove.map((name) => `#${name}`).join(', ')}` : '';
    try {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.retention(),
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}${removing}`,
          ConditionExpression: version === 0 ? 'attribute_not_exists(#version)' : '#version = :standing',
          ExpressionAttributeNames: Object.fromEntries(
            [...names, ...remove].map((name) => [`#${name}`, name]),
          ),
          ExpressionAttributeValues: {
            ...Object.fromEntries(Object.entries(setting).map(([name, value]) => [`:${name}`, value])),
            ...(version > 0 && { ':standing': version }),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  };
  return {
    standing: async () => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.retention(), ConsistentRead: true }),
      );
      return Item ? policyOf(Item, deployed) : { days: { default: deployed } };
    },

    change: async (standing, { kind, days, before, changed }) => {
      const Attributes = await update(standing, before, {
        set: {
          ...{ [kind]: days, changedAt: changed.at, changedBy: changed.by },
          ...(changed.requestedBy !== undefined && { requestedBy: changed.requestedBy }),
        },
        remove: changed.requestedBy === undefined ? ['requestedBy'] : [],
      });
      return Attributes && policyOf(Attributes, deployed);
    },

    remember: async (standing, before) => (await update(standing, before)) !== undefined,
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
    ...(at !== undefined &&
      by !== undefined && { changed: { at, by, ...(requestedBy !== undefined && { requestedBy }) } }),
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
