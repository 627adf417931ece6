import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Entitler } from '../domain/change-roles.ts';
import { keys } from './keys.ts';
import { entitledItem, keptUntil } from './sessions.ts';

/** Writes into the session item, which every door reads first, what somebody is now; kept longer than any token says otherwise. */
export function entitler(client: DynamoDBDocumentClient, table: string, now: () => number): Entitler {
  return {
    entitle: async (person, entitled, version) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.session(person),
            UpdateExpression: 'SET entitled = :entitled, expiresAt = :kept',
            ConditionExpression: 'attribute_not_exists(entitled.#version) OR entitled.#version < :version',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: {
              ':entitled': { ...entitledItem(entitled), version },
              ':version': version,
              ':kept': keptUntil(now()),
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error; // a later change was told before this one
      }
    },
  };
}
