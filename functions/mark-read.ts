import { ConversationMarkRead } from '../protocol/frames.ts';
import { markRead } from './domain/mark-read.ts';
import { markedRead } from './push/frames.ts';
import { onFrame } from './wiring/on-frame.ts';
import { openPush } from './wiring/push-rooms.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  pause: world.pause,
  log: open.log(),
  lists: open.lists(),
  announcements: openPush.announcements(),
};
const door = {
  schema: ConversationMarkRead,
  operation: 'conversation.mark-read',
  metric: 'MarkRead',
  sessions: open.sessions(),
} as const;

/** Frame `conversation.mark-read`: notes how far the caller has read, and tells their other devices. */
export const handler = onFrame(door, async ({ conversationId, upTo }, { caller }) => {
  const { decision, value } = await markRead(rooms, caller, { conversationId, upTo });
  return { decision, value: markedRead(value) };
});
