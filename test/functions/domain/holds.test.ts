import { describe, expect, test } from 'vitest';
import type { Request } from '../../../functions/domain/approvals.ts';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { createConversation } from '../../../functions/domain/create-conversation.ts';
import { seeHolds, unheld } from '../../../functions/domain/held.ts';
import { type Hold, listHolds, placeHold, releaseHold } from '../../../functions/domain/holds.ts';
import { aConversation, aRef, callerNamed, cliniciansOf, person } from './in-memory.ts';
import { MemoryHolds } from './in-memory-holds.ts';

const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];
const [olga, otto] = [person('olga'), person('otto')];

/** A group of two, the people around it, and two privacy officers. */
function anOffice() {
  const chat = aConversation([ana, ben]);
  const holds = new MemoryHolds(chat.log);
  const { held } = holds;
  const standing = new Map<string, Request>();
  const asked: string[] = [];
  holds.turn = async (what) => {
    if (what === 'place') asked.push(what);
  };
  const roles = new Map([olga, otto].map((one) => [one, ['privacy-officer']]));
  const known = [ana, ben, cleo, olga, otto];
  const rooms = {
    ...chat.rooms,
    people: {
      ...cliniciansOf(known),
      profile: async (one: string) => ({ person: one, roles: roles.get(one) ?? ['clinician'] }),
    },
    restamps: {
      ask: async () => {
        asked.push('ask');
        return asked.length;
      },
    },
    requests: {
      ask: async (request: Request) => {
        const found = standing.get(request.object) ?? request;
        standing.set(request.object, found);
        return found;
      },
      close: async ({ object }: Request) => void standing.delete(object),
    },
    holds,
  };
  const as = (who: string, role = roles.get(who)?.[0] ?? 'clinician') =>
    Promise.resolve({ ...callerNamed(who), roles: [role] });
  const wish = (objects: { people?: string[]; conversations?: string[] }, ref = aRef()) => ({
    ...{ ref, reason: 'M-1', people: [], conversations: [] },
    ...objects,
  });
  const place = async (objects: Parameters<typeof wish>[0]) =>
    (await placeHold(rooms, as(olga), wish(objects))).value;
  const release = async (who: string, { holdId }: Hold) => (await releaseHold(rooms, as(who), holdId)).value;
  const isHeld = async () =>
    unheld(await seeHolds(holds), chat.log.heads.get(chat.conversationId) as Head) === undefined;
  return { chat, rooms, holds, held, standing, asked, roles, as, wish, place, release, isHeld };
}

const add = ({ rooms, chat }: ReturnType<typeof anOffice>, kind: 'member.added' | 'member.removed') =>
  changeMembers(rooms, Promise.resolve(callerNamed(ana)), chat.conversationId, { kind, person: cleo });

