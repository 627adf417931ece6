import { expect, test } from 'vitest';
import { recordOfEntry } from '../../../functions/audit/entry-records.ts';
import { AuditRecord } from '../../../functions/audit/record.ts';
import {
  hashOf,
  type MembershipChange,
  type MembershipEntry,
  type Source,
} from '../../../functions/domain/entry.ts';
import { packedSource, unpackedSource } from '../../../functions/store/sources.ts';

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
  const record = recordOfEntry(anEntry(change));
  expect(record).toMatchObject({ operation, rule, people: [change.person], object: conversationId });
  expect(AuditRecord.parse(record)).toEqual(record);
});

test('the purpose that was stated for an entry is stored, hashed and told; without one the row’s first is told', () => {
  const change = { kind: 'member.added', person: person ?? '', role: 'member' } as const;
  const source = {
    session: '0192f0c1-7c00-7000-8000-000000000001',
    sourceIp: '2001:db8::1',
    requestId: 'AbC-d_e=',
  };
  const stated: Source = { ...source, purpose: 'emergency' };
  for (const one of [source, stated]) expect(unpackedSource(packedSource(one))).toEqual(one);

  const [plain, withPurpose] = [source, stated].map((one) => ({ ...anEntry(change), source: one }));
  if (!plain || !withPurpose) throw new Error('there are two');
  expect(hashOf(withPurpose)).not.toEqual(hashOf(plain));
  expect(recordOfEntry(plain)).toMatchObject({ ...source, purpose: 'operations' });
  const record = recordOfEntry(withPurpose);
  expect(record).toMatchObject({ ...source, purpose: 'emergency' });
  expect(AuditRecord.parse(record)).toEqual(record);
});

function anEntry(change: MembershipChange): MembershipEntry {
  return {
    ...{ conversationId: conversationId ?? '', seq: 3, messageId: messageId ?? '', sender: sender ?? '' },
    ...{ ref: 'r', at: Date.parse('2030-01-01T00:00:00Z'), prev: new Uint8Array(32), membersVersion: 3 },
    change,
  };
}
