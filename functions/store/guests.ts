import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { PersonId } from '../../protocol/ids.ts';
import type { MembershipEntry } from '../domain/entry.ts';
import type { Guests } from '../domain/guests.ts';
import type { GuestClaim } from '../domain/log.ts';
import { batchGet } from './batch-get.ts';
import { keys } from './keys.ts';

const PlaceItem = z.object({ conversation: z.string(), seq: z.number() });

/** Beside each guest's list in the People table: where they were let in last. */
export function guests(client: DynamoDBDocumentClient, table: string): Guests {
  return {
    placeOf: async (person: PersonId) => {
      const [item] = await batchGet(client, table, [keys.guestPlace(person)]);
      if (!item) return undefined;
      const { conversation, seq } = PlaceItem.parse(item);
      return { conversationId: conversation, seq };
    },
  };
}

/** The write that moves a guest's place, for the transaction that lets them in: it fails where somebody was faster. */
export function guestPut(
  table: string,
  { conversationId, seq, change }: MembershipEntry,
  { was }: GuestClaim,
) {
  return {
    Put: {
      TableName: table,
      Item: { ...keys.guestPlace(change.person), conversation: conversationId, seq },
      ...(was
        ? {
            ConditionExpression: 'conversation = :conversation AND seq = :seq',
            ExpressionAttributeValues: { ':conversation': was.conversationId, ':seq': was.seq },
          }
        : { ConditionExpression: 'attribute_not_exists(pk)' }),
    },
  };
}
