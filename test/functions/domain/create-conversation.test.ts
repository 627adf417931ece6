import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Head } from '../../../functions/domain/conversation.ts';
import { createConversation, type Proposal } from '../../../functions/domain/create-conversation.ts';
import type { Created, Log } from '../../../functions/domain/log.ts';
import { isSame, phi } from '../../../functions/domain/phi.ts';
import { Refusal } from '../../../functions/domain/refusal.ts';
import {
  aConversation,
  aRef,
  aRetention,
  callerNamed,
  cliniciansOf,
  MemoryLog,
  noHolds,
  person,
} from './in-memory.ts';

const END = 1_800_000_000_000;
const people = [person('ana'), person('ben'), person('cleo')];

/** A store in which a creation is a transaction: while one is under way another is cancelled and finds nothing there. */
class CreationLog extends MemoryLog {
  private readonly underWay = new Set<string>();

  private async createAlone(head: Head): Promise<Created> {
    if (this.underWay.has(head.conversationId)) return { outcome: 'conflict' };
    this.underWay.add(head.conversationId);
    try {
      return await this.create(head);
    } finally {
      this.underWay.delete(head.conversationId);
    }
  }

  asLog(): Log {
    return Object.assign(Object.create(this), { create: (head: Head) => this.createAlone(head) });
  }
}

const wishes = fc.array(
  fc.record({
    by: fc.nat(2),
    kind: fc.constantFrom('direct', 'group'),
    others: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 2 }),
    ref: fc.nat(1),
    title: fc.constantFrom('one', 'other'),
    /** Its function dies before it answers. */
    dies: fc.boolean(),
  }),
  { minLength: 2, maxLength: 8 },
);

test('in any race a ref makes one group, two people have one direct conversation, and each answer is what stands there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), wishes, async (scheduler, asked) => {
      const { rooms } = aConversation(people);
      const log = new CreationLog();
      log.turn = (what) => scheduler.schedule(Promise.resolve(), what);
      const refs = [aRef(), aRef()];
      const all = Promise.allSettled(
        asked.map(async ({ by, kind, others, ref, title, dies }) => {
          const proposal: Proposal = {
            ref: refs[ref] ?? '',
            kind: kind as Proposal['kind'],
            members: others.map((place) => people[place] ?? ''),
            ...(kind === 'group' && { title: phi(title) }),
          };
          const { value } = await createConversation(
            {
              ...rooms,
              log: log.asLog(),
              people: cliniciansOf(),
              retention: aRetention({ default: 30 }),
              ...noHolds,
              pause: async (lostRaces) => {
                const turns = Math.min(2 ** lostRaces, 64); // longer the more races were lost, as the door's does
                for (let nth = 0; nth < turns; nth += 1) await scheduler.schedule(Promise.resolve(), 'pause');
              },
            },
            Promise.resolve(callerNamed(people[by] ?? '')),
            proposal,
          );
          return dies ? undefined : { proposal, by: people[by] ?? '', value };
        }),
      );
      await scheduler.waitFor(all);

      const standing = [...log.heads.values()];
      const directs = standing.filter(({ kind }) => kind === 'direct').map(membersOf);
      expect(new Set(directs).size).toBe(directs.length);
      const groups = standing
        .filter(({ kind }) => kind === 'group')
        .map((head) => `${head.createdBy} ${head.ref}`);
      expect(new Set(groups).size).toBe(groups.length);
      for (const one of await all) {
        if (one.status === 'rejected') {
          expect(one.reason).toBeInstanceOf(Refusal);
          expect(['ref-reused', 'malformed']).toContain(one.reason.code);
        } else if (one.value) {
          const { proposal, by, value } = one.value;
          expect(value.head).toEqual(log.heads.get(value.head.conversationId));
          expect(membersOf(value.head)).toBe([...new Set([by, ...proposal.members])].sort().join());
          expect(isSame(value.title, proposal.title)).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('two people whose direct conversation was destroyed begin another, and it is one again', async () => {
  const [ana = '', ben = ''] = people;
  const { rooms, log } = aConversation(people);
  const begin = async (by: string, other: string) => {
    const proposal: Proposal = { ref: aRef(), kind: 'direct', members: [other] };
    const asking = Promise.resolve(callerNamed(by));
    const { decision, value } = await createConversation(
      { ...rooms, people: cliniciansOf() },
      asking,
      proposal,
    );
    expect(decision.object).toBe(value.head.conversationId);
    return value.head;
  };
  const seen = new Set<string>();
  for (let nth = 0; nth < 3; nth += 1) {
    const head = await begin(ana, ben);
    expect((await begin(ben, ana)).conversationId).toBe(head.conversationId);
    seen.add(head.conversationId);
    log.heads.set(head.conversationId, { ...head, shreddedAt: 1 });
  }
  expect(seen.size).toBe(3);
});

test('who is no member any more gets nothing of it by asking for it once more: not after their end, and not as a caregiver without their patient', async () => {
  const [ana = '', ben = '', cleo = ''] = people;
  const { rooms, log } = aConversation(people);
  const isActing = { roles: ['clinician', 'caregiver'], actsFor: [ben] };
  const proposal: Proposal = { ref: aRef(), kind: 'group', members: [ben, cleo], title: phi('a title') };
  const ask = (as: object = isActing) =>
    createConversation(
      { ...rooms, people: cliniciansOf() },
      Promise.resolve({ ...callerNamed(ana), askedAt: END, ...as }),
      proposal,
    );
  const { head } = (await ask()).value;
  const change = (members: Head['members']) => log.heads.set(head.conversationId, { ...head, members });
  const ofAna = (until: number) =>
    head.members.map((member) => (member.person === ana ? { ...member, until } : member));
  change(ofAna(END + 1));
  expect(isSame((await ask()).value.title, phi('a title'))).toBe(true);
  change(ofAna(END));
  await expect(ask()).rejects.toMatchObject({ code: 'not-a-member' });

  const onlyCaregiver = { roles: ['caregiver'], actsFor: [ben] };
  change(head.members);
  expect(isSame((await ask(onlyCaregiver)).value.title, phi('a title'))).toBe(true);
  change(head.members.filter(({ person: one }) => one !== ben));
  await expect(ask(onlyCaregiver)).rejects.toMatchObject({ code: 'not-a-member' });
});

function membersOf({ members }: Head): string {
  return members.map((member) => member.person).join();
}
