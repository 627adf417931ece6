import * as z from 'zod';
import { AttachmentScanned } from './attachments.ts';
import { DeviceKind, EntryBody, MessageBody } from './bodies.ts';
import { EmergencyAwaiting } from './emergencies.ts';
import { ConversationId, Instant, MessageId, PersonId, Ref, Seq } from './ids.ts';
import { Purpose } from './purposes.ts';
import { RefusalCode } from './refusals.ts';

/** The WebSocket subprotocol that this file describes. */
export const SUBPROTOCOL = 'wardline.v1';

/** The access token travels beside {@link SUBPROTOCOL} as `bearer.<token>`, never in a URL. */
export const BEARER_PREFIX = 'bearer.';

/** The largest page of a log, in bytes of JSON: below API Gateway's 128 KB for a message. */
export const MAX_PAGE_BYTES = 100 * 1024;

/** The most entries that one page of a log holds. */
export const MAX_PAGE_ENTRIES = 200;

/** The most conversations that one `sync` names: that many cursors fit a frame of 32 KB (API Gateway, WebSocket quotas). */
export const MAX_CURSORS = 700;

/** A record skips a key `__proto__` instead of refusing it, and what the protocol does not know is refused. */
const Cursors = z
  .unknown()
  .refine((value) => !Object.hasOwn(Object(value), '__proto__'), 'must name conversations alone')
  .pipe(z.record(ConversationId, Seq))
  .refine(
    (cursors) => Object.keys(cursors).length <= MAX_CURSORS,
    `must name at most ${MAX_CURSORS} conversations`,
  );

// --- client → server -------------------------------------------------------------------------------------------

/** Registers this socket, so that others' messages are pushed to it. `device` holds for the whole sign-in, until it says another. */
export const SessionOpen = z.strictObject({
  type: z.literal('session.open'),
  device: DeviceKind.optional(),
});

/** Extends this socket by a newer access token of the same person and session. */
export const SessionRenew = z.strictObject({
  type: z.literal('session.renew'),
  token: z.string().min(1).max(8192),
});

/** Somebody is at this client: whoever is not is signed out after a while. Send it at most once a minute, and only when they did something. */
export const SessionKeep = z.strictObject({ type: z.literal('session.keep') });

/** Stores one message, once per `ref`. `since`: the highest contiguous `seq` the sender knew when it wrote it. */
export const MessageSend = z.strictObject({
  type: z.literal('message.send'),
  ref: Ref,
  conversationId: ConversationId,
  since: Seq,
  body: MessageBody,
  purpose: Purpose.optional(),
});

/** Asks for what stands after `since`. */
export const ConversationCatchUp = z.strictObject({
  type: z.literal('conversation.catch-up'),
  conversationId: ConversationId,
  since: Seq,
  limit: z.int().min(1).max(MAX_PAGE_ENTRIES).optional(),
  purpose: Purpose.optional(),
});

/**
 * Asks what was missed in every conversation at once. `cursors`: the highest contiguous `seq` known, by conversation.
 * `after` and `through` bound the question to conversations whose ids sort above the one and not above the other.
 */
export const Sync = z.strictObject({
  type: z.literal('sync'),
  cursors: Cursors,
  after: ConversationId.optional(),
  through: ConversationId.optional(),
  purpose: Purpose.optional(),
});

/** Notes, for all of the caller's devices, that everything up to a `seq` was read. It never moves back. */
export const ConversationMarkRead = z.strictObject({
  type: z.literal('conversation.mark-read'),
  conversationId: ConversationId,
  upTo: Seq,
  purpose: Purpose.optional(),
});

// --- server → client -------------------------------------------------------------------------------------------

export const SessionOpened = z.strictObject({
  type: z.literal('session.opened'),
  features: z.array(z.string()),
  /** When this socket's session ends unless it is renewed. */
  expiresAt: Instant,
});

export const SessionRenewed = z.strictObject({ type: z.literal('session.renewed'), expiresAt: Instant });

/** Noted. When the sign-in ends unless somebody is there again, and when it ends in any case. */
export const SessionKept = z.strictObject({
  type: z.literal('session.kept'),
  idleAt: Instant,
  endsAt: Instant,
});

