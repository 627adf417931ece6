import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Fault } from '../domain/fault.ts';

/** BatchGetItem takes at most 100 keys (DynamoDB API reference). */
const BATCH = 100;

/** Times that keys are asked for again which DynamoDB left out under load; the SDK does not count these as errors. */
const ROUNDS = 8;

/** Every item that one of the keys has, strongly consistent, whole or `only` the attributes named. */
export async function batchGet(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Record<string, string>[],
  only?: string,
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (let start = 0; start < keys.length; start += BATCH) {
    let wanted: Record<string, unknown>[] = keys.slice(start, start + BATCH);
    for (let round = 0; wanted.length > 0; round += 1) {
      if (round === ROUNDS)
        throw new Fault(`DynamoDB left ${wanted.length} keys out of ${ROUNDS} answers in a row`);
      const request = { Keys: wanted, ConsistentRead: true, ...(only && { ProjectionExpression: only }) };
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [table]: request } }),
      );
      found.push(...(Responses?.[table] ?? []));
      wanted = UnprocessedKeys?.[table]?.Keys ?? [];
    }
  }
  return found;
}
