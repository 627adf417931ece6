import * as z from 'zod';
import { Note } from './emergencies.ts';
import { AmendmentId, ConversationId, Instant, PersonId, Ref, Seq } from './ids.ts';

/** Days in which an amendment is decided on, and by which that may be put off, once (45 CFR 164.526(b)(2)). */
export const AMENDMENT_DAYS = 60;
export const AMENDMENT_MORE_DAYS = 30;

/** `POST /me/amendments`: a patient, or who acts for them, says what is wrong in a message. The same `ref` is one request. */
export const AskAmendment = z.strictObject({
  ref: Ref,
  conversationId: ConversationId,
  seq: Seq.min(1),
  text: Note,
});

/** `GET /conversations/{conversationId}/amendments/{amendmentId}`. */
export const ReadAmendment = z.strictObject({ conversationId: ConversationId, amendmentId: AmendmentId });

/** `GET /admin/amendments`. */
export const ListAmendments = z.strictObject({});

/** `POST /admin/amendments/{amendmentId}/decision`: once; `extended` puts it off by 30 days, once. */
export const DecideAmendment = z.strictObject({
  amendmentId: AmendmentId,
  decision: z.enum(['accepted', 'denied', 'extended']),
  note: Note,
});

/** A request to amend what a message says. */
export const Amendment = z
  .strictObject({
    amendmentId: AmendmentId,
    conversationId: ConversationId,
    seq: Seq,
    person: PersonId,
    at: Instant,
    state: z.enum(['open', 'accepted', 'denied']),
    /** Until then it is decided on. */
    dueBy: Instant,
    /** What should stand there; absent once the keys of the conversation's month are destroyed, as is the note. */
    text: z.string().optional(),
    decided: z.strictObject({ by: PersonId, at: Instant, note: z.string().optional() }).optional(),
    extended: z.strictObject({ by: PersonId, at: Instant, note: z.string().optional() }).optional(),
  })
  .meta({ id: 'Amendment' });
export const AmendmentList = z.strictObject({ amendments: z.array(Amendment) });

export type Amendment = z.infer<typeof Amendment>;
