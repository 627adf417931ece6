import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { PersonId } from '../../protocol/ids.ts';
import type { Stamps } from '../domain/revoke-session.ts';
import { keys } from './keys.ts';
import { keptUntil, recordOf } from './sessions.ts';

/** Sign-ins of one person that are refused one by one: every send to them reads the list. */
const MOST_ENDED = 50;

const Ended = z.object({ ended: z.record(z.string(), z.number()).optional() });

/** Writes into the session items what must be refused, and until when that must be remembered. */
export function stamps(client: DynamoDBDocumentClient, table: string, now: () => number): Stamps {
  const write = (person: PersonId, input: Partial<ConstructorParameters<typeof UpdateCommand>[0]>) =>
    written(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.session(person),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          ...input,
        }),
      ),
    );

  return {
    endAll: async (person, at) => {
      const { item } = await write(person, {
        UpdateExpression: 'SET revokedUntil = :at, expiresAt = :kept',
        ConditionExpression: 'attribute_not_exists(revokedUntil) OR revokedUntil < :at',
        ExpressionAttributeValues: { ':at': at, ':kept': keptUntil(now()) },
      });
      return recordOf(item); // where the condition failed, a later stamp stands: it refuses more
    },

    endOne: async (person, session) => {
      const kept = keptUntil(now());
      for (;;) {
        const { isStored, item } = await write(person, {
          UpdateExpression: 'SET ended.#session = :kept, expiresAt = :kept',
          ConditionExpression:
            'attribute_exists(ended) AND (attribute_exists(ended.#session) OR size(ended) < :most)',
          ExpressionAttributeNames: { '#session': session },
          ExpressionAttributeValues: { ':kept': kept, ':most': MOST_ENDED },
        });
        if (isStored) return recordOf(item);

        const { ended } = Ended.parse(item ?? {});
        const past = Object.entries(ended ?? {}).filter(([, until]) => until < now() / 1000);
        if (ended && past.length === 0) return 'full';
        if (ended) {
          await write(person, withoutPast(past));
        } else {
          const first = await write(person, {
            UpdateExpression: 'SET ended = :ended, expiresAt = :kept',
            ConditionExpression: 'attribute_not_exists(ended)',
            ExpressionAttributeValues: { ':ended': { [session]: kept }, ':kept': kept },
          });
          if (first.isStored) return recordOf(first.item);
        }
      }
    },
  };
}

/** Takes off what is past, unless it was ended anew: no token of those sign-ins is valid any more. */
function withoutPast(past: readonly (readonly [string, number])[]) {
  const names = past.map(([session], place) => [`#past${place}`, session] as const);
  return {
    UpdateExpression: `REMOVE ${names.map(([name]) => `ended.${name}`).join(', ')}`,
    ConditionExpression: names.map(([name], place) => `ended.${name} = :until${place}`).join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names),
    ExpressionAttributeValues: Object.fromEntries(past.map(([, until], place) => [`:until${place}`, until])),
  };
}

/** The item as it stands after the write, or as it stood where its condition failed. */
async function written(
  sent: Promise<{ Attributes?: Record<string, unknown> | undefined }>,
): Promise<{ readonly isStored: boolean; readonly item: unknown }> {
  try {
    const { Attributes } = await sent;
    return { isStored: true, item: Attributes };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { isStored: false, item: error.Item && unmarshall(error.Item) };
  }
}
