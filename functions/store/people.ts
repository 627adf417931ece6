import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { People } from '../domain/people.ts';
import { batchGet } from './batch-get.ts';
import { keys, personOf } from './keys.ts';

const ProfileItem = z.object({
  pk: z.string(),
  sk: z.literal('PROFILE'),
  roles: z.array(z.string()),
  sub: z.string().optional(),
});

/** Profiles in the People table; only the operator's command writes them. */
export function people(client: DynamoDBDocumentClient, table: string): People {
  return {
    profile: async (person) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.profile(person), ConsistentRead: true }),
      );
      if (!Item) return undefined;
      const { roles, sub } = ProfileItem.parse(Item);
      return { person, roles, ...(sub && { sub }) };
    },

    known: async (ids) => {
      const wanted = [...new Set(ids)].map((person) => keys.profile(person));
      const items = await batchGet(client, table, wanted, { only: ['pk'] });
      return new Set(items.map((item) => personOf({ pk: String(item.pk) })));
    },
  };
}
