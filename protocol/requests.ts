import * as z from 'zod';
import { MemberRole, Title } from './bodies.ts';
import { LogEntry, MAX_PAGE_ENTRIES } from './frames.ts';
import { ConversationId, HoldId, Instant, id, PersonId, Ref, Seq, SessionId } from './ids.ts';
import { RefusalCode } from './refusals.ts';

const Count = z.int().min(0);

/** The most members that a conversation has. */
export const MAX_MEMBERS = 40;

/**
 * `POST /conversations`: the caller is a member without being named; the same `ref` makes one group, and two people
 * have one direct conversation whatever the `ref`.
 */
export const CreateConversation = z.strictObject({
  ref: Ref,
  kind: z.enum(['direct', 'group']),
  members: z.array(PersonId).min(1).max(100),
  title: Title.optional(),
});

/** A conversation as its members see it. */
export const Conversation = z
  .strictObject({
    conversationId: ConversationId,
    kind: z.enum(['direct', 'group']),
    members: z.array(z.strictObject({ person: PersonId, role: MemberRole, until: Instant.optional() })),
    title: Title.optional(),
    createdAt: Instant,
  })
  .meta({ id: 'Conversation' });

/** A whole number as a query parameter writes it. */
const number = (schema: z.ZodInt) =>
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number)
    .pipe(schema);

/** The most conversations on one page of an inbox. */
export const MAX_INBOX_PAGE = 50;

/** Unread messages are counted up to this many. */
export const MAX_UNREAD = 100;

/** `GET /conversations`: the caller's conversations by last activity, newest first; `after` is an earlier page's `next`. */
export const ListConversations = z.strictObject({
  after: id<'inbox-place'>(z.string().regex(/^\d{1,15}\.[a-z2-7]{26}$/)).optional(),
  limit: number(z.int().min(1).max(MAX_INBOX_PAGE)).optional(),
});

/** A conversation as it stands in one person's inbox. */
export const InboxEntry = Conversation.extend({
  /** A `seq` that the log has reached. */
  last: Seq,
  /** When something was last said, or who may hear it last changed. */
  lastAt: Instant,
  /** Everything up to it was marked as read. */
  readUpTo: Seq,
  /** Others' messages above `readUpTo` that the caller may still see, counted among the newest `MAX_UNREAD` entries. */
  unread: z.int().min(0).max(MAX_UNREAD),
  /** The newest message, where it stands among the newest entries and retention has not taken it. */
  latest: LogEntry.optional(),
}).meta({ id: 'InboxEntry' });

/** A page of an inbox. `next` is there where there are more: ask again with `after` set to it. */
export const Inbox = z.strictObject({
  conversations: z.array(InboxEntry),
  next: z.string().optional(),
});

/** `GET /conversations/{conversationId}/messages`: `after` reads forward from a `seq`, `before` backward; not both. */
export const ReadMessages = z
  .strictObject({
    conversationId: ConversationId,
    after: number(Seq).optional(),
    before: number(Seq.min(1)).optional(),
    limit: number(z.int().min(1).max(MAX_PAGE_ENTRIES)).optional(),
  })
  .refine(
    (query) => query.after === undefined || query.before === undefined,
    'after and before exclude each other',
  );

/** A page of history, ascending by `seq`; `floor`, `upTo` and `more` as in the frame `conversation.log`. */
export const MessagePage = z.strictObject({
  conversationId: ConversationId,
  entries: z.array(LogEntry),
  floor: Seq,
  upTo: Seq,
  more: z.boolean(),
});

/**
 * `POST /conversations/{conversationId}/members`: says what should hold, so that it may be repeated. Without a role, a
 * member keeps the one they have, and who is new becomes `member`. With `until` they are a member to that second and no
 * longer; without it, a member keeps the end they have, and who is new has none. An owner has no end.
 */
export const AddMember = z.strictObject({
  conversationId: ConversationId,
  person: PersonId,
  role: MemberRole.optional(),
  until: Instant.optional(),
});

