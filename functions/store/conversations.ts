import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Head, memberOf, storedUntil } from '../domain/conversation.ts';
import type { MembershipEntry } from '../domain/entry.ts';
import { Fault } from '../domain/fault.ts';
import type { Log, Stretch } from '../domain/log.ts';
import { guestPut } from './guests.ts';
import { entryItem, entryOf, headItem, headOf, memberMap } from './items.ts';
import { keys } from './keys.ts';
import { noneSince } from './placings.ts';

/** Heads and logs in the Conversations table; a member's own list of conversations in the People table. */
export function conversationLog(
  client: DynamoDBDocumentClient,
  tables: { readonly conversations: string; readonly people?: string },
): Log {
  const table = tables.conversations;

  const head: Log['head'] = async (conversationId) => {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: keys.head(conversationId), ConsistentRead: true }),
    );
    return Item && headOf(Item);
  };

  const stretch = async (query: Partial<QueryCommandInput>): Promise<Stretch> => {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({ TableName: table, ConsistentRead: true, ...query }),
    );
    return { entries: Items.map(entryOf), more: LastEvaluatedKey !== undefined };
  };

  const between = (conversationId: string, from: number, to: number) => ({
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: {
      ':pk': keys.entry(conversationId, from).pk,
      ':from': keys.entry(conversationId, from).sk,
      ':to': keys.entry(conversationId, to).sk,
    },
  });

  const descending = async (
    conversationId: string,
    { from, to }: { from: number; to: number },
    limit: number,
  ): Promise<Stretch> => {
    const { entries, more } = await stretch({
      ...between(conversationId, from, to),
      Limit: limit,
      ScanIndexForward: false,
    });
    return { entries: entries.toReversed(), more };
  };

  const transact = async (items: TransactWriteCommandInput['TransactItems']) => {
    try {
      await client.send(new TransactWriteCommand({ TransactItems: items }));
      return undefined;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const codes = (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code);
      if (codes.every((code) => EXPECTED.has(code))) return codes;
      throw new Fault(`a transaction of the Conversations table was cancelled: ${codes.join(', ')}`);
    }
  };

  return {
    head,

    newest: async (conversationId, limit) =>
      (await descending(conversationId, { from: 0, to: LAST_SEQ }, limit)).entries,

    forward: (conversationId, after, limit) =>
      stretch({ ...between(conversationId, after + 1, LAST_SEQ), Limit: limit }),

    backward: (conversationId, before, limit, above = -1) =>
      descending(conversationId, { from: above + 1, to: Math.min(before - 1, LAST_SEQ) }, limit),

    append: async (entry, until) => {
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: entryItem(entry, until),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return { outcome: 'stored' };
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException && error.Item) {
          return { outcome: 'lost', winner: entryOf(unmarshall(error.Item)) };
        }
        if (error instanceof TransactionConflictException) return { outcome: 'conflict' };
        throw error;
      }
    },

    appendMembership: async (entry, before, after, { guest, placings } = {}) => {
      const lost = await transact([
        {
          Put: {
            TableName: table,
            Item: entryItem(entry, storedUntil(after, entry)),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        { Update: { TableName: table, ...membersUpdate(before, after, { last: true }) } },
        ...listingChange(entry, before, tables.people),
        ...(guest && tables.people !== undefined ? [guestPut(tables.people, entry, guest)] : []),
        ...(placings === undefined ? [] : [noneSince(table, placings)]),
      ]);
      return { outcome: lost ? 'conflict' : 'stored' };
    },

    askToYield: async (conversationId, until) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.head(conversationId),
            UpdateExpression: 'SET yieldUntil = :until',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':until': until },
          }),
        );
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return; // it is gone
        if (error instanceof TransactionConflictException) return; // another change is under way
        throw error;
      }
    },

    rebuild: async (before, after) => {
      try {
        await client.send(
          new UpdateCommand({ TableName: table, ...membersUpdate(before, after, { last: false }) }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        if (error instanceof TransactionConflictException) return false; // the change that made it stale is not yet whole
        throw error;
      }
    },

    create: async (created) => {
      const { people } = tables;
      if (people === undefined)
        throw new Fault('this door may not create conversations: it has no People table');
      const lost = await transact([
        {
          Put: { TableName: table, Item: headItem(created), ConditionExpression: 'attribute_not_exists(pk)' },
        },
        ...created.members.map(({ person }) => ({
          Put: { TableName: people, Item: keys.listing(person, created.conversationId) },
        })),
      ]);
      if (!lost) return { outcome: 'created' };
      const existing = await head(created.conversationId);
      return existing ? { outcome: 'exists', existing } : { outcome: 'conflict' };
    },
  };
}

/** What cancels a transaction in the ordinary course: somebody was faster, or is at it. */
const EXPECTED: ReadonlySet<string> = new Set(['None', 'ConditionalCheckFailed', 'TransactionConflict']);

/** The highest `seq` that fits a key. */
const LAST_SEQ = 999_999_999_999;

function membersUpdate(before: Head, after: Head, also: { last: boolean }) {
  return {
    Key: keys.head(before.conversationId),
    UpdateExpression: `SET members = :members, mv = :mv${also.last ? ', #last = :last, lastHash = :hash, lastAt = :at REMOVE yieldUntil' : ''}`,
    ConditionExpression: 'mv = :before',
    ...(also.last && { ExpressionAttributeNames: { '#last': 'last' } }),
    ExpressionAttributeValues: {
      ':members': memberMap(after),
      ':mv': after.membersVersion,
      ':before': before.membersVersion,
      ...(also.last && { ':last': after.last, ':hash': after.lastHash, ':at': after.lastAt }),
    },
  };
}

function listingChange(
  { change, conversationId }: MembershipEntry,
  before: Head,
  people: string | undefined,
) {
  if (change.kind !== 'member.added' && change.kind !== 'member.removed') return []; // nobody comes or goes
  if (people === undefined) throw new Fault('this door may not change members: it has no People table');
  const listing = keys.listing(change.person, conversationId);
  if (change.kind === 'member.removed') return [{ Delete: { TableName: people, Key: listing } }];
  if (memberOf(before, change.person)) return []; // another role: the listing stands, and with it what was read
  return [{ Put: { TableName: people, Item: listing } }];
}
