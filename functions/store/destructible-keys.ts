import { ConditionalCheckFailedException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  paginateQuery,
  paginateScan,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { DestructibleKeys, Destruction, StandingKey } from '../domain/destroy-keys.ts';
import type { Unheld } from '../domain/held.ts';
import type { ConversationKeys } from '../domain/shred-conversation.ts';
import { keys, placeOfKey } from './keys.ts';
import { isLost, noneSince, unheldSince } from './placings.ts';

/** Times that a key is destroyed anew which another write was at. */
const ATTEMPTS = 8;

const Standing = z.object({ pk: z.string(), sk: z.string(), under: z.string().optional() });
const InPartition = z.object({ sk: z.string(), reason: z.string().optional() });

/**
 * The Keys table for who destroys: a destroyed key leaves its item, without what was wrapped, so that the record of its
 * destruction stands where nobody may put a key again.
 */
export function destructibleKeys(
  client: DynamoDBDocumentClient,
  tables: { readonly keys: string; readonly conversations: string },
): DestructibleKeys & ConversationKeys {
  const table = tables.keys;
  const overwrite = async (key: { pk: string; sk: string }, destruction: Destruction) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.send(new UpdateCommand(overwriting(table, key, destruction)));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        const isUnderWay = error instanceof TransactionConflictException; // it is being made this moment
        if (!isUnderWay || attempt === ATTEMPTS) throw error;
      }
    }
  };

  return {
    standing: async function* () {
      const scan = {
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: 'pk, sk, #under',
        FilterExpression: 'attribute_exists(#wrapped)',
        ExpressionAttributeNames: named('under', 'wrapped'),
      };
      for await (const { Items = [] } of paginateScan({ client }, scan)) yield Items.map(standingOf);
    },

    destroy: (key, destruction) =>
      overwrite(
        key.conversationId === undefined
          ? keys.organisationKey(key.epoch)
          : keys.conversationKey(key.conversationId, key.epoch),
        destruction,
      ),

    destroyUnheld: async (due) => {
      const looks = new Map(due.flatMap(({ look }) => (look ? [[look.conversationId, look] as const] : [])));
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              ...stillUnheld(tables.conversations, [...looks.values()]),
              ...due.map(({ key: { conversationId, epoch }, ...destruction }) => ({
                Update: overwriting(table, keys.conversationKey(conversationId, epoch), destruction),
              })),
            ],
          }),
        );
        return true;
      } catch (error) {
        if (isLost(error)) return false;
        throw error;
      }
    },

    shred: async (conversationId, destroyedAt) => {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk < :shred',
        ExpressionAttributeValues: {
          ':pk': keys.shred(conversationId).pk,
          ':shred': keys.shred(conversationId).sk,
        },
        ProjectionExpression: 'sk, #reason',
        ExpressionAttributeNames: named('reason'),
      };
      const epochs: string[] = [];
      let stood = 0;
      for await (const { Items = [] } of paginateQuery({ client }, query)) {
        for (const { sk: epoch, reason } of Items.map((item) => InPartition.parse(item))) {
          const destruction = { destroyedAt, reason: 'shredded' } as const;
          const stands = reason === undefined;
          if (stands && (await overwrite(keys.conversationKey(conversationId, epoch), destruction)))
            stood += 1;
          if (stands || reason === 'shredded') epochs.push(epoch);
        }
      }
      return { epochs, stood };
    },
  };
}

/** What takes a key out of its item and leaves what says why. */
function overwriting(table: string, key: { pk: string; sk: string }, { destroyedAt, reason }: Destruction) {
  return {
    TableName: table,
    Key: key,
    UpdateExpression: 'SET #destroyedAt = :at, #reason = :reason REMOVE #wrapped, #under',
    ConditionExpression: 'attribute_exists(#wrapped)',
    ExpressionAttributeNames: named('destroyedAt', 'reason', 'wrapped', 'under'),
    ExpressionAttributeValues: { ':at': destroyedAt, ':reason': reason },
  };
}

/** For a transaction: that nobody has joined or left, and no hold was noted or placed, since these looks. */
function stillUnheld(table: string, looks: readonly Unheld[]) {
  const checks = looks.map((look) => ({
    ConditionCheck: { TableName: table, Key: keys.head(look.conversationId), ...unheldSince(look) },
  }));
  const [first] = looks;
  return first ? [noneSince(table, first.placings), ...checks] : checks;
}

/** Names behind a `#`: DynamoDB reserves many words, `wrapped` among them. */
function named(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`#${name}`, name]));
}

function standingOf(item: unknown): StandingKey {
  const { pk, sk, under = sk } = Standing.parse(item);
  const { conversationId, epoch } = placeOfKey({ pk, sk });
  return conversationId === undefined ? { epoch } : { conversationId, epoch, under };
}
