export { type AttachmentsOptions, attachments, type FileSource } from './attachments/attachments.ts';
export type { DownloadOptions, IncomingFile, StreamOptions } from './attachments/download.ts';
export type { FileBytes } from './attachments/file-bytes.ts';
export type { KeptUpload, UploadStorage } from './attachments/kept-uploads.ts';
export type { ClinicalPhoto } from './attachments/outgoing.ts';
export type { Upright } from './attachments/picture.ts';
export type { Hash } from './attachments/sha256.ts';
export type { FileProgress, FileState, OutgoingFile, SendFileOptions } from './attachments/upload.ts';
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
