import * as z from 'zod';
import { MemberRole, Title } from './bodies.ts';
import { LogEntry, MAX_PAGE_ENTRIES } from './frames.ts';
import { ConversationId, PersonId, Ref, Seq } from './ids.ts';
import { RefusalCode } from './refusals.ts';

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
    members: z.array(z.strictObject({ person: PersonId, role: MemberRole })),
    title: Title.optional(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Conversation' });

/** A whole number as a query parameter writes it. */
const number = (schema: z.ZodInt) =>
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number)
    .pipe(schema);

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
 * member keeps the one they have, and who is new becomes `member`.
 */
export const AddMember = z.strictObject({
  conversationId: ConversationId,
  person: PersonId,
  role: MemberRole.optional(),
});

/** `DELETE /conversations/{conversationId}/members/{person}`: an owner removes, anybody leaves. */
export const RemoveMember = z.strictObject({ conversationId: ConversationId, person: PersonId });

/** `GET /me`. */
export const Me = z.strictObject({ id: PersonId, roles: z.array(z.string()), features: z.array(z.string()) });

/** Every HTTP error that is ours. */
export const ErrorBody = z.strictObject({
  code: RefusalCode,
  message: z.string(),
  retryable: z.boolean(),
  requestId: z.string(),
});
