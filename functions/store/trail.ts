import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { AuditRecord, type Recording } from '../audit/record.ts';
import { Fault } from '../domain/fault.ts';
import { keys } from './keys.ts';

/** How long a record stays in the table: the sealed copy is the one that lasts, and this is the time there is to seal it again. */
const DAYS_IN_TABLE = 90;
const DAY_S = 86_400;

/** The id and time of a record about something that was before. */
export interface Told {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What writes records of the trail. */
export interface Trail {
  /**
   * Writes one record, by the time and under an id of its own unless told otherwise. Never over another: the trail only grows.
   *
   * @throws Fault where a field has not the shape that records have
   */
  put(recording: Recording, told?: Told): Promise<void>;
}

/** The Audit table: `pk` is whose acts they are, `sk` their time. One write, of 1 unit unless it names more than 20 conversations. */
export function trail(
  client: DynamoDBDocumentClient,
  table: string,
  world: { readonly now: () => number; readonly newId: () => string },
): Trail {
  return {
    put: async (recording, { id, at } = { id: world.newId(), at: world.now() }) => {
      const { success, data, error } = AuditRecord.safeParse({
        kind: 'decision',
        id,
        at: new Date(at).toISOString(),
        ...recording,
      });
      if (!success) throw new Fault(`a record is not fit for the trail: ${placesIn(error)}`);
      const item = {
        ...keys.record(data.person, data.at, data.id),
        ...data,
        expiresAt: Math.floor(at / 1000) + DAYS_IN_TABLE * DAY_S,
      };
      await put(client, table, item);
    },
  };
}

async function put(client: DynamoDBDocumentClient, table: string, Item: object): Promise<void> {
  try {
    const ConditionExpression = 'attribute_not_exists(pk)';
    await client.send(new PutCommand({ TableName: table, Item: { ...Item }, ConditionExpression }));
  } catch (error) {
    const isThere = error instanceof ConditionalCheckFailedException; // by an earlier try whose reply was lost: nobody else has the id
    if (!isThere) throw error;
  }
}

/** Which fields, and nothing of what stood there. */
function placesIn(error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] }): string {
  return error.issues.map(({ path }) => path.map(String).join('.')).join(', ');
}
