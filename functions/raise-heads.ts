import { recordDeletions } from './domain/deletions.ts';
import { followMessages } from './domain/follow-messages.ts';
import { raiseHeads } from './domain/raise-heads.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onEntries } from './wiring/on-entries.ts';
import { open } from './wiring/rooms.ts';

const heads = open.heads();
const deletions = openKeeping.deletions();
const following = { attachments: open.attachments(), list: openKeeping.deletionList() };

/**
 * The one dispatcher of the Conversations table's stream: raises each head's mark to what its log has reached, which is
 * what inboxes sort by, and what keeps a log whose old entries are gone from beginning again at 1. What retention deleted
 * it records, and has attachments live as long as their messages.
 */
export const handler = onEntries('RaiseHeads', async (told) => {
  await raiseHeads(heads, told.entries);
  await recordDeletions(deletions, told.deletions);
  await followMessages(following, told.attachments);
});
