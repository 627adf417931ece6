import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { BotClient, BotClients } from '../domain/bots.ts';
import { keys } from './keys.ts';

const ClientItem = z.object({ person: z.string(), session: z.string(), until: z.number().optional() });

/** The same for whoever gives and takes clients. */
export interface BotStore extends BotClients {
  put(clientId: string, given: BotClient): Promise<void>;
}

/** Which bot a machine client speaks for, in the People table: no secret stands there. */
export function botClients(client: DynamoDBDocumentClient, table: string): BotStore {
  return {
    of: async (clientId) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.botClient(clientId), ConsistentRead: true }),
      );
      return Item && ClientItem.parse(Item);
    },

    put: async (clientId, given) => {
      await client.send(
        new PutCommand({ TableName: table, Item: { ...keys.botClient(clientId), ...given } }),
      );
    },
  };
}
