import { EntryBody } from '../../protocol/bodies.ts';
import { lengthPrefixed, plainFields } from '../domain/entry.ts';
import type { Vault } from '../domain/vault.ts';
import { type DataKeys, epochOf } from './data-keys.ts';
import { open, seal } from './seal.ts';

/** Bodies and titles under their conversation's data key of the month. */
export function vault(dataKeys: DataKeys): Vault {
  return {
    sealBody: async (draft, body) => {
      const epoch = epochOf(draft.at);
      const key = await dataKeys.toSeal(draft.conversationId, epoch);
      const plain = Buffer.from(JSON.stringify(body), 'utf8');
      return { epoch, bytes: seal(key, plainFields(draft, epoch), plain) };
    },

    openBody: async (entry) => {
      const { epoch, bytes } = entry.sealed;
      const key = await dataKeys.toOpen(entry.conversationId, epoch);
      return EntryBody.parse(
        JSON.parse(Buffer.from(open(key, plainFields(entry, epoch), bytes)).toString('utf8')),
      );
    },

    sealTitle: async (conversationId, at, title) => {
      const epoch = epochOf(at);
      const key = await dataKeys.toSeal(conversationId, epoch);
      return { epoch, bytes: seal(key, titlePlace(conversationId, epoch), Buffer.from(title, 'utf8')) };
    },

    openTitle: async (conversationId, { epoch, bytes }) => {
      const key = await dataKeys.toOpen(conversationId, epoch);
      return Buffer.from(open(key, titlePlace(conversationId, epoch), bytes)).toString('utf8');
    },
  };
}

function titlePlace(conversationId: string, epoch: string): Uint8Array {
  return lengthPrefixed(['wardline.title.1', conversationId, epoch]);
}
