import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { WrappedKey, WrappedKeys } from '../vault/data-keys.ts';
import { keys } from './keys.ts';

const KeyItem = z.object({
  wrapped: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  under: z.string().optional(),
});

/** Wrapped keys in the Keys table: written once, never overwritten. */
export function wrappedKeys(client: DynamoDBDocumentClient, table: string): WrappedKeys {
  const get = async (key: { pk: string; sk: string }): Promise<WrappedKey | undefined> => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
    return Item && KeyItem.parse(Item);
  };

  const putIfAbsent = async (key: { pk: string; sk: string }, value: WrappedKey): Promise<WrappedKey> => {
    try {
      await client.send(
        new PutCommand({
          TableName: table,
          Item: { ...key, ...value },
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return value;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException && error.Item)) throw error;
      return KeyItem.parse(unmarshall(error.Item));
    }
  };

  return {
    conversationKey: (conversationId, epoch) => get(keys.conversationKey(conversationId, epoch)),
    putConversationKey: (conversationId, epoch, key) =>
      putIfAbsent(keys.conversationKey(conversationId, epoch), key),
    organisationKey: (epoch) => get(keys.organisationKey(epoch)),
    putOrganisationKey: (epoch, key) => putIfAbsent(keys.organisationKey(epoch), key),
  };
}
