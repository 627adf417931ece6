import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { KeyDestroyed } from '../domain/data-key.ts';
import { Fault } from '../domain/fault.ts';
import type { WrappedKey, WrappedKeys } from '../vault/data-keys.ts';
import { keys } from './keys.ts';
import { isLost } from './placings.ts';

/** Times that a key is put again which another write was at. */
const ATTEMPTS = 8;

/** A key, or what says in its place that it was destroyed. */
const KeyItem = z.union([
  z.object({
    wrapped: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    under: z.string().optional(),
  }),
  z.object({ destroyedAt: z.number(), reason: z.enum(['retention', 'shredded', 'unused']) }),
]);

/** Wrapped keys in the Keys table: written once, never overwritten, and never again where one was destroyed. */
export function wrappedKeys(client: DynamoDBDocumentClient, table: string): WrappedKeys {
  const conversationKey: WrappedKeys['conversationKey'] = async (conversationId, epoch) => {
    const place = keys.conversationKey(conversationId, epoch);
    const shred = keys.shred(conversationId);
    // The record of a shredding sorts above every epoch, so that one query of one read unit finds both.
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :epoch AND :shred',
        ExpressionAttributeValues: { ':pk': place.pk, ':epoch': place.sk, ':shred': shred.sk },
      }),
    );
    if (Items.some(({ sk }) => sk === shred.sk)) throw new KeyDestroyed('shredded');
    const found = Items.find(({ sk }) => sk === place.sk);
    return found && keyOf(found);
  };

  return {
    conversationKey,

    putConversationKey: async (conversationId, epoch, key) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        try {
          await client.send(
            new TransactWriteCommand({
              TransactItems: [
                {
                  ConditionCheck: {
                    TableName: table,
                    Key: keys.shred(conversationId),
                    ConditionExpression: 'attribute_not_exists(pk)',
                  },
                },
                {
                  Put: {
                    TableName: table,
                    Item: { ...keys.conversationKey(conversationId, epoch), ...key },
                    ConditionExpression: 'attribute_not_exists(pk)',
                  },
                },
              ],
            }),
          );
          return key;
        } catch (error) {
          if (!isLost(error)) throw error;
          const standing = await conversationKey(conversationId, epoch);
          if (standing) return standing;
        }
      }
      throw new Fault(`the data key of conversation ${conversationId} met other writes ${ATTEMPTS} times`);
    },

    organisationKey: async (epoch) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.organisationKey(epoch), ConsistentRead: true }),
      );
      return Item && keyOf(Item);
    },

    putOrganisationKey: async (epoch, key) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: { ...keys.organisationKey(epoch), ...key },
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return key;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException && error.Item)) throw error;
        return keyOf(unmarshall(error.Item));
      }
    },
  };
}

/**
 * {@link wrappedKeys} as CloudTrail names the conversation: of a GetItem it records the item's key, of a Query its condition without the
 * values. Reads two units where the query reads one.
 */
export function namedKeys(client: DynamoDBDocumentClient, table: string): WrappedKeys {
  const item = async (Key: ReturnType<typeof keys.conversationKey>) => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item;
  };
  return {
    ...wrappedKeys(client, table),
    conversationKey: async (conversationId, epoch) => {
      const [found, shred] = await Promise.all([
        item(keys.conversationKey(conversationId, epoch)),
        item(keys.shred(conversationId)),
      ]);
      if (shred) throw new KeyDestroyed('shredded');
      return found && keyOf(found);
    },
  };
}

function keyOf(item: unknown): WrappedKey {
  const stored = KeyItem.parse(item);
  if ('reason' in stored) throw new KeyDestroyed(stored.reason);
  return stored;
}
