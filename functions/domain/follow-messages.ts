import type { ConversationId } from '../../protocol/ids.ts';
import type { AttachmentName, Attachments } from './attachment.ts';
import type { ObjectDeleter } from './objects.ts';

/** How long one call goes on, past those that fail; the next one, a minute later, begins anew. */
const WORK_MS = 40_000;

/** What the log's stream tells of attachments. */
export interface AttachmentChanges {
  /** Messages that are new and carry one. */
  readonly carried: readonly (AttachmentName & { readonly seq: number })[];
  /** Attachments whose message was deleted, and those that no message carried in time. */
  readonly over: readonly AttachmentName[];
}

/** Attachments that are to be deleted, by their ids alone. */
export interface DeletionList {
  put(name: AttachmentName): Promise<void>;
  /** All of them, in parts. Strongly consistent. */
  standing(): AsyncIterable<readonly AttachmentName[]>;
  done(name: AttachmentName): Promise<void>;
}

/**
 * Has attachments live as long as their messages: keeps what a message carries, and hands on what is over. May be repeated: what comes again
 * is kept, or deleted, again.
 */
export async function followMessages(
  {
    attachments,
    list,
  }: { readonly attachments: Pick<Attachments, 'keep'>; readonly list: Pick<DeletionList, 'put'> },
  { carried, over }: AttachmentChanges,
): Promise<void> {
  await Promise.all([
    ...carried.map(({ seq, ...name }) => attachments.keep(name, seq)),
    ...over.map((name) => list.put(name)),
  ]);
}

export interface DeletingRooms {
  readonly list: DeletionList;
  readonly attachments: Pick<Attachments, 'forget'>;
  readonly objects: ObjectDeleter;
  /** Hears of one that could not be deleted: it is tried again with the next run, and the others are deleted. */
  readonly failed: (conversationId: ConversationId, error: unknown) => void;
  readonly now: () => number;
}

/** Deletes what is over, in every version, with its preview and what is known of it: the object first, so that nothing is left that nobody knows of. */
export async function deleteAttachments(rooms: DeletingRooms): Promise<void> {
  const stopsAt = rooms.now() + WORK_MS;
  for await (const part of rooms.list.standing()) {
    for (const name of part) {
      if (rooms.now() >= stopsAt) return;
      await deleteAttachment(rooms, name).catch((error: unknown) => rooms.failed(name.conversationId, error));
    }
  }
}

async function deleteAttachment({ list, attachments, objects }: DeletingRooms, name: AttachmentName) {
  await objects.removeAll(name);
  await attachments.forget(name);
  await list.done(name);
}