/** `DELETE /conversations/{conversationId}/members/{person}`: an owner removes, anybody leaves. */
export const RemoveMember = z.strictObject({ conversationId: ConversationId, person: PersonId });

/** `GET /me`. */
export const Me = z.strictObject({ id: PersonId, roles: z.array(z.string()), features: z.array(z.string()) });

/** `POST /admin/revocations`: ends one sign-in of a person, or, without `session`, all of them. May be repeated. */
export const RevokeSession = z.strictObject({ person: PersonId, session: SessionId.optional() });

/** What was done to end somebody's sign-ins, signed; PROTOCOL.md, "The receipt of a revocation", says how to verify it. */
export const RevocationReceipt = z
  .strictObject({
    receiptId: z.string(),
    person: PersonId,
    session: SessionId.optional(),
    /** The person who asked, or `operator`: whoever held the operator's AWS credentials. */
    requestedBy: z.union([PersonId, z.literal('operator')]),
    /** From then on every frame and request was refused. */
    refusedFrom: Instant,
    /** When all the rest had been tried too. No frame was delivered after it, unless `socketsLeftOpen` is above 0. */
    revokedAt: Instant,
    /**
     * The last frame or request of what was ended that was noted. That is done at most once a minute, so that the very last
     * came then or less than a minute later. Absent where none was let in within the last day.
     */
    lastFrameAt: Instant.optional(),
    /** Sockets that were told and closed. */
    socketsClosed: Count,
    /** Sockets that were closed already. */
    socketsGone: Count,
    /** Sockets that could not be closed: ask again. */
    socketsLeftOpen: Count,
    /** Whether Cognito has ended the person's refresh tokens, or they can have none as a bot; it cannot do so for one session alone. */
    refreshTokensEnded: z.boolean(),
    /** From the function's start to `revokedAt`, in milliseconds. */
    latencyMs: Count,
    /** ARN of the KMS key that signed. */
    keyId: z.string(),
    algorithm: z.literal('ECDSA_SHA_256'),
    /** Base64. */
    signature: z.string(),
  })
  .meta({ id: 'RevocationReceipt' });

/**
 * That a conversation's keys were destroyed and from when nothing opens it, signed; PROTOCOL.md, "The certificate of a
 * destruction", says how to verify it.
 */
export const DestructionCertificate = z
  .strictObject({
    certificateId: z.string(),
    conversationId: ConversationId,
    requestedBy: PersonId,
    /** Somebody else than who asked. */
    approvedBy: PersonId,
    /** Months whose keys were destroyed, as `2026-11`, ascending: every month that had one. */
    epochs: z.array(z.string().regex(/^\d{4}-\d{2}$/)),
    /** When the destruction began. */
    shreddedAt: z.iso.datetime(),
    /** When no key of it stood any more. */
    destroyedAt: z.iso.datetime(),
    /** From then on nothing that runs opens anything of it: `destroyedAt` and the time a plain key is held. */
    unreadableFrom: z.iso.datetime(),
    plainKeySeconds: Count,
    /** From then on no backup of the keys that was made before holds them either. */
    finalFrom: z.iso.datetime(),
    /** Days back to which the Keys table can be restored, and that its backups last. */
    recoveryDays: Count,
    /** Versions of attachments and previews that were deleted; they are sealed by no key of the conversation. */
    attachmentVersionsDeleted: Count,
    /** From then on no backup of the attachments that was made before holds one either. */
    attachmentsFinalFrom: z.iso.datetime(),
    /** Days that backups of attachments last. */
    backupDays: Count,
    /** Exports for patients that held it and were deleted in every version; not said before exports were looked at. */
    exportsDeleted: Count.optional(),
    /** ARN of the KMS key that signed. */
    keyId: z.string(),
    algorithm: z.literal('ECDSA_SHA_256'),
    /** Base64. */
    signature: z.string(),
  })
  .meta({ id: 'DestructionCertificate' });

/** `POST /admin/shreds`: asks for the destruction of a conversation; the second person to ask has it done. */
export const ShredConversation = z.strictObject({ conversationId: ConversationId });

