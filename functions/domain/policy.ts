import type { Purpose } from '../../protocol/purposes.ts';
import type { RefusalCode } from '../../protocol/refusals.ts';
import type { Role } from '../../protocol/roles.ts';
import type { Caller } from './caller.ts';
import type { Decision, Operation, Rule } from './decision.ts';
import { conversing, type Entitlements, holdsAny, offices } from './entitlements.ts';
import { Refusal } from './refusal.ts';
import { type About, isRelated, type Relation } from './relation.ts';

/** One line of the policy: these roles may do this, being that to what it is about, for these purposes. */
export interface PolicyRow {
  readonly operation: Operation;
  readonly roles: readonly Role[];
  readonly relation: Relation;
  /** Purposes for which the row allows; the first is the one that is meant where none is stated. */
  readonly purposes: readonly Purpose[];
  /** What the record of the decision says. */
  readonly rule: Rule;
}

const everyone: readonly Role[] = [...conversing, ...offices];
const beginners: readonly Role[] = ['patient', 'caregiver', 'clinician', 'staff'];
const security: readonly Role[] = ['administrator', 'privacy-officer'];

/**
 * Who may do what: the whole of it. An operation is allowed where one row fits; what fits no row is refused. A role that
 * stands in no row of an operation never does it, whoever they are to whom.
 */
