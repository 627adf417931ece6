import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import { genesisOf, hashOf, isMembership } from '../../../functions/domain/entry.ts';
import { sendMessage } from '../../../functions/domain/send-message.ts';
import { messageNew } from '../../../functions/push/frames.ts';
import { aConversation, aRef, aText, callerNamed, cliniciansOf, person } from './in-memory.ts';

const ana = person('ana');
const ben = person('ben');
const cleo = person('cleo');

function sending(chat: ReturnType<typeof aConversation>) {
  return (sender: string, text: string, { ref = aRef() as string, since = 0 } = {}) =>
    sendMessage(chat.rooms, Promise.resolve(callerNamed(sender)), {
      ref,
      conversationId: chat.conversationId,
      since,
      body: aText(text),
    });
}

describe('a send', () => {
  test('in any race stores each ref once, in a dense order whose entries chain by hash', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ sender: fc.constantFrom(ana, ben), ref: fc.nat(5) }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (scheduler, wishes) => {
          const chat = aConversation([ana, ben]);
          chat.log.turn = (what) => scheduler.schedule(Promise.resolve(), what);
          const refs: string[] = Array.from({ length: 6 }, aRef);
          const sends = wishes.map(({ sender, ref }) =>
            sending(chat)(sender, `text ${ref}`, { ref: refs[ref] ?? '' }),
          );
          const settled = Promise.all(sends);
          await scheduler.waitFor(settled);
          const answers = await settled;

          const { entries } = chat.log;
          expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, place) => place + 1));
          const stored = entries.map((entry) => `${entry.sender} ${entry.ref}`);
          expect(new Set(stored).size).toBe(stored.length);
          expect(new Set(stored)).toEqual(new Set(wishes.map(({ sender, ref }) => `${sender} ${refs[ref]}`)));
          for (const { value } of answers) {
            expect(entries[value.seq - 1]).toMatchObject({ ref: value.ref, messageId: value.messageId });
          }
          let prev = genesisOf(chat.conversationId, ana, chat.head.createdAt);
          for (const entry of entries) {
            expect(Buffer.from(entry.prev).equals(prev)).toBe(true);
            prev = hashOf(entry);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('racing with a removal never reaches the removed member with a higher seq', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat(4), async (scheduler, sends) => {
        const chat = aConversation([ana, ben, cleo]);
        for (const name of [ana, ben, cleo]) {
          await chat.sessions.register({
            person: name,
            connectionId: name,
            session: name,
            roles: ['clinician'],
            authenticatedAt: 0,
            expiresAt: Number.MAX_SAFE_INTEGER,
          });
        }
        chat.log.turn = (what) => scheduler.schedule(Promise.resolve(), what);
        const people = cliniciansOf([person('nobody')]);
        const removal = changeMembers(
          { ...chat.rooms, people },
          Promise.resolve(callerNamed(ana)),
          chat.conversationId,
          { kind: 'member.removed', person: cleo },
        );
        const all = Promise.allSettled([
          removal,
          ...Array.from({ length: sends + 1 }, (_, place) =>
            sending(chat)(place % 2 ? ben : cleo, `text ${place}`),
          ),
        ]);
        await scheduler.waitFor(all);
        await all;

        const removed = chat.log.entries.find((entry) => isMembership(entry))?.seq ?? 0;
        expect(removed).toBeGreaterThan(0);
        const above = chat.announced.filter(({ entry }) => entry.seq > removed);
        expect(above.flatMap(({ to }) => to).filter((socket) => socket.person === cleo)).toEqual([]);
        expect(chat.log.entries.filter((entry) => entry.seq > removed && entry.sender === cleo)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('with a ref that was used for another text is refused, and nothing is stored', async () => {
    const chat = aConversation([ana, ben]);
    const send = sending(chat);
    const ref = aRef();
    await send(ana, 'first', { ref });
    await expect(send(ana, 'second', { ref })).rejects.toMatchObject({ code: 'ref-reused' });
    await expect(send(ben, 'second', { ref })).resolves.toMatchObject({ value: { seq: 2 } }); // another sender's own
    expect(chat.log.entries).toHaveLength(2);
  });

  test('finds its ref again far behind the newest page, and says behind where that is too far', async () => {
    const chat = aConversation([ana, ben]);
    const send = sending(chat);
    const ref = aRef();
    const answered = async (sent: ReturnType<typeof send>) => {
      const {
        decision: { inLog = false, ...decision },
        value,
      } = await sent;
      return { inLog, decision, value: messageNew(value, { withRef: true }) };
    };
    const first = await answered(send(ana, 'first', { ref }));
    expect(first.inLog).toBe(true);
    for (let place = 0; place < 20; place += 1) await send(ben, `text ${place}`, { since: place + 1 });
    await expect(answered(send(ana, 'first', { ref }))).resolves.toEqual({ ...first, inLog: false }); // a repeat has no entry that could be its record
    for (let place = 21; place < 1_010; place += 1) await send(ben, `text ${place}`, { since: place });
    await expect(send(ana, 'first', { ref })).rejects.toMatchObject({ code: 'behind' });
    await expect(send(ana, 'new', { since: 5_000 })).rejects.toMatchObject({ code: 'since-ahead' });
  });

  test('by a stranger, or to a conversation that is not there, is refused alike', async () => {
    const chat = aConversation([ana, ben]);
    await expect(sending(chat)(cleo, 'hello')).rejects.toMatchObject({
      code: 'not-a-member',
      decision: { operation: 'message.send', outcome: 'refused', rule: 'member-of-conversation' },
    });
    chat.log.heads.clear();
    await expect(sending(chat)(ana, 'hello')).rejects.toMatchObject({ code: 'not-a-member' });
    expect(chat.log.entries).toEqual([]);
  });

  test('that is warm makes three sequential hops: what it reads, the Put beside the sockets, the pushes', async () => {
    const chat = aConversation([ana, ben]);
    const send = sending(chat);
    await send(ben, 'warms the keys');
    const waiting: (() => void)[] = [];
    const hop = () => new Promise<void>((resolve) => waiting.push(resolve));
    chat.log.turn = hop;
    const { announce } = chat.rooms.announcements;
    chat.rooms.announcements.announce = async (...given) => hop().then(() => announce(...given));
    const { ofMany } = chat.sessions;
    chat.sessions.ofMany = async (people) => hop().then(() => ofMany.call(chat.sessions, people));

    let done = false;
    const sent = send(ana, 'hello', { since: 1 }).finally(() => {
      done = true;
    });
    let hops = 0;
    for (let idle = 0; !done && idle < 50; idle += 1) {
      await new Promise(setImmediate); // everything that can go on without an answer from outside has gone on
      if (waiting.length === 0) continue;
      hops += 1;
      idle = 0;
      for (const answer of waiting.splice(0)) answer();
    }
    expect(await sent).toMatchObject({ value: { seq: 2 } });
    expect(hops).toBe(3);
  });

  test('with a head older than the log works the members out from the log itself', async () => {
    const chat = aConversation([ana, ben, cleo]);
    const people = cliniciansOf([person('nobody')]);
    await changeMembers({ ...chat.rooms, people }, Promise.resolve(callerNamed(ana)), chat.conversationId, {
      kind: 'member.removed',
      person: cleo,
    });
    chat.log.heads.set(chat.conversationId, chat.head); // the transaction's other half is not visible
    await expect(sending(chat)(cleo, 'still here?')).rejects.toMatchObject({ code: 'not-a-member' });
    await sending(chat)(ana, 'gone', { since: 1 });
    expect(chat.log.heads.get(chat.conversationId)).toMatchObject({ membersVersion: 1 });
  });
});

describe('a send that loses a race', () => {
  test('reads forward beyond the winner, instead of losing once for each entry', async () => {
    const chat = aConversation([ana, ben]);
    let appends = 0;
    chat.log.turn = async (what) => {
      if (what !== 'append') return;
      appends += 1;
      if (appends > 1) return;
      chat.log.turn = async () => {};
      for (let place = 0; place < 9; place += 1) await sending(chat)(ben, `text ${place}`);
      chat.log.turn = async (later) => {
        if (later === 'append') appends += 1;
      };
    };
    const { forward } = chat.log;
    chat.log.forward = (id, after, limit) => forward.call(chat.log, id, after, Math.min(limit, 3)); // 1 MB is full
    await expect(sending(chat)(ana, 'late')).resolves.toMatchObject({ value: { seq: 10 } });
    expect(appends).toBe(2);
  });
});

test('a send whose since is further back than one answer of a query reaches is told behind', async () => {
  const chat = aConversation([ana, ben]);
  for (let place = 0; place < 20; place += 1) await sending(chat)(ben, `text ${place}`, { since: place });
  const { forward } = chat.log;
  chat.log.forward = (id, after, limit) => forward.call(chat.log, id, after, Math.min(limit, 5)); // 1 MB is full
  await expect(sending(chat)(ana, 'hello')).rejects.toMatchObject({ code: 'behind' });
});

test('a send by who is removed between its two reads and its third is refused', async () => {
  const chat = aConversation([ana, ben, cleo]);
  const people = cliniciansOf([ben]);
  const change = (kind: 'member.added' | 'member.removed', person: string) =>
    changeMembers({ ...chat.rooms, people }, Promise.resolve(callerNamed(ana)), chat.conversationId, {
      kind,
      person,
      ...(kind === 'member.added' && { role: 'owner' }),
    } as never);
  const { head, newest, forward } = chat.log;
  chat.log.newest = async () => []; // before anything was stored
  const page = chat.log.newest;
  chat.log.newest = newest;
  await change('member.added', ben);
  chat.log.newest = page;
  chat.log.head = async (id) => {
    chat.log.head = head;
    return head.call(chat.log, id);
  };
  chat.log.forward = async (id, after, limit) => {
    chat.log.forward = forward;
    chat.log.newest = newest;
    await change('member.removed', cleo);
    return forward.call(chat.log, id, after, limit);
  };
  await expect(sending(chat)(cleo, 'still here?')).rejects.toMatchObject({ code: 'not-a-member' });
});