describe('a hold', () => {
  test('keeps from its placing on what it names, by conversation or by person, and nothing else', async () => {
    for (const [objects, keeps] of [
      [(id: string) => ({ conversations: [id] }), true],
      [() => ({ people: [ben] }), true],
      [() => ({ people: [cleo] }), false],
    ] as const) {
      const office = anOffice();
      expect(await office.isHeld()).toBe(false);
      expect(await office.place(objects(office.chat.conversationId))).toMatchObject({ state: 'pending' });
      expect(await office.isHeld()).toBe(keeps);
    }
  });

  test('is asked to be stamped before it stands, so that no stamping ends without it', async () => {
    const office = anOffice();
    const hold = await office.place({ people: [ben] });
    expect(office.asked).toEqual(['ask', 'place']);
    expect(hold.restamp).toBe(1);
  });

  test('is one for each ref of a person, and not another one under the same', async () => {
    const office = anOffice();
    const wish = office.wish({ people: [ben, ana, ben] });
    const first = await placeHold(office.rooms, office.as(olga), wish);
    expect(await placeHold(office.rooms, office.as(olga), { ...wish, people: [ana, ben] })).toEqual(first);
    expect(office.held.size).toBe(1);
    for (const other of [{ people: [ana] }, { reason: 'M-2' }, { people: [ana, ben, cleo] }]) {
      const asked = placeHold(office.rooms, office.as(olga), { ...wish, ...other });
      await expect(asked).rejects.toMatchObject({ code: 'ref-reused' });
    }
    await placeHold(office.rooms, office.as(otto), wish);
    expect(office.held.size).toBe(2);
  });

  test('on what does not exist is refused, and nothing is placed', async () => {
    const office = anOffice();
    for (const [objects, code] of [
      [{ people: [ben, person('nobody')] }, 'unknown-person'],
      [{ conversations: [person('nowhere')] }, 'unknown-conversation'],
    ] as const) {
      const asked = placeHold(office.rooms, office.as(olga), office.wish(objects as never));
      await expect(asked).rejects.toMatchObject({ code });
    }
    expect([office.held.size, office.asked]).toEqual([0, []]);
  });

  test.each(['patient', 'caregiver', 'clinician', 'staff', 'administrator', 'auditor', 'bot', 'guest'])(
    'is nothing to a %s: neither placed, nor listed, nor released',
    async (role) => {
      const office = anOffice();
      const hold = await office.place({ people: [ben] });
      const before = JSON.stringify([...office.held.values()]);
      const as = () => office.as(ana, role);
      const tries = [
        placeHold(office.rooms, as(), office.wish({ people: [cleo] })),
        listHolds(office.rooms, as()),
        releaseHold(office.rooms, as(), hold.holdId),
      ];
      for (const one of tries) await expect(one).rejects.toMatchObject({ code: 'not-allowed' });
      expect(JSON.stringify([...office.held.values()])).toBe(before);
      expect(office.standing.size).toBe(0);
    },
  );
});

describe('a release', () => {
  test('takes two people, and is told to whoever asks afterwards', async () => {
    const office = anOffice();
    const hold = await office.place({ people: [ben] });
    for (let times = 0; times < 3; times += 1) {
      expect(await office.release(olga, hold)).toMatchObject({ state: 'awaiting-second-person' });
    }
    expect(await office.isHeld()).toBe(true);
    expect(await office.release(otto, hold)).toMatchObject({ state: 'releasing', releasedBy: [olga, otto] });
    expect(await office.isHeld()).toBe(false);
    expect(office.standing.size).toBe(0);
    expect(await office.release(olga, hold)).toMatchObject({ state: 'releasing' });
    const unknown = releaseHold(office.rooms, office.as(olga), person('unknown'));
    await expect(unknown).rejects.toMatchObject({ code: 'unknown-hold' });
  });

  test('is carried out where the hold came into force at that very moment', async () => {
    const office = anOffice();
    const hold = await office.place({ people: [ben] });
    await office.release(olga, hold);
    const one = office.holds.one.bind(office.holds);
    let looks = 0;
    office.rooms.holds.one = async (holdId) => {
      const found = await one(holdId);
      looks += 1;
      if (looks === 1 && found) office.held.set(holdId, { ...found, state: 'in-force' });
      return found;
    };
    expect(await office.release(otto, hold)).toMatchObject({ state: 'releasing', releasedBy: [olga, otto] });
  });
});

describe('a person on hold', () => {
  test('has kept what they come into, from before they are in it and also after they have left', async () => {
    const office = anOffice();
    const hold = await office.place({ people: [cleo] });
    const order: string[] = [];
    office.chat.log.turn = async (what) => {
      if (what === 'appendMembership')
        order.push(String(office.chat.log.heads.get(office.chat.conversationId)?.holds));
    };
    await add(office, 'member.added');
    expect(order).toEqual([hold.holdId]);
    await add(office, 'member.removed');
    expect(await office.isHeld()).toBe(true);
    expect(office.asked).toEqual(['ask', 'place', 'ask']);
  });

  test('begins conversations that are kept from their first message on', async () => {
    const office = anOffice();
    const hold = await office.place({ people: [cleo] });
    const proposal = { ref: aRef(), kind: 'group' as const, members: [cleo] };
    const { value } = await createConversation(office.rooms, office.as(ana), proposal);
    expect(value.head.holds).toEqual([hold.holdId]);
    const other = await createConversation(office.rooms, office.as(ana), {
      ...proposal,
      ref: aRef(),
      members: [ben],
    });
    expect(other.value.head.holds).toEqual([]);
  });
});
