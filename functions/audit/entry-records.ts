import type { Operation } from '../domain/decision.ts';
import { type Entry, hashOf, isMembership, type MembershipChange, type Source } from '../domain/entry.ts';
import { policy } from '../domain/policy.ts';
import type { AuditRecord } from './record.ts';

/** Whence an entry came that nobody asked for: somebody's time in a conversation was over. */
const BY_ITSELF: Source = { session: '-', sourceIp: '-', requestId: '-' };

/**
 * The record that an entry is: who sent or changed what, from where, under which row of the policy. Made behind the send from the
 * entry as it is stored, and the same however often it is made.
 */
export function recordOfEntry(entry: Entry): AuditRecord {
  const { operation, people } = actOf(entry);
  const { rule, purposes } = rowOf(operation, entry);
  const { purpose: stated, ...whence } = entry.source ?? BY_ITSELF;
  return {
    kind: 'entry',
    id: entry.messageId,
    at: new Date(entry.at).toISOString(),
    person: entry.sender,
    ...whence,
    operation,
    object: entry.conversationId,
    ...(people && { people }),
    purpose: stated ?? purposes[0] ?? 'operations',
    rule,
    outcome: 'allowed',
    seq: entry.seq,
    hash: hexadecimal(hashOf(entry)),
    prev: hexadecimal(entry.prev),
    ...(!isMembership(entry) && entry.attachmentId !== undefined && { attachment: entry.attachmentId }),
  };
}

function actOf(entry: Entry): { readonly operation: Operation; readonly people?: readonly string[] } {
  if (!isMembership(entry)) return { operation: 'message.send' };
  const { kind, person } = entry.change;
  return { operation: operations[kind], people: [person] };
}

const operations: Readonly<Record<MembershipChange['kind'], Operation>> = {
  'member.added': 'member.add',
  'member.removed': 'member.remove',
  'emergency.opened': 'emergency.open',
  'amendment.accepted': 'amendment.decide',
};

/** Who takes themselves out leaves; whoever else takes them out, or lets in, owns the conversation. */
function rowOf(operation: Operation, entry: Entry) {
  const leaves = operation === 'member.remove' && isMembership(entry) && entry.change.person === entry.sender;
  const row = policy.find(
    (one) => one.operation === operation && (one.relation === 'member who leaves') === leaves,
  );
  if (!row) throw new Error(`no row of the policy allows ${operation}`);
  return row;
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
