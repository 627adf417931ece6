import * as z from 'zod';
import { text } from './bodies.ts';
import { ConversationId, EmergencyId, Instant, id, PersonId, Ref } from './ids.ts';

/** A reason or a note holds at most this many bytes of UTF-8. */
export const MAX_NOTE_BYTES = 1024;

/** The most emergencies on one page. */
export const MAX_EMERGENCIES_PAGE = 50;

/** Words that say something: blanks alone do not. */
export const Note = text(MAX_NOTE_BYTES).refine((value) => value.trim() !== '', 'must say something');

/**
 * `POST /conversations/{conversationId}/emergency`: a clinician who is no member opens a conversation for an emergency, with the reason typed
 * for this once. The same `ref` of the same person is one emergency.
 */
export const OpenEmergency = z.strictObject({ conversationId: ConversationId, ref: Ref, reason: Note });

/** What somebody who broke the glass may do now: read this conversation until then. */
export const OpenedEmergency = z
  .strictObject({ emergencyId: EmergencyId, conversationId: ConversationId, at: Instant, until: Instant })
  .meta({ id: 'OpenedEmergency' });

/** How a privacy officer found the access. */
const Verdict = z.enum(['justified', 'not-justified']);

/** `GET /admin/emergencies`: those that await their review first; `after` is an earlier page's `next`. */
export const ListEmergencies = z.strictObject({
  after: id<'emergency-place'>(z.string().regex(/^(OPEN|DONE)\.[a-z2-7]{26}$/)).optional(),
});

/** `POST /admin/emergencies/{emergencyId}/review`: once, by somebody else than who opened it. */
export const ReviewEmergency = z.strictObject({ emergencyId: EmergencyId, verdict: Verdict, note: Note });

/** An access for an emergency, as privacy officers see it. */
export const Emergency = OpenedEmergency.extend({
  person: PersonId,
  /** What they typed; absent once the month's key of the conversation is destroyed. */
  reason: z.string().optional(),
  /** Until then somebody reviews it; later an alarm stands. */
  reviewBy: Instant,
  review: z
    .strictObject({ by: PersonId, at: Instant, verdict: Verdict, note: z.string().optional() })
    .optional(),
}).meta({ id: 'Emergency' });

/** `next` is there where there are more. */
export const EmergencyPage = z.strictObject({
  emergencies: z.array(Emergency),
  next: z.string().optional(),
});

/** Frame to a privacy officer: an access awaits its review. */
export const EmergencyAwaiting = z.strictObject({
  type: z.literal('emergency.awaiting-review'),
  emergencyId: EmergencyId,
  conversationId: ConversationId,
  person: PersonId,
  at: Instant,
  until: Instant,
  reviewBy: Instant,
  /** Whether `reviewBy` is past. */
  overdue: z.boolean(),
});

export type EmergencyAwaiting = z.infer<typeof EmergencyAwaiting>;
export type OpenedEmergency = z.infer<typeof OpenedEmergency>;
export type Emergency = z.infer<typeof Emergency>;
export type EmergencyPage = z.infer<typeof EmergencyPage>;
