import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Profile, Profiles } from '../domain/people.ts';
import type { Everybody } from '../domain/recertify.ts';
import { keys } from './keys.ts';
import { people, profileOf } from './people.ts';

/** What a change writes, or takes off where the profile no longer says it; the rest of the item stays. */
const CHANGED = ['roles', 'actsFor', 'site', 'department', 'sub', 'formerRoles', 'version'] as const;

/** Items of all kinds that one page looks at: a page of 1 MB (DynamoDB developer guide, "Scan") would keep a request long. */
const LOOKED_AT = 1_000;

const Place = z.object({ pk: z.string(), sk: z.string() });

/** Profiles in the People table, for whoever administers people. */
export function profiles(client: DynamoDBDocumentClient, table: string): Profiles {
  return {
    ...people(client, table),

    add: async ({ person, ...said }) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: { ...keys.profile(person), ...said, roles: [...said.roles] },
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return undefined;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
        return profileOf(unmarshall(error.Item));
      }
    },

    change: async (before, after) => {
      try {
        await client.send(new UpdateCommand({ TableName: table, ...changeOf(before, after) }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    recertify: async (person, at) => {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.profile(person),
          UpdateExpression: 'SET recertifiedAt = :at',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },
  };
}

/** Everybody in the People table: looks through all of it, which is for once in a quarter. */
export function everybody(client: DynamoDBDocumentClient, table: string, limit = LOOKED_AT): Everybody {
  return {
    everybody: async (place) => {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new ScanCommand({
          TableName: table,
          FilterExpression: 'sk = :profile',
          ExpressionAttributeValues: { ':profile': 'PROFILE' },
          Limit: limit,
          ConsistentRead: true,
          ...(place !== undefined && { ExclusiveStartKey: Place.parse(JSON.parse(place)) }),
        }),
      );
      return {
        people: Items.map(profileOf),
        ...(LastEvaluatedKey && { next: JSON.stringify(LastEvaluatedKey) }),
      };
    },
  };
}

function changeOf(before: Profile, after: Profile) {
  const said = CHANGED.filter((name) => after[name] !== undefined);
  const gone = CHANGED.filter((name) => after[name] === undefined);
  return {
    Key: keys.profile(before.person),
    UpdateExpression: [
      `SET ${said.map((name) => `#${name} = :${name}`).join(', ')}`,
      ...(gone.length > 0 ? [`REMOVE ${gone.map((name) => `#${name}`).join(', ')}`] : []),
    ].join(' '),
    ConditionExpression:
      before.version === undefined
        ? 'attribute_exists(pk) AND attribute_not_exists(#version)'
        : '#version = :before',
    ExpressionAttributeNames: Object.fromEntries(CHANGED.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(said.map((name) => [`:${name}`, after[name]])),
      ...(before.version !== undefined && { ':before': before.version }),
    },
  };
}
