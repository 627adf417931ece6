import { EntryBody } from '../../protocol/bodies.ts';
import { epochOf } from '../domain/data-key.ts';
import { lengthPrefixed, plainFields } from '../domain/entry.ts';
import { phi, reveal, revealAll, type Withheld } from '../domain/phi.ts';
import type { NotePlace, Notes, Vault } from '../domain/vault.ts';
import type { DataKeys } from './data-keys.ts';
import { open, seal } from './seal.ts';

/** Bodies and titles under their conversation's data key of the month. */
export function vault(dataKeys: DataKeys): Vault & Notes {
  return {
    sealBody: async (draft, body) => {
      const epoch = epochOf(draft.at);
      const plain = Buffer.from(JSON.stringify(revealAll<EntryBody>(body)), 'utf8');
      const bytes = await dataKeys.toSeal(draft.conversationId, epoch, (key) =>
        seal(key, plainFields(draft, epoch), plain),
      );
      return { epoch, bytes };
    },

    openBody: async (entry) => {
      const { epoch, bytes } = entry.sealed;
      const plain = await dataKeys.toOpen(entry.conversationId, epoch, (key) =>
        open(key, plainFields(entry, epoch), bytes),
      );
      return withheldBody(EntryBody.parse(JSON.parse(Buffer.from(plain).toString('utf8'))));
    },

    sealTitle: async (conversationId, at, title) => {
      const epoch = epochOf(at);
      const bytes = await dataKeys.toSeal(conversationId, epoch, (key) =>
        seal(key, titlePlace(conversationId, epoch), Buffer.from(reveal(title), 'utf8')),
      );
      return { epoch, bytes };
    },

    openTitle: async (conversationId, { epoch, bytes }) => {
      const plain = await dataKeys.toOpen(conversationId, epoch, (key) =>
        open(key, titlePlace(conversationId, epoch), bytes),
      );
      return phi(Buffer.from(plain).toString('utf8'));
    },

    sealNote: async (place, at, note) => {
      const epoch = epochOf(at);
      const bytes = await dataKeys.toSeal(place.conversationId, epoch, (key) =>
        seal(key, notePlace(place, epoch), Buffer.from(reveal(note), 'utf8')),
      );
      return { epoch, bytes };
    },

    openNote: async (place, { epoch, bytes }) => {
      const plain = await dataKeys.toOpen(place.conversationId, epoch, (key) =>
        open(key, notePlace(place, epoch), bytes),
      );
      return phi(Buffer.from(plain).toString('utf8'));
    },
  };
}

/** A body as everything between the vault and the frames holds it. */
export function withheldBody(body: EntryBody): Withheld<EntryBody> {
  switch (body.kind) {
    case 'text':
      return { ...body, text: phi(body.text) };
    case 'file':
      return withheldFile(body);
    case 'clinical-photo':
      return { ...withheldFile(body), bodySite: phi(body.bodySite) };
    default:
      return body;
  }
}

function withheldFile<File extends { readonly name: string; readonly text?: string | undefined }>(
  file: File,
) {
  const { text, ...others } = file;
  return { ...others, name: phi(file.name), ...(text !== undefined && { text: phi(text) }) };
}

function titlePlace(conversationId: string, epoch: string): Uint8Array {
  return lengthPrefixed(['wardline.title.1', conversationId, epoch]);
}

function notePlace({ conversationId, of, field }: NotePlace, epoch: string): Uint8Array {
  return lengthPrefixed(['wardline.note.1', conversationId, of, field, epoch]);
}
