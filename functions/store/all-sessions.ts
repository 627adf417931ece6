import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { SessionRecord } from '../domain/session-record.ts';
import { recordOf } from './sessions.ts';

/** Everybody's session item, in pages of at most 1 MB; eventually consistent, at half the price. */
export async function* allSessions(
  client: DynamoDBDocumentClient,
  table: string,
): AsyncGenerator<readonly SessionRecord[]> {
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table }))
    yield Items.map(recordOf);
}
