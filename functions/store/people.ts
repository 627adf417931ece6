import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { People, Profile } from '../domain/people.ts';
import { batchGet } from './batch-get.ts';
import { keys, personOf } from './keys.ts';

const ProfileItem = z.object({
  pk: z.string(),
  sk: z.literal('PROFILE'),
  roles: z.array(z.string()),
  actsFor: z.array(z.string()).optional(),
  site: z.string().optional(),
  department: z.string().optional(),
  sub: z.string().optional(),
  formerRoles: z.array(z.string()).optional(),
  version: z.number().optional(),
  recertifiedAt: z.number().optional(),
  restrictions: z.array(z.string()).optional(),
});

/** Profiles in the People table, for whoever reads them. */
export function people(client: DynamoDBDocumentClient, table: string): People {
  return {
    profile: async (person) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.profile(person), ConsistentRead: true }),
      );
      return Item && profileOf(Item);
    },

    profiles: async (ids) => {
      const wanted = [...new Set(ids)].map((person) => keys.profile(person));
      const found = (await batchGet(client, table, wanted)).map(profileOf);
      return new Map(found.map((profile) => [profile.person, profile]));
    },
  };
}

/** The profile that an item holds. */
export function profileOf(item: unknown): Profile {
  const { pk, sk: _sk, ...said } = ProfileItem.parse(item);
  const there = Object.entries(said).filter(([, value]) => value !== undefined);
  return { person: personOf({ pk }), roles: said.roles, ...Object.fromEntries(there) };
}
