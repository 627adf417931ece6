import * as z from 'zod';
import { Instant, PersonId } from './ids.ts';

/**
 * What kind of device a sign-in says that it is on: one of these words and never a name, because whatever a person may
 * write names people.
 */
export const DeviceKind = z
  .enum(['phone', 'tablet', 'computer', 'shared-computer', 'server'])
  .meta({ id: 'DeviceKind' });
export type DeviceKind = z.infer<typeof DeviceKind>;

/** A message's text holds at most this many bytes of UTF-8. */
export const MAX_TEXT_BYTES = 8 * 1024;

/** A conversation's title holds at most this many bytes of UTF-8. */
export const MAX_TITLE_BYTES = 256;

const bytes = new TextEncoder();

// C0 controls but tab, line feed and carriage return, DEL, and C1 controls: nothing renders them, and logs and terminals obey some
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

function text(maxBytes: number) {
  return z
    .string()
    .min(1)
    .refine((value) => bytes.encode(value).length <= maxBytes, `must be at most ${maxBytes} bytes of UTF-8`)
    .refine((value) => value.isWellFormed(), 'must not hold a lone surrogate')
    .refine((value) => !CONTROL_CHARACTERS.test(value), 'must not hold control characters');
}

/** What a person may send. */
export const TextBody = z
  .strictObject({ kind: z.literal('text'), text: text(MAX_TEXT_BYTES) })
  .meta({ id: 'TextBody' });

/** Owners add and remove, members read and write, readers read. */
export const MemberRole = z.enum(['owner', 'member', 'reader']).meta({ id: 'MemberRole' });

/** What only the server writes: a change of membership has its place in the same order as the messages. */
export const MemberAdded = z
  .strictObject({
    kind: z.literal('member.added'),
    person: PersonId,
    role: MemberRole,
    /** From then on they are no member any more, whatever else happens. */
    until: Instant.optional(),
  })
  .meta({ id: 'MemberAdded' });
export const MemberRemoved = z
  .strictObject({ kind: z.literal('member.removed'), person: PersonId })
  .meta({ id: 'MemberRemoved' });

/** Any body that an entry of the log may have. */
export const EntryBody = z.discriminatedUnion('kind', [TextBody, MemberAdded, MemberRemoved]);

export const Title = text(MAX_TITLE_BYTES).meta({ id: 'Title' });

export type TextBody = z.infer<typeof TextBody>;
export type EntryBody = z.infer<typeof EntryBody>;
export type MemberRole = z.infer<typeof MemberRole>;
