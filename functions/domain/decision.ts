import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Purpose } from '../../protocol/purposes.ts';
import type { RefusalCode } from '../../protocol/refusals.ts';

/** What can be asked for; the name of the frame, or of the route's resource and verb. */
export type Operation =
  | 'session.connect'
  | 'session.open'
  | 'session.renew'
  | 'session.keep'
  | 'session.list'
  | 'session.revoke'
  | 'message.send'
  | 'sync'
  | 'conversation.catch-up'
  | 'conversation.list'
  | 'conversation.mark-read'
  | 'conversation.create'
  | 'conversation.read'
  | 'attachment.upload'
  | 'attachment.download'
  | 'member.add'
  | 'member.remove'
  | 'conversation.shred'
  | 'emergency.open'
  | 'emergency.list'
  | 'emergency.review'
  | 'amendment.ask'
  | 'amendment.read'
  | 'amendment.list'
  | 'amendment.decide'
  | 'export.ask'
  | 'export.approve'
  | 'export.list'
  | 'export.download'
  | 'me.show'
  | 'retention.show'
  | 'retention.change'
  | 'hold.place'
  | 'hold.list'
  | 'hold.release'
  | 'person.create'
  | 'person.restrict'
  | 'person.change-roles'
  | 'person.disable'
  | 'person.enable'
  | 'recertification.open'
  | 'recertification.read'
  | 'recertification.sign-off'
  | 'frame.unknown'
  | 'session.disconnect';

/** Why somebody may. The rule that decided stands in every record of the decision. */
export type Rule =
  | 'live-session'
  | 'signed-in-person'
  | 'own-session'
  | 'security-role'
  | 'privacy-office'
  | 'oversight'
  | 'people-in-charge'
  | 'audit-role'
  | 'roles-apart'
  | 'offices-by-operator'
  | 'one-name-one-person'
  | 'member-of-conversation'
  | 'owner-of-conversation'
  | 'member-leaves'
  | 'emergency-grant'
  | 'emergency-access'
  | 'fresh-sign-in'
  | 'excluded-site'
  | 'known-emergencies'
  | 'known-exports'
  | 'restricted-by-patient'
  | 'known-messages'
  | 'known-amendments'
  | 'one-review'
  | 'two-people'
  | 'eligible-people'
  | 'known-people'
  | 'known-conversations'
  | 'known-holds'
  | 'within-limits'
  | 'one-ref-one-message'
  | 'own-attachment'
  | 'uploaded-as-declared'
  | 'carried-by-message'
  | 'scanned-clean'
  | 'not-destroyed'
  | 'no-hold'
  | 'known-conversation'
  | 'well-formed'
  | 'no-rule';

/** What was asked, of what, under which rule, and how it ended: what the audit trail is made from. */
export interface Decision {
  readonly operation: Operation;
  /** A conversation's, person's, hold's or attachment's id, or a kind of conversation with the days wished for it; never anything that somebody wrote. */
  readonly object: string;
  readonly purpose: Purpose;
  readonly rule: Rule;
  readonly outcome: 'allowed' | 'refused';
  /** Conversations of which something was told, if only who is in them, where the object is not the one conversation itself. */
  readonly opened?: readonly ConversationId[];
  /** Whom it concerns besides the caller: who is let in, removed or changed. */
  readonly people?: readonly PersonId[];
  /** A conversation's log holds it: the entry that it led to is its record. */
  readonly inLog?: true;
  /** Stands in a refusal. */
  readonly code?: RefusalCode;
}

/** Every operation answers with the decision that allowed it: one that decides nothing does not compile. */
export interface Decided<T> {
  readonly decision: Decision;
  readonly value: T;
}