/** What has come of it: done, or waiting until then for somebody else to ask for the same. */
export const Shredding = z.union([
  z.strictObject({ state: z.literal('destroyed'), certificate: DestructionCertificate }),
  z.strictObject({
    state: z.literal('awaiting-second-person'),
    requestedBy: PersonId,
    until: z.iso.datetime(),
  }),
]);

/** What a number of days is set for: one kind of conversation, or every kind that has none of its own. */
const RetentionKind = z.enum(['default', 'direct', 'group']);

/** The longest retention there is: 100 years. */
const RetentionDays = z.int().min(1).max(36_500);

/** `POST /admin/retention`: sets the days of one kind of conversation; fewer than hold now take two people. May be repeated. */
export const ChangeRetention = z.strictObject({ kind: RetentionKind, days: RetentionDays });

/** `GET /admin/retention`. */
export const ShowRetention = z.strictObject({});

/** How many days what is said may be read; PROTOCOL.md, "GET /admin/retention". */
export const RetentionPolicy = z
  .strictObject({
    default: RetentionDays,
    direct: RetentionDays.optional(),
    group: RetentionDays.optional(),
    changedAt: Instant.optional(),
    changedBy: PersonId.optional(),
    /** Who asked for the change first, where it took two people. */
    requestedBy: PersonId.optional(),
    /** Whether what is stored is still being given its new dates of deletion; nobody who reads needs to wait for it. */
    restamping: z.boolean(),
  })
  .meta({ id: 'RetentionPolicy' });

/** An organisation's own code for a matter; never a name. */
const MatterCode = id<'matter'>(
  z.string().regex(/^[A-Z0-9][A-Z0-9.-]{0,31}$/, 'must be 1 to 32 capitals, digits, dots and hyphens'),
);

/** `POST /admin/holds`: the same `ref` is one hold. Its objects are people, conversations, or both. */
export const PlaceHold = z
  .strictObject({
    ref: Ref,
    reason: MatterCode,
    people: z.array(PersonId).max(100).optional(),
    conversations: z.array(ConversationId).max(100).optional(),
  })
  .refine(
    ({ people = [], conversations = [] }) => people.length + conversations.length > 0,
    'a hold keeps something',
  );

/** `GET /admin/holds`. */
export const ListHolds = z.strictObject({});

/** `POST /admin/holds/{holdId}/release`. */
export const ReleaseHold = z.strictObject({ holdId: HoldId });

/** A legal hold. */
export const Hold = z
  .strictObject({
    holdId: HoldId,
    reason: MatterCode,
    people: z.array(PersonId),
    conversations: z.array(ConversationId),
    state: z.enum(['pending', 'in-force', 'releasing', 'released']),
    placedBy: PersonId,
    placedAt: Instant,
    /** From then on nothing that it keeps was deleted; absent while it is pending. */
    inForceFrom: Instant.optional(),
    /** Who asked for its release, and who approved. */
    releasedBy: z.array(PersonId).optional(),
    releasedAt: Instant.optional(),
    /** Those of its conversations whose keys were destroyed before it was placed: of these it keeps nothing. */
    destroyed: z.array(ConversationId).optional(),
  })
  .meta({ id: 'Hold' });

/** Every hold there is and was, the newest first. */
export const HoldList = z.strictObject({ holds: z.array(Hold) });

/** An act that waits for somebody else who may do it to ask for the same. */
export const AwaitingSecondPerson = z
  .strictObject({
    state: z.literal('awaiting-second-person'),
    requestedBy: PersonId,
    until: Instant,
  })
  .meta({ id: 'AwaitingSecondPerson' });

/** Every HTTP error that is ours. */
export const ErrorBody = z.strictObject({
  code: RefusalCode,
  message: z.string(),
  retryable: z.boolean(),
  requestId: z.string(),
});

export type RevocationReceipt = z.infer<typeof RevocationReceipt>;
export type DestructionCertificate = z.infer<typeof DestructionCertificate>;
