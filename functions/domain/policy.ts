import type { PersonId } from '../../protocol/ids.ts';
import type { RefusalCode } from '../../protocol/refusals.ts';
import type { Caller } from './caller.ts';
import { type Head, memberOf } from './conversation.ts';
import type { Decision, Operation, Purpose, Rule } from './decision.ts';
import { Refusal } from './refusal.ts';

interface PolicyRow {
  readonly rule: Rule;
  readonly purpose: Purpose;
  /** The code under which everybody else is refused. */
  readonly otherwise: RefusalCode;
  readonly holds: (caller: Caller, head: Head) => boolean;
}

/** Who may do what in a conversation. What stands in no row is refused. */
const policy: Partial<Record<Operation, PolicyRow>> = {
  'message.send': {
    rule: 'member-of-conversation',
    purpose: 'treatment',
    otherwise: 'not-a-member',
    holds: isMember,
  },
  'conversation.catch-up': {
    rule: 'member-of-conversation',
    purpose: 'treatment',
    otherwise: 'not-a-member',
    holds: isMember,
  },
  'conversation.read': {
    rule: 'member-of-conversation',
    purpose: 'treatment',
    otherwise: 'not-a-member',
    holds: isMember,
  },
  'conversation.mark-read': {
    rule: 'member-of-conversation',
    purpose: 'treatment',
    otherwise: 'not-a-member',
    holds: isMember,
  },
  // each conversation of the answer by itself; the whole of it is the caller's own, see below
  sync: {
    rule: 'member-of-conversation',
    purpose: 'treatment',
    otherwise: 'not-a-member',
    holds: isMember,
  },
  'conversation.list': {
    rule: 'member-of-conversation',
    purpose: 'treatment',
    otherwise: 'not-a-member',
    holds: isMember,
  },
  'member.add': {
    rule: 'owner-of-conversation',
    purpose: 'operations',
    otherwise: 'not-an-owner',
    holds: isOwner,
  },
  'member.remove': {
    rule: 'owner-of-conversation',
    purpose: 'operations',
    otherwise: 'not-an-owner',
    holds: isOwner,
  },
};

/**
 * The decision that lets `caller` do `operation` in the conversation of `head`.
 *
 * @throws Refusal `not-a-member` where there is no such conversation too: a stranger learns nothing from the answer
 */
export function allow(
  operation: Operation,
  object: string,
  caller: Caller,
  head: Head | undefined,
): Decision {
  const row = policy[operation];
  const asMember = head !== undefined && isMember(caller, head);
  if (!row || !asMember) {
    throw new Refusal('not-a-member', {
      operation,
      object,
      purpose: row?.purpose ?? 'operations',
      rule: 'member-of-conversation',
      outcome: 'refused',
      code: 'not-a-member',
    });
  }
  const decision = { operation, object, purpose: row.purpose, rule: row.rule } as const;
  if (!row.holds(caller, head)) {
    throw new Refusal(row.otherwise, { ...decision, outcome: 'refused', code: row.otherwise });
  }
  return { ...decision, outcome: 'allowed' };
}

/** What anybody who is signed in may ask across all conversations of their own. */
const ownOperations: ReadonlySet<Operation> = new Set<Operation>(['sync', 'conversation.list']);

/**
 * The decision that lets `caller` do `operation` with what is their own; each conversation is decided by {@link allow}.
 *
 * @throws Refusal `not-a-member` where the operation is nobody's own
 */
export function allowOwn(operation: Operation, caller: Caller): Decision {
  const decision = {
    operation,
    object: caller.person,
    purpose: 'treatment',
    rule: 'signed-in-person',
  } as const;
  if (!ownOperations.has(operation))
    throw refuse({ ...decision, outcome: 'refused' }, decision.rule, 'not-a-member');
  return { ...decision, outcome: 'allowed' };
}

interface PersonRow {
  readonly rule: Rule;
  readonly holds: (caller: Caller, person: PersonId) => boolean;
}

/** Who may do what about a person. The first row that holds allows; where none does, everybody is refused. */
const personPolicy: Partial<Record<Operation, readonly PersonRow[]>> = {
  'session.revoke': [
    { rule: 'own-session', holds: isThemselves },
    { rule: 'security-role', holds: hasRole('administrator', 'privacy-officer') },
  ],
};

/**
 * The decision that lets `caller` do `operation` about `person`, whether or not there is such a person: whoever may not
 * learns nothing of who there is.
 *
 * @throws Refusal `not-allowed`
 */
export function allowAbout(operation: Operation, caller: Caller, person: PersonId): Decision {
  const rows = personPolicy[operation] ?? [];
  const row = rows.find(({ holds }) => holds(caller, person));
  const rule = row?.rule ?? rows.at(-1)?.rule ?? 'security-role';
  const decision = { operation, object: person, purpose: 'operations', rule, outcome: 'allowed' } as const;
  if (!row) throw refuse(decision, rule, 'not-allowed');
  return decision;
}

/** A decision that was allowed by its rule and is refused all the same, by a limit that stands beside the rule. */
export function refuse(decision: Decision, rule: Rule, code: RefusalCode): Refusal {
  return new Refusal(code, { ...decision, rule, outcome: 'refused', code });
}

function isMember(caller: Caller, head: Head): boolean {
  return memberOf(head, caller.person) !== undefined;
}

function isOwner(caller: Caller, head: Head): boolean {
  return memberOf(head, caller.person)?.role === 'owner';
}

function isThemselves(caller: Caller, person: PersonId): boolean {
  return caller.person === person;
}

function hasRole(...roles: readonly string[]): (caller: Caller) => boolean {
  return (caller) => caller.roles.some((role) => roles.includes(role));
}
