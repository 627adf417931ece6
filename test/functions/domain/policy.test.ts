import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../functions/domain/caller.ts';
import type { Operation } from '../../../functions/domain/decision.ts';
import { mayBeHeldTogether, offices } from '../../../functions/domain/entitlements.ts';
import { allow, policy } from '../../../functions/domain/policy.ts';
import type { About } from '../../../functions/domain/relation.ts';
import { Role } from '../../../protocol/roles.ts';
import { aConversation, callerNamed, person } from './in-memory.ts';

const NOW = 1_800_000_000_000;
const [ana, ben] = [person('ana'), person('ben')];
const { head, conversationId } = aConversation([ana, ben]);

function asked(operation: Operation, caller: Partial<Caller>, about: About): string {
  try {
    return allow(operation, { ...callerNamed(ana), askedAt: NOW, ...caller }, about).rule;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const inIt: About = { conversationId, head };
const operations = [...new Set(policy.map(({ operation }) => operation))];

describe('the policy', () => {
  test('is docs/access.md, row for row', async () => {
    const rows = policy.map(
      ({ operation, roles, relation, purposes }) =>
        `| \`${operation}\` | ${roles.length === Role.options.length ? 'everybody' : roles.join(', ')} | ${relation} | ${purposes.join(', ')} |`,
    );
    await expect(`${PREFACE}\n${rows.join('\n')}\n`).toMatchFileSnapshot('../../../docs/access.md');
  });

  test('lets nobody do anything under a role that it does not name, or under none', () => {
    for (const roles of [[], ['root'], ['Administrator'], ['']]) {
      for (const operation of operations) {
        for (const about of [inIt, { person: ana }, { person: ben }]) {
          expect(asked(operation, { roles }, about), operation).toMatch(/^not-/);
        }
      }
    }
  });

  test('opens no conversation to an office, and no office to who takes part in conversations', () => {
    const bodies = /^(message|conversation\.(read|catch-up|list|mark-read)|sync)/;
    const opening = policy.filter(({ operation }) => bodies.test(operation));
    expect(opening.length).toBeGreaterThan(5);
    expect(opening.flatMap(({ roles }) => roles).filter((role) => offices.includes(role))).toEqual([]);
    for (const office of offices) {
      const others = Role.options.filter((role) => role !== office);
      expect(mayBeHeldTogether([office])).toBe(true);
      expect(others.some((other) => mayBeHeldTogether([office, other]))).toBe(false);
    }
    expect(mayBeHeldTogether([])).toBe(false);
    expect(mayBeHeldTogether(['clinician', 'patient'])).toBe(true);
  });

  test('takes a stated purpose only where the row allows for it, and writes it down', () => {
    const purposes = ['treatment', 'operations', 'emergency'] as const;
    const outcomes = purposes.map((purpose) => asked('message.send', { purpose }, inIt));
    expect(outcomes).toEqual(['member-of-conversation', 'member-of-conversation', 'purpose-not-allowed']);
    expect(asked('member.add', { purpose: 'emergency', roles: ['auditor'] }, inIt)).toBe('not-allowed'); // the role comes first
    const caller = { ...callerNamed(ana), purpose: 'operations' as const };
    expect(allow('conversation.read', caller, inIt).purpose).toBe('operations');
  });

  test('lets a clinician who broke the glass read that conversation, to the end of the grant, and nothing else', () => {
    const stranger = { person: person('dan'), roles: ['clinician'] };
    const grant = { emergency: { conversationId, until: NOW + 1 } };
    expect(asked('conversation.read', stranger, inIt)).toBe('not-a-member');
    expect(asked('conversation.read', { ...stranger, ...grant }, inIt)).toBe('emergency-grant');
    const decision = allow(
      'conversation.read',
      { ...callerNamed('x'), ...stranger, ...grant, askedAt: NOW },
      inIt,
    );
    expect(decision).toMatchObject({ purpose: 'emergency', rule: 'emergency-grant' });

    expect(asked('conversation.read', { ...stranger, ...grant, askedAt: NOW + 1 }, inIt)).toBe(
      'not-a-member',
    );
    expect(asked('message.send', { ...stranger, ...grant }, inIt)).toBe('not-a-member');
    expect(asked('conversation.read', { ...stranger, ...grant, roles: ['staff'] }, inIt)).toBe(
      'not-a-member',
    );
    const another = {
      conversationId: person('another'),
      head: { ...head, conversationId: person('another') },
    };
    expect(asked('conversation.read', { ...stranger, ...grant }, another)).toBe('not-a-member');
  });

  test('gives an administrator of a site its people, and nobody of another or of none', () => {
    const atNorth = { roles: ['administrator'], site: 'north' };
    const about = (site?: string) => ({ person: ben, site });
    expect(asked('session.revoke', atNorth, about('north'))).toBe('security-role');
    expect(asked('session.revoke', atNorth, about('south'))).toBe('not-allowed');
    expect(asked('session.revoke', atNorth, about())).toBe('not-allowed');
    expect(asked('session.revoke', { roles: ['administrator'] }, about('south'))).toBe('security-role');
  });
});

const PREFACE = `# Who may do what

This is the whole policy of [\`functions/domain/policy.ts\`](../functions/domain/policy.ts), row for row; a test compares. Something is allowed where one row fits, and refused where none does. Why it is made this
way stands in [decision 11](decisions/0011-one-organisation-one-policy.md).

- **Being to it**: \`themselves\`: about one's own person, sign-in or lists. \`in their charge\`: anybody, or the people of one's own site where one has a site; \`another in charge\`: the same, and not oneself.
  \`member\`: of the conversation, at this moment: not before it, not after its end; a guest only with an end, a caregiver only beside a patient they act for. \`member who may write\`: not a reader.
  \`owner\`: a member who owns it. \`broke the glass\`: was let into this one conversation for an emergency, until an end. \`no member\`: may become the former ([decision 22](decisions/0022-breaking-the-glass.md)).
- **For**: purposes of use that the row allows for; the first is what is written down where the caller states none.
- Two people, one after the other, are needed for \`hold.release\`, \`conversation.shred\`, \`retention.change\` where days become fewer, and an export (\`export.ask\`, \`export.approve\`) ([decision 16](decisions/0016-two-people.md)).

| What | Who | Being to it | For |
| --- | --- | --- | --- |`;
