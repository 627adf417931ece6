import { expect, test } from 'vitest';
import { recordOfEntry } from '../../../functions/audit/entry-records.ts';
import { AuditRecord } from '../../../functions/audit/record.ts';
import type { MembershipChange, MembershipEntry } from '../../../functions/domain/entry.ts';

const [conversationId, sender, person, messageId] = ['c', 's', 'p', 'm'].map((letter) => letter.repeat(26));

test.each<[MembershipChange, string, string]>([
  [{ kind: 'member.added', person: person ?? '', role: 'member' }, 'member.add', 'owner-of-conversation'],
  [{ kind: 'member.removed', person: person ?? '' }, 'member.remove', 'owner-of-conversation'],
  [{ kind: 'member.removed', person: sender ?? '' }, 'member.remove', 'member-leaves'],
  [
    { kind: 'emergency.opened', person: sender ?? '', until: '2030-01-01T01:00:00.000Z' },
    'emergency.open',
    'emergency-access',
  ],
])('an entry of %j is told as %s by the rule %s', (change, operation, rule) => {
  const entry: MembershipEntry = {
    ...{ conversationId: conversationId ?? '', seq: 3, messageId: messageId ?? '', sender: sender ?? '' },
    ...{
      ref: 'r',
      at: Date.parse('2030-01-01T00:00:00Z'),
      prev: new Uint8Array(32),
      membersVersion: 3,
      change,
    },
  };
  const record = recordOfEntry(entry);
  expect(record).toMatchObject({ operation, rule, people: [change.person], object: conversationId });
  expect(AuditRecord.parse(record)).toEqual(record);
});
