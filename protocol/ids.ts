import * as z from 'zod';

/** An id that the server makes: 128 random or hashed bits as 26 characters of base32 (RFC 4648, lower case). */
const serverId = z.string().regex(/^[a-z2-7]{26}$/, 'must be 26 characters of a-z and 2-7');

export const ConversationId = serverId.meta({ id: 'ConversationId' });
export const PersonId = serverId.meta({ id: 'PersonId' });
export const MessageId = serverId.meta({ id: 'MessageId' });

const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be a lower-case UUID');

/** The sender's own name for one message or creation: a UUID, version 7 recommended (RFC 9562), lower case. */
export const Ref = uuid.meta({ id: 'Ref' });

/** One sign-in, by Cognito's name for it: the claim `origin_jti` of each of its access tokens. */
export const SessionId = uuid.meta({ id: 'SessionId' });

/** A place in a conversation's log: the first entry has 1; 0 stands before it. */
export const Seq = z.int().min(0).max(999_999_999_999).meta({ id: 'Seq' });

export type ConversationId = z.infer<typeof ConversationId>;
export type PersonId = z.infer<typeof PersonId>;
export type MessageId = z.infer<typeof MessageId>;
export type SessionId = z.infer<typeof SessionId>;
export type Ref = z.infer<typeof Ref>;