/** The server has ended this sign-in: nothing of it opens anything any more. The last frame of the socket. */
export const SessionEnded = z.strictObject({
  type: z.literal('session.ended'),
  /**
   * `revoked`: the organisation, or the person on another device, ended it. `idle`: nobody was there for too long.
   * `time-limit`: they signed in too long ago.
   */
  reason: z.enum(['revoked', 'idle', 'time-limit']),
});

/** The message is stored: the acknowledgement. */
export const MessageAccepted = z.strictObject({
  type: z.literal('message.accepted'),
  ref: Ref,
  conversationId: ConversationId,
  seq: Seq,
  messageId: MessageId,
  at: Instant,
});

/** One entry of a conversation's log. `ref` stands only in what goes to the sender's own devices. */
export const LogEntry = z
  .strictObject({
    seq: Seq,
    messageId: MessageId,
    sender: PersonId,
    at: Instant,
    body: EntryBody,
    ref: Ref.optional(),
  })
  .meta({ id: 'LogEntry' });

/** Somebody's message, or a change of membership. At least once, in any order: `seq` is the truth. */
export const MessageNew = LogEntry.extend({ type: z.literal('message.new'), conversationId: ConversationId });

/** Entries after `since`, ascending and without holes from `floor + 1`; `more` asks for another catch-up from `upTo`. */
export const ConversationLog = z.strictObject({
  type: z.literal('conversation.log'),
  conversationId: ConversationId,
  entries: z.array(LogEntry),
  /** Nothing at or below this `seq` is there to be had: retention took it, or it came before the member joined. */
  floor: Seq,
  /** The highest `seq` that this page accounts for. */
  upTo: Seq,
  more: z.boolean(),
});

/** What changed, by conversation. What is named nowhere in it had nothing new. */
export const Synced = z.strictObject({
  type: z.literal('synced'),
  /** Conversations with something after their cursor, by ascending id; each as in `conversation.log`. */
  conversations: z.array(ConversationLog.omit({ type: true })),
  /** Conversations of the caller that had no cursor, and how far their logs have come at least. */
  unknown: z.array(z.strictObject({ conversationId: ConversationId, last: Seq })),
  /** Conversations that had a cursor and are not the caller's. */
  gone: z.array(ConversationId),
  /** There is more to say: ask again with `after` set to it. Conversations up to it are accounted for. */
  next: ConversationId.optional(),
});

/** The mark as it stands, after the caller's own frame or that of another of their devices. */
export const ConversationMarkedRead = z.strictObject({
  type: z.literal('conversation.marked-read'),
  conversationId: ConversationId,
  upTo: Seq,
});

/** The frame was understood and not carried out, or not understood. Nothing was stored. */
export const Refused = z.strictObject({
  type: z.literal('refused'),
  ref: Ref.optional(),
  code: RefusalCode,
  message: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.int().optional(),
});

/** Frames a client may send, by their type. */
export const clientFrames = {
  'session.open': SessionOpen,
  'session.renew': SessionRenew,
  'session.keep': SessionKeep,
  'message.send': MessageSend,
  'conversation.catch-up': ConversationCatchUp,
  'conversation.mark-read': ConversationMarkRead,
  sync: Sync,
} as const;

/** Frames the server may send, by their type. */
export const serverFrames = {
  'session.opened': SessionOpened,
  'session.renewed': SessionRenewed,
  'session.kept': SessionKept,
  'session.ended': SessionEnded,
  'message.accepted': MessageAccepted,
  'message.new': MessageNew,
  'attachment.scanned': AttachmentScanned,
  'emergency.awaiting-review': EmergencyAwaiting,
  'conversation.log': ConversationLog,
  'conversation.marked-read': ConversationMarkedRead,
  synced: Synced,
  refused: Refused,
} as const;

export type ServerFrame = {
  [T in keyof typeof serverFrames]: z.infer<(typeof serverFrames)[T]>;
}[keyof typeof serverFrames];
export type LogEntry = z.infer<typeof LogEntry>;
export type MessageNew = z.infer<typeof MessageNew>;
