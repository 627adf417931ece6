import * as z from 'zod';

declare const named: unique symbol;

/** A string that is an id, or an instant. Any string may be given where one is taken; what a schema gives back says which id it is. */
export type Id<Name extends string> = string & { readonly [named]?: Name };

/** Whether a type of strings is an {@link Id}: of any other the server takes it that a person may have written it. */
export type IsId<T> = typeof named extends keyof T ? true : false;

/** The schemas of ids and instants: what one of them takes, no person can write anything into. */
export const ids = z.registry<Record<string, never>>();

/** An id by its name, for shapes that only ids have, or instants. */
export function id<Name extends string>(schema: z.ZodType<string, string>): z.ZodType<Id<Name>, string> {
  ids.add(schema, {});
  return schema as unknown as z.ZodType<Id<Name>, string>;
}

/** An id that the server makes: 128 random or hashed bits as 26 characters of base32 (RFC 4648, lower case). */
const serverId = z.string().regex(/^[a-z2-7]{26}$/, 'must be 26 characters of a-z and 2-7');

export const ConversationId = id<'conversation'>(serverId.meta({ id: 'ConversationId' }));
export const PersonId = id<'person'>(serverId.meta({ id: 'PersonId' }));
export const MessageId = id<'message'>(serverId.meta({ id: 'MessageId' }));
export const AttachmentId = id<'attachment'>(serverId.meta({ id: 'AttachmentId' }));
export const HoldId = id<'hold'>(serverId.meta({ id: 'HoldId' }));
export const AmendmentId = id<'amendment'>(serverId.meta({ id: 'AmendmentId' }));
export const ExportId = id<'export'>(serverId.meta({ id: 'ExportId' }));
export const EmergencyId = id<'emergency'>(serverId.meta({ id: 'EmergencyId' }));

/** SHA-256 of some bytes, in base64 (RFC 4648): 44 characters. */
export const Sha256 = id<'sha256'>(
  z
    .string()
    .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'must be the base64 of 32 bytes')
    .meta({ id: 'Sha256' }),
);

const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be a lower-case UUID');

/** The sender's own name for one message or creation: a UUID, version 7 recommended (RFC 9562), lower case. */
export const Ref = id<'ref'>(uuid.meta({ id: 'Ref' }));

/** One sign-in, by Cognito's name for it: the claim `origin_jti` of each of its access tokens. */
export const SessionId = id<'session'>(uuid.meta({ id: 'SessionId' }));

/** A moment of the server's clock, in UTC (RFC 3339). */
export const Instant = id<'instant'>(z.iso.datetime());

/** A place in a conversation's log: the first entry has 1; 0 stands before it. */
export const Seq = z.int().min(0).max(999_999_999_999).meta({ id: 'Seq' });

export type ConversationId = z.infer<typeof ConversationId>;
export type PersonId = z.infer<typeof PersonId>;
export type MessageId = z.infer<typeof MessageId>;
export type AttachmentId = z.infer<typeof AttachmentId>;
export type AmendmentId = z.infer<typeof AmendmentId>;
export type Sha256 = z.infer<typeof Sha256>;
export type SessionId = z.infer<typeof SessionId>;
export type Ref = z.infer<typeof Ref>;
