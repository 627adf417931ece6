import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { PersonId } from '../../protocol/ids.ts';
import type { SessionRecord, Sessions, Socket } from '../domain/caller.ts';
import { batchGet } from './batch-get.ts';
import { keys, personOf } from './keys.ts';

/** Longer than any refresh token lives, so that a stamp outlives every token that it must refuse. */
const KEPT_SECONDS = 25 * 60 * 60;

/** Sockets that one registration takes off the list: an update expression holds 4 KB (DynamoDB developer guide, "Limits"). */
const MOST_FORGOTTEN = 50;

const SocketItem = z.object({
  session: z.string(),
  roles: z.array(z.string()),
  iat: z.number(),
  exp: z.number(),
});

const SessionItem = z.object({
  pk: z.string(),
  revokedUntil: z.number().optional(),
  sockets: z.record(z.string(), SocketItem).default({}),
});

/** One item per person: live sockets and the revocation stamp. */
export function sessions(client: DynamoDBDocumentClient, table: string, now: () => number): Sessions {
  const update = (person: PersonId, input: Partial<ConstructorParameters<typeof UpdateCommand>[0]>) =>
    client.send(new UpdateCommand({ TableName: table, Key: keys.session(person), ...input }));

  return {
    of: async (person) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.session(person), ConsistentRead: true }),
      );
      return Item ? recordOf(Item) : { sockets: [] };
    },

    ofMany: async (people) => {
      const items = await batchGet(
        client,
        table,
        people.map((person) => keys.session(person)),
      );
      return new Map(items.map((item) => [personOf({ pk: String(item.pk) }), recordOf(item)]));
    },

    register: async (socket, instead = []) => {
      const others = instead
        .slice(0, MOST_FORGOTTEN)
        .map((connectionId, place) => [`#gone${place}`, connectionId]);
      const remove =
        others.length > 0 ? ` REMOVE ${others.map(([name]) => `sockets.${name}`).join(', ')}` : '';
      const ExpressionAttributeNames = { '#socket': socket.connectionId, ...Object.fromEntries(others) };
      const kept = { ':kept': Math.floor(now() / 1000) + KEPT_SECONDS };
      try {
        await update(socket.person, {
          UpdateExpression: `SET sockets.#socket = :socket, expiresAt = :kept${remove}`,
          ConditionExpression: 'attribute_exists(sockets)',
          ExpressionAttributeNames,
          ExpressionAttributeValues: { ...kept, ':socket': socketItem(socket) },
        });
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        await firstSocket(update, socket, kept);
      }
    },

    forget: async (person, connectionId) => {
      try {
        await update(person, {
          UpdateExpression: 'REMOVE sockets.#socket',
          ConditionExpression: 'attribute_exists(sockets.#socket)',
          ExpressionAttributeNames: { '#socket': connectionId },
        });
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error; // it was forgotten before
      }
    },
  };
}

/** A person's first socket makes the map; two first sockets at once both end in it. */
async function firstSocket(
  update: (
    person: PersonId,
    input: Partial<ConstructorParameters<typeof UpdateCommand>[0]>,
  ) => Promise<unknown>,
  socket: Socket,
  kept: Record<string, number>,
): Promise<void> {
  try {
    await update(socket.person, {
      UpdateExpression: 'SET sockets = :sockets, expiresAt = :kept',
      ConditionExpression: 'attribute_not_exists(sockets)',
      ExpressionAttributeValues: { ...kept, ':sockets': { [socket.connectionId]: socketItem(socket) } },
    });
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    await update(socket.person, {
      UpdateExpression: 'SET sockets.#socket = :socket, expiresAt = :kept',
      ExpressionAttributeNames: { '#socket': socket.connectionId },
      ExpressionAttributeValues: { ...kept, ':socket': socketItem(socket) },
    });
  }
}

function socketItem({ session, roles, issuedAt, expiresAt }: Socket): z.infer<typeof SocketItem> {
  return { session, roles: [...roles], iat: issuedAt, exp: expiresAt };
}

function recordOf(item: unknown): SessionRecord {
  const { pk, revokedUntil, sockets } = SessionItem.parse(item);
  const person = personOf({ pk });
  return {
    revokedUntil,
    sockets: Object.entries(sockets).map(([connectionId, { session, roles, iat, exp }]) => ({
      person,
      connectionId,
      session,
      roles,
      issuedAt: iat,
      expiresAt: exp,
    })),
  };
}
