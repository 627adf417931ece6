export { Chat, type ChatOptions, type InboxPage } from './chat.ts';
export type { ChatEvents } from './chat-events.ts';
export type { Conversation, Description, HistoryRange } from './conversation.ts';
export { ChatError } from './errors.ts';
export type { Page } from './inbox.ts';
export type {
  Acknowledgement,
  MessageStatus,
  OutboxStorage,
  OutgoingMessage,
  StatusChange,
  Unacknowledged,
} from './outbox.ts';
export type { Outputs } from './outputs.ts';
export { type ChatState, type StateChange, type TransitionCode, transitions } from './states.ts';
export type { GetToken } from './token.ts';
export type { Clock, Fetch, Logger, WebSocketConstructor, WebSocketLike } from './world.ts';
