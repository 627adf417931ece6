import { MessageSend } from '../protocol/frames.ts';
import { sendMessage } from './domain/send-message.ts';
import { onFrame } from './wiring/on-frame.ts';
import { openPush } from './wiring/push-rooms.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const sessions = open.sessions();
const rooms = {
  ...world,
  sessions,
  people: open.people(),
  attachments: open.attachments(),
  log: open.log(),
  vault: openVault.vault(),
  retention: open.retention(),
  announcements: openPush.announcements(),
};
const door = { schema: MessageSend, operation: 'message.send', metric: 'SendMessage', sessions } as const;

/** Frame `message.send`: stores the message once per `ref`, announces it, and tells its sender where it stands. */
export const handler = onFrame(door, async ({ ref, conversationId, since, body }, { caller }) => {
  const { decision, value } = await sendMessage(rooms, caller, { ref, conversationId, since, body });
  const { seq, messageId, at } = value;
  return {
    decision,
    value: { type: 'message.accepted', ref, conversationId, seq, messageId, at: new Date(at).toISOString() },
  };
});
