import { ConditionalCheckFailedException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  paginateScan,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { ConversationId } from '../../protocol/ids.ts';
import { DestructionCertificate } from '../../protocol/requests.ts';
import type { ShredMarks } from '../domain/patient-exports.ts';
import type { ShredRecord, ShredRecords } from '../domain/shred-conversation.ts';
import { conversationOf, keys } from './keys.ts';
import { isLost, noneSince, unheldSince } from './placings.ts';

/** Times that a head is marked anew which another write was at. */
const ATTEMPTS = 64;

/** What a head says of its destruction. */
const MARKED = 'SET shreddedAt = :at REMOVE title, titleEpoch';

const fields = { requestedBy: z.string(), approvedBy: z.string(), shreddedAt: z.number() };
const BesideKeys = z.object({ pk: z.string(), ...fields, certificate: z.string().optional() });
const BesideHeads = z.object({ sk: z.string(), ...fields });

/** Records of shredding: in each partition of the Keys table that they close, and in one of the Conversations table. */
export function shreds(
  client: DynamoDBDocumentClient,
  tables: { readonly keys: string; readonly conversations: string },
): ShredRecords {
  return {
    all: async () => {
      const found: ShredRecord[] = [];
      const besideHeads = {
        TableName: tables.conversations,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.shredListing('').pk },
      };
      for await (const { Items = [] } of paginateQuery({ client }, besideHeads)) {
        found.push(
          ...Items.map((item) => {
            const { sk, ...record } = BesideHeads.parse(item);
            return { conversationId: conversationOf({ sk }), ...record };
          }),
        );
      }
      const besideKeys = {
        TableName: tables.keys,
        ConsistentRead: true,
        FilterExpression: 'sk = :shred',
        ExpressionAttributeValues: { ':shred': keys.shred('').sk },
      };
      for await (const { Items = [] } of paginateScan({ client }, besideKeys)) {
        found.push(...Items.map((item) => besideKeysOf(item).record));
      }
      return [...new Map(found.map((record) => [record.conversationId, record])).values()];
    },

    begin: async ({ conversationId, ...said }, look) => {
      const { ExpressionAttributeValues, ...condition } = unheldSince(look);
      const table = tables.conversations;
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              noneSince(table, look.placings),
              {
                Update: {
                  TableName: table,
                  Key: keys.head(conversationId),
                  UpdateExpression: MARKED,
                  ...condition,
                  ExpressionAttributeValues: { ...ExpressionAttributeValues, ':at': said.shreddedAt },
                },
              },
              { Put: { TableName: table, Item: { ...keys.shredListing(conversationId), ...said } } },
            ],
          }),
        );
        return true;
      } catch (error) {
        if (isLost(error)) return false;
        throw error;
      }
    },

    putBesideKeys: async (record) => {
      const { conversationId, ...said } = record;
      try {
        await client.send(
          new PutCommand({
            TableName: tables.keys,
            Item: { ...keys.shred(conversationId), ...said },
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return { record };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException && error.Item)) throw error;
        return besideKeysOf(unmarshall(error.Item));
      }
    },

    putBesideHead: async ({ conversationId, ...said }) => {
      await client.send(
        new PutCommand({
          TableName: tables.conversations,
          Item: { ...keys.shredListing(conversationId), ...said },
        }),
      );
      for (let attempt = 1; ; attempt += 1) {
        try {
          await client.send(
            new UpdateCommand({
              TableName: tables.conversations,
              Key: keys.head(conversationId),
              UpdateExpression: MARKED,
              ConditionExpression: 'attribute_exists(pk)',
              ExpressionAttributeValues: { ':at': said.shreddedAt },
            }),
          );
          return;
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return; // a restore took the head
          const isUnderWay = error instanceof TransactionConflictException;
          if (!isUnderWay || attempt === ATTEMPTS) throw error;
        }
      }
    },

    certificateOf: async (conversationId) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: tables.keys, Key: keys.shred(conversationId), ConsistentRead: true }),
      );
      return Item && besideKeysOf(Item).certificate;
    },

    keepCertificate: async (certificate) => {
      await client.send(
        new UpdateCommand({
          TableName: tables.keys,
          Key: keys.shred(certificate.conversationId),
          UpdateExpression: 'SET certificate = :certificate',
          ExpressionAttributeValues: { ':certificate': JSON.stringify(certificate) },
        }),
      );
    },
  };
}

/** The same records where they stand beside the heads, for who may not read the Keys table. */
export function shredMarks(client: DynamoDBDocumentClient, table: string): ShredMarks {
  const isShredded = async (conversationId: ConversationId) => {
    const Key = keys.shredListing(conversationId);
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item !== undefined;
  };
  return {
    isAny: async (conversations) => (await Promise.all(conversations.map(isShredded))).includes(true),
  };
}

function besideKeysOf(item: unknown): Awaited<ReturnType<ShredRecords['putBesideKeys']>> {
  const { pk, certificate, ...said } = BesideKeys.parse(item);
  return {
    record: { conversationId: conversationOf({ sk: pk }), ...said },
    ...(certificate !== undefined && {
      certificate: DestructionCertificate.parse(JSON.parse(certificate)),
    }),
  };
}