export const policy: readonly PolicyRow[] = [
  // operation                who                    being to it            for what        named in the record
  row('session.connect', everyone, 'themselves', ['operations'], 'live-session'),
  row('session.open', everyone, 'themselves', ['operations'], 'live-session'),
  row('session.renew', everyone, 'themselves', ['operations'], 'live-session'),
  row('session.keep', everyone, 'themselves', ['operations'], 'live-session'),
  row('session.revoke', everyone, 'themselves', ['operations'], 'own-session'),
  row('session.revoke', security, 'in their charge', ['operations'], 'security-role'),
  row('session.list', everyone, 'themselves', ['operations'], 'own-session'),
  row('session.list', security, 'in their charge', ['operations'], 'security-role'),
  row('me.show', everyone, 'themselves', ['operations'], 'live-session'),

  row('retention.show', offices, 'themselves', ['operations'], 'oversight'),
  row('retention.change', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'), // two of them for fewer days
  row('hold.place', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),
  row('hold.list', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),
  row('hold.release', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'), // two of them
  row('person.create', ['administrator'], 'in their charge', ['operations'], 'people-in-charge'),
  row('person.change-roles', ['administrator'], 'another in charge', ['operations'], 'people-in-charge'),
  row('person.disable', security, 'another in charge', ['operations'], 'people-in-charge'),
  row('person.enable', ['administrator'], 'another in charge', ['operations'], 'people-in-charge'),
  row('recertification.open', security, 'in their charge', ['operations'], 'security-role'),
  row('recertification.read', [...security, 'auditor'], 'themselves', ['operations'], 'audit-role'),
  row('recertification.sign-off', security, 'another in charge', ['operations'], 'people-in-charge'),

  row('conversation.create', beginners, 'themselves', ['treatment', 'operations'], 'known-people'),
  row('conversation.list', conversing, 'themselves', ['treatment', 'operations'], 'signed-in-person'),
  row('conversation.list', conversing, 'member', ['treatment', 'operations'], 'member-of-conversation'),
  row('conversation.read', conversing, 'member', ['treatment', 'operations'], 'member-of-conversation'),
  row('conversation.read', ['clinician'], 'broke the glass', ['emergency'], 'emergency-grant'),
  row('conversation.catch-up', conversing, 'member', ['treatment', 'operations'], 'member-of-conversation'),
  row('conversation.catch-up', ['clinician'], 'broke the glass', ['emergency'], 'emergency-grant'),
  row('conversation.mark-read', conversing, 'member', ['treatment', 'operations'], 'member-of-conversation'),
  row('sync', conversing, 'themselves', ['treatment', 'operations'], 'signed-in-person'),
  row('sync', conversing, 'member', ['treatment', 'operations'], 'member-of-conversation'),
  row(
    'message.send',
    conversing,
    'member who may write',
    ['treatment', 'operations'],
    'member-of-conversation',
  ),

  row(
    'attachment.upload',
    conversing,
    'member who may write',
    ['treatment', 'operations'],
    'member-of-conversation',
  ),
  row('attachment.download', conversing, 'member', ['treatment', 'operations'], 'member-of-conversation'),
  row('attachment.download', ['clinician'], 'broke the glass', ['emergency'], 'emergency-grant'),

  row('emergency.open', ['clinician'], 'no member', ['emergency'], 'emergency-access'),
  row('emergency.list', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),
  row('emergency.review', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'), // of another's access

  row('amendment.ask', ['patient', 'caregiver'], 'member', ['operations'], 'member-of-conversation'),
  row('amendment.read', conversing, 'member', ['treatment', 'operations'], 'member-of-conversation'),
  row('amendment.list', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),
  row('amendment.decide', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),

  row('person.restrict', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),
  row('export.ask', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),
  row('export.approve', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'), // another one
  row('export.list', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),
  row('export.download', ['privacy-officer'], 'themselves', ['operations'], 'privacy-office'),

  row('conversation.shred', ['privacy-officer'], 'whoever is in it', ['operations'], 'security-role'),

  row('member.add', beginners, 'owner', ['operations'], 'owner-of-conversation'),
  row('member.remove', beginners, 'owner', ['operations'], 'owner-of-conversation'),
  row('member.remove', conversing, 'member who leaves', ['operations'], 'member-leaves'),
];

/**
 * The decision that lets `caller` do `operation`. Whoever may not learns nothing of what there is: a conversation that
 * does not exist is refused as one that is not theirs, a person who does not exist as one who is not in their charge.
 *
 * @throws Refusal `not-a-member`, `read-only`, `not-an-owner`, `not-allowed`
 */
export function allow(operation: Operation, caller: Caller, about: About): Decision {
  const object = 'conversationId' in about ? about.conversationId : about.person;
  const rows = policy.filter((one) => one.operation === operation && isSameKind(one, about));
  const fitting = rows.find((one) => fits(one, caller, about));
  if (fitting) {
    const purpose = caller.purpose ?? fitting.purposes[0] ?? 'operations';
    return { operation, object, purpose, rule: fitting.rule, outcome: 'allowed' };
  }

  const { row: nearest, code } = whyNot(rows, caller, about);
  throw new Refusal(code, {
    operation,
    object,
    purpose: caller.purpose ?? nearest?.purposes[0] ?? 'operations',
    rule: nearest?.rule ?? 'no-rule',
    outcome: 'refused',
    code,
  });
}

/** {@link allow} for what is the caller's own. */
export function allowOwn(operation: Operation, caller: Caller): Decision {
  return allow(operation, caller, { person: caller.person });
}

/** Whether some row names a role of theirs for the operation: what can be asked of somebody who is not here. */
export function mayAsk(operation: Operation, entitled: Entitlements): boolean {
  return policy.some((one) => one.operation === operation && holdsAny(entitled, one.roles));
}

/** A decision that was allowed by its rule and is refused all the same, by a limit that stands beside the rule. */
export function refuse(decision: Decision, rule: Rule, code: RefusalCode): Refusal {
  return new Refusal(code, { ...decision, rule, outcome: 'refused', code });
}

function row(
  operation: Operation,
  roles: readonly Role[],
  relation: Relation,
  purposes: readonly Purpose[],
  rule: Rule,
): PolicyRow {
  return { operation, roles, relation, purposes, rule };
}

const aboutPeople: readonly Relation[] = ['themselves', 'in their charge', 'another in charge'];

/** Rows about people say nothing of conversations, and the other way round. */
function isSameKind({ relation }: PolicyRow, about: About): boolean {
  return aboutPeople.includes(relation) !== 'conversationId' in about;
}

function fits({ roles, relation, purposes }: PolicyRow, caller: Caller, about: About): boolean {
  const isForThat = caller.purpose === undefined || purposes.includes(caller.purpose);
  return isForThat && holdsAny(caller, roles) && isRelated(relation, caller, about);
}

/** What each relation is refused with, where it is what is missing. */
const missing: Record<Relation, RefusalCode> = {
  themselves: 'not-allowed',
  'in their charge': 'not-allowed',
  'another in charge': 'not-allowed',
  member: 'not-a-member',
  'member who may write': 'read-only',
  'member who leaves': 'not-an-owner',
  owner: 'not-an-owner',
  'broke the glass': 'not-a-member',
  'no member': 'already-a-member',
  'whoever is in it': 'not-allowed',
};

/** The row that came nearest, and the code that says what was missing: to be a member first of all, then the role. */
function whyNot(
  rows: readonly PolicyRow[],
  caller: Caller,
  about: About,
): { readonly row: PolicyRow | undefined; readonly code: RefusalCode } {
  const isForMembers = rows.every(
    ({ relation }) => relation !== 'whoever is in it' && relation !== 'no member',
  );
  if (isForMembers && 'conversationId' in about && !isRelated('member', caller, about)) {
    return { row: { ...memberRow, ...rows[0], rule: 'member-of-conversation' }, code: 'not-a-member' };
  }
  const another = rows.find((one) => fits(one, { ...caller, purpose: undefined }, about));
  if (another) return { row: another, code: 'purpose-not-allowed' };
  const byRole = rows.filter(({ roles }) => holdsAny(caller, roles));
  const nearest = byRole.find(({ relation }) => !isRelated(relation, caller, about));
  return nearest
    ? { row: nearest, code: missing[nearest.relation] }
    : { row: byRole[0] ?? rows.at(-1), code: 'not-allowed' };
}

const memberRow = row('conversation.read', conversing, 'member', ['operations'], 'member-of-conversation');
