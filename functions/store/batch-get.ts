import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Fault } from '../domain/fault.ts';

/** BatchGetItem takes at most 100 keys (DynamoDB API reference). */
const BATCH = 100;

/** Times that keys are asked for again which DynamoDB left out under load; the SDK does not count these as errors. */
const ROUNDS = 8;

/** The longest wait before the second round; it doubles with each (DynamoDB API reference, BatchGetItem: "exponential backoff"). */
const FIRST_WAIT_MS = 10;

interface Asking {
  /** The attributes wanted. @default all */
  readonly only?: readonly string[];
  /** @default true */
  readonly consistent?: boolean;
}

/** Every item that one of the keys has, in no order. */
export async function batchGet(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Record<string, string>[],
  { only = [], consistent = true }: Asking = {},
): Promise<Record<string, unknown>[]> {
  const names = Object.fromEntries(only.map((name) => [`#${name}`, name]));
  const asking = {
    ConsistentRead: consistent,
    ...(only.length > 0 && {
      ProjectionExpression: Object.keys(names).join(', '),
      ExpressionAttributeNames: names,
    }),
  };
  const batch = async (keysOfIt: readonly Record<string, string>[]) => {
    const found: Record<string, unknown>[] = [];
    let wanted: Record<string, unknown>[] = [...keysOfIt];
    for (let round = 0; wanted.length > 0; round += 1) {
      if (round === ROUNDS)
        throw new Fault(`DynamoDB left ${wanted.length} keys out of ${ROUNDS} answers in a row`);
      if (round > 0) await pauseBefore(round);
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [table]: { ...asking, Keys: wanted } } }),
      );
      found.push(...(Responses?.[table] ?? []));
      wanted = UnprocessedKeys?.[table]?.Keys ?? [];
    }
    return found;
  };
  const batches: Promise<Record<string, unknown>[]>[] = [];
  for (let start = 0; start < keys.length; start += BATCH)
    batches.push(batch(keys.slice(start, start + BATCH)));
  return (await Promise.all(batches)).flat();
}

/** Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
function pauseBefore(round: number): Promise<void> {
  const milliseconds = Math.random() * FIRST_WAIT_MS * 2 ** (round - 1);
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
