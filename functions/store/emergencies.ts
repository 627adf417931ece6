import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Emergencies, Emergency } from '../domain/emergency.ts';
import { keys } from './keys.ts';

const Sealed = z.object({
  epoch: z.string(),
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
});
const Review = z.object({
  by: z.string(),
  at: z.number(),
  verdict: z.enum(['justified', 'not-justified']),
  note: Sealed,
});
const EmergencyItem = z.object({
  sk: z.string(),
  conversationId: z.string(),
  person: z.string(),
  session: z.string(),
  at: z.number(),
  until: z.number(),
  reason: Sealed,
  toldAt: z.number().optional(),
  alarmedAt: z.number().optional(),
  review: Review.optional(),
});

/**
 * Uses of the emergency access, in one partition of the Conversations table: those that await their review under `OPEN#`, the others under
 * `DONE#`, so that what looks after the former each minute reads them alone.
 */
export function emergencies(client: DynamoDBDocumentClient, table: string): Emergencies {
  const get = async (Key: object) => {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: { ...Key }, ConsistentRead: true }),
    );
    return Item && emergencyOf(Item);
  };

  return {
    one: async (emergencyId) =>
      (await get(keys.emergency('OPEN', emergencyId))) ?? (await get(keys.emergency('DONE', emergencyId))),

    begin: async (emergency) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: itemOf('OPEN', emergency),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return emergency;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
        return emergencyOf(unmarshall(error.Item));
      }
    },

    waiting: async () => {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :open)',
        ExpressionAttributeValues: { ':pk': keys.emergencies.pk, ':open': keys.emergency('OPEN', '').sk },
      };
      const found: Emergency[] = [];
      for await (const { Items = [] } of paginateQuery({ client }, query))
        found.push(...Items.map(emergencyOf));
      return found;
    },

    page: async (place, limit) => {
      const after = place && { ...keys.emergencies, sk: place.replace('.', '#') };
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': keys.emergencies.pk },
          ScanIndexForward: false, // OPEN before DONE
          Limit: limit,
          ...(after && { ExclusiveStartKey: after }),
        }),
      );
      const last = LastEvaluatedKey && String(LastEvaluatedKey.sk).replace('#', '.');
      return { emergencies: Items.map(emergencyOf), ...(last && { next: last }) };
    },

    noteTold: async (emergencyId, { toldAt, alarmedAt }) => {
      const [name, at] = alarmedAt === undefined ? ['toldAt', toldAt] : ['alarmedAt', alarmedAt];
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.emergency('OPEN', emergencyId),
            UpdateExpression: 'SET #told = :at',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeNames: { '#told': String(name) },
            ExpressionAttributeValues: { ':at': at },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error; // it was reviewed meanwhile
      }
    },

    review: async (emergency) => {
      const { emergencyId } = emergency;
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              {
                Delete: {
                  TableName: table,
                  Key: keys.emergency('OPEN', emergencyId),
                  ConditionExpression: 'attribute_exists(pk)',
                },
              },
              { Put: { TableName: table, Item: itemOf('DONE', emergency) } },
            ],
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
        if (codes.includes('ConditionalCheckFailed')) return false;
        throw error;
      }
    },
  };
}

function itemOf(state: 'OPEN' | 'DONE', { emergencyId, ...emergency }: Emergency) {
  return { ...keys.emergency(state, emergencyId), ...emergency };
}

function emergencyOf(item: unknown): Emergency {
  const { sk, toldAt, alarmedAt, review, ...said } = EmergencyItem.parse(item);
  return {
    emergencyId: sk.slice(keys.emergency('OPEN', '').sk.length), // both words have four letters
    ...said,
    ...(toldAt !== undefined && { toldAt }),
    ...(alarmedAt !== undefined && { alarmedAt }),
    ...(review && { review }),
  };
}
