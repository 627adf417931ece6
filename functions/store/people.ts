import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { PersonId } from '../../protocol/ids.ts';
import type { People } from '../domain/people.ts';
import { keys, personOf } from './keys.ts';

const ProfileItem = z.object({ pk: z.string(), sk: z.literal('PROFILE'), roles: z.array(z.string()) });

/** Profiles in the People table; only the operator's command writes them. */
export function people(client: DynamoDBDocumentClient, table: string): People {
  return {
    profile: async (person) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.profile(person), ConsistentRead: true }),
      );
      return Item && { person, roles: ProfileItem.parse(Item).roles };
    },

    known: async (ids) => {
      const known = new Set<PersonId>();
      let wanted: Record<string, string>[] = [...new Set(ids)]
        .slice(0, 100)
        .map((person) => keys.profile(person));
      while (wanted.length > 0) {
        const { Responses, UnprocessedKeys } = await client.send(
          new BatchGetCommand({
            RequestItems: { [table]: { Keys: wanted, ProjectionExpression: 'pk', ConsistentRead: true } },
          }),
        );
        for (const item of Responses?.[table] ?? []) known.add(personOf({ pk: item.pk }));
        wanted = UnprocessedKeys?.[table]?.Keys ?? [];
      }
      return known;
    },
  };
}
