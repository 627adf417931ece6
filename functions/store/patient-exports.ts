import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { PatientExport, PatientExports } from '../domain/patient-exports.ts';
import { keys } from './keys.ts';

const ExportItem = z.object({
  sk: z.string(),
  person: z.string(),
  state: z.enum(['building', 'ready', 'gone']),
  requestedBy: z.string(),
  approvedBy: z.string(),
  approvedAt: z.number(),
  claimedUntil: z.number().optional(),
  readyAt: z.number().optional(),
  until: z.number().optional(),
  packed: z
    .object({
      versionId: z.string(),
      bytes: z.number(),
      sha256: z.string(),
      opened: z.array(z.string()),
      oldest: z
        .object({ direct: z.number().optional(), group: z.number().optional() })
        .default({ direct: 0 }), // of one that was made before this was noted, nothing says that it may still be seen
    })
    .optional(),
  endedBy: z.enum(['time', 'retention', 'destruction']).optional(),
  withdrawnFor: z.string().optional(),
});

/** Exports of what patients may see, in one partition of the Conversations table: they are few. */
export function patientExports(client: DynamoDBDocumentClient, table: string): PatientExports {
  return {
    all: async () => {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.patientExport('').pk },
      };
      const found: PatientExport[] = [];
      for await (const { Items = [] } of paginateQuery({ client }, query)) found.push(...Items.map(exportOf));
      return found;
    },

    one: async (exportId) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.patientExport(exportId), ConsistentRead: true }),
      );
      return Item && exportOf(Item);
    },

    begin: async (wanted) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: itemOf(wanted),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return wanted;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException) || !error.Item) throw error;
        return exportOf(unmarshall(error.Item));
      }
    },

    replace: async (before, after) => {
      try {
        await client.send(new PutCommand({ TableName: table, Item: itemOf(after), ...standing(before) }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

/** That nobody has changed it: every change is one of its state, of who is at it, or of what it may not be offered for. */
function standing({ state, claimedUntil, withdrawnFor }: PatientExport) {
  const isClaimed = claimedUntil !== undefined;
  const isWithdrawn = withdrawnFor !== undefined;
  const conditions = [
    '#state = :state',
    isClaimed ? 'claimedUntil = :claimed' : 'attribute_not_exists(claimedUntil)',
    isWithdrawn ? 'withdrawnFor = :withdrawn' : 'attribute_not_exists(withdrawnFor)',
  ];
  return {
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: {
      ':state': state,
      ...(isClaimed && { ':claimed': claimedUntil }),
      ...(isWithdrawn && { ':withdrawn': withdrawnFor }),
    },
  };
}

function itemOf({ exportId, ...said }: PatientExport) {
  return { ...keys.patientExport(exportId), ...said };
}

function exportOf(item: unknown): PatientExport {
  const { sk: exportId, ...said } = ExportItem.parse(item);
  const there = Object.entries(said).filter(([, value]) => value !== undefined);
  return { exportId, ...(Object.fromEntries(there) as typeof said) } as PatientExport;
}
