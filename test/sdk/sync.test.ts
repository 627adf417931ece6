import { describe, expect, test } from 'vitest';
import { MAX_CURSORS } from '../../protocol/frames.ts';
import {
  connected,
  following,
  id,
  idsOf,
  MINUTE,
  seqsIn,
  start,
  talk,
  turnUntil,
  upTo,
} from './pretend-chat.ts';
import { kind } from './pretend-deployment.ts';

const SECOND_SYNC = 5000;

describe('a sync', () => {
  test('of five hundred conversations takes two frames beside session.open, and brings what was missed in each', async () => {
    const ids = idsOf(500);
    const started = await following(ids);
    const { deployment, told, clock } = started;
    const before = deployment.frames.length;
    deployment.open[0]?.end(1006);
    const changed = [ids[3], ids[77], ids[499]] as string[];
    for (const id of changed) for (const text of ['one', 'two']) deployment.append(id, 'bob', text);
    await clock.turn(MINUTE);
    expect(deployment.frames.slice(before).map(({ frame }) => frame.type)).toEqual([
      'session.open',
      'sync',
      'sync',
    ]);
    for (const id of changed) expect(seqsIn(started, id)).toEqual([1, 2]);
    expect(told.message).toHaveLength(6);
  });

  test('of more conversations than a frame names goes range by range, and finds each unknown one once', async () => {
    const ids = idsOf(1505);
    const unknown = ids.filter((_, place) => place % 300 === 3);
    const named = ids.filter((id) => !unknown.includes(id));
    const started = start();
    for (const id of ids) started.deployment.append(id, 'bob', 'hello');
    started.deployment.sync.mostPages = 5000;
    for (const id of named) started.chat.conversation(id);
    started.chat.connect().catch(() => {});
    await started.clock.turn(3000);
    const ranges = started.sent('sync');
    expect(ranges.map(({ cursors }) => Object.keys(cursors as object).length)).toEqual([
      MAX_CURSORS,
      MAX_CURSORS,
      99,
    ]);
    expect(ranges.map(({ through }) => through)).toEqual([named[699], named[1399], undefined]);
    expect(ranges.map(({ after }) => after)).toEqual([undefined, named[699], named[1399]]);
    expect(started.told.conversation.map(({ conversationId }) => conversationId)).toEqual(unknown);
    expect(new Set(started.told.message.map(({ conversationId }) => conversationId))).toEqual(new Set(named));
    expect(started.sent('conversation.catch-up')).toEqual([]);
    expect(JSON.stringify(ranges[0]).length).toBeLessThan(32 * 1024);
  });

  test('comes again five seconds later: what the server could not see yet is not missed', async () => {
    const [id = ''] = idsOf(1);
    const started = await following([id]);
    const { deployment, clock } = started;
    deployment.sync.lagMs = 2000;
    deployment.open[0]?.end(1006);
    deployment.append(id, 'bob', 'stored a moment before the socket was');
    await clock.turn(1500);
    expect(seqsIn(started, id)).toEqual([]);
    await clock.turn(SECOND_SYNC);
    expect(seqsIn(started, id)).toEqual([1]);
  });

  test('is continued by catch-ups where a conversation has more than a page', async () => {
    const [id = ''] = idsOf(1);
    const started = await following([id]);
    started.deployment.open[0]?.end(1006);
    for (const seq of upTo(11)) started.deployment.append(id, 'bob', `${seq}`);
    await started.clock.turn(1500);
    expect(seqsIn(started, id)).toEqual(upTo(11));
    expect(started.sent('conversation.catch-up').map(({ since }) => since)).toEqual([4, 8]);
  });

  test('that found nothing new spares the next message a question before it', async () => {
    const [id = ''] = idsOf(1);
    const { chat, clock, sent } = await following([id]);
    const message = chat.conversation(id).send('good morning');
    await clock.turn(1000);
    expect(message.status).toBe('accepted');
    expect(sent('conversation.catch-up')).toEqual([]);
  });

  test('that finds a conversation gone says once that this person was removed', async () => {
    const [id = '', other = ''] = idsOf(2);
    const { deployment, clock, told, chat } = await following([id, other]);
    deployment.open[0]?.end(1006);
    deployment.sync.remove('anne', id);
    await clock.turn(10 * MINUTE);
    expect(told.removed).toEqual([{ conversationId: id }]);
    expect([chat.conversation(id).isMember, chat.conversation(other).isMember]).toEqual([false, true]);
    deployment.open[0]?.end(1006);
    deployment.sync.admit('anne', id);
    deployment.append(id, 'bob', 'welcome back');
    await clock.turn(MINUTE);
    expect(chat.conversation(id).isMember).toBe(true);
    expect(told.message).toMatchObject([{ conversationId: id, seq: 1 }]);
  });

  test('does not take somebody out who was added again after it was asked', async () => {
    const [id = ''] = idsOf(1);
    const { deployment, clock, told, chat, sent } = await following([id]);
    deployment.sync.remove('anne', id);
    const before = sent('sync').length;
    deployment.fate = () => ({ ...kind, delay: 400 });
    deployment.open[0]?.end(1006);
    await turnUntil(clock, () => sent('sync').length > before);
    await clock.turn(300); // read by the server, and not answered yet
    deployment.sync.admit('anne', id);
    const entry = deployment.append(id, 'bob', 'welcome back');
    deployment.open[0]?.send({ type: 'message.new', conversationId: id, ...entry });
    await clock.turn(MINUTE);
    expect(told.removed).toEqual([]);
    expect(chat.conversation(id).isMember).toBe(true);
    expect(told.message).toHaveLength(1);
  });
});

describe('a conversation that the app has not named', () => {
  test('is told of by the first sync, and followed from its end: what was said before is not told', async () => {
    const [old = ''] = idsOf(1);
    const { deployment, clock, told } = await connected((started) => talk(started, old, 30));
    expect(told.conversation).toEqual([{ conversationId: old, last: 30 }]);
    talk({ deployment }, old, 1);
    deployment.push(old, 31);
    await clock.turn(MINUTE);
    expect(told.message.map(({ seq }) => seq)).toEqual([31]);
    expect(told.conversation).toHaveLength(1);
  });

  test('begins where the app says as soon as it does: at its beginning, or above what it knows', async () => {
    for (const [since, expected] of [
      [undefined, upTo(9)],
      [4, [5, 6, 7, 8, 9]],
      [8, [8, 9]], // nothing comes twice where nothing earlier is wanted
      [9, [8]],
    ] as const) {
      const [old = ''] = idsOf(1);
      const started = await connected((one) => talk(one, old, 7));
      talk(started, old, 1);
      started.deployment.push(old, 8);
      await started.clock.turn(100);
      if (since === undefined || since < 7) started.told.message.length = 0;
      started.chat.conversation(old, since === undefined ? {} : { since });
      talk(started, old, 1);
      started.deployment.push(old, 9);
      await started.clock.turn(1000);
      expect(seqsIn(started, old)).toEqual(expected);
    }
  });

  test('may be named while the app is told of it, or of its message: the rest comes in order', async () => {
    const [old = '', fresh = ''] = idsOf(2);
    const started = await connected((one) => {
      talk(one, old, 3);
      one.chat.on('conversation', ({ conversationId }) => one.chat.conversation(conversationId));
    });
    expect(seqsIn(started, old)).toEqual([1, 2, 3]);
    started.chat.on('message', ({ conversationId }) => started.chat.conversation(conversationId));
    talk(started, fresh, 2);
    started.deployment.push(fresh, 2);
    await started.clock.turn(1000);
    expect(seqsIn(started, fresh)).toEqual([1, 2]);

    const other = await connected((one) => talk(one, old, 3));
    other.chat.on('message', ({ conversationId }) => other.chat.conversation(conversationId));
    talk(other, old, 2);
    for (const seq of [5, 4]) other.deployment.push(old, seq);
    await other.clock.turn(1000);
    expect(seqsIn(other, old)).toEqual([4, 1, 2, 3, 4, 5]);
  });

  test('and that was joined while the app was away is told of, and comes from its beginning', async () => {
    const [old = '', joined = ''] = idsOf(2);
    const started = await connected((one) => talk(one, old, 3));
    await started.clock.turn(SECOND_SYNC);
    started.deployment.open[0]?.end(1006);
    talk(started, joined, 6);
    await started.clock.turn(1000);
    expect(started.told.conversation.slice(1)).toEqual([{ conversationId: joined, last: 6 }]);
    expect(started.told.message.map(({ conversationId, seq }) => [conversationId, seq])).toEqual(
      upTo(6).map((seq) => [joined, seq]),
    );
  });

  test('waits with what is pushed of it for the first sync: of an old one comes that, of a new one everything', async () => {
    const [old = '', fresh = ''] = idsOf(2);
    const started = start();
    talk(started, old, 20);
    started.deployment.fate = () => ({ ...kind, delay: 300 });
    started.chat.connect().catch(() => {});
    await turnUntil(started.clock, () => started.sent('sync').length === 1);
    const say = (id: string, text: string) => {
      const entry = started.deployment.append(id, 'bob', text);
      started.deployment.open[0]?.send({ type: 'message.new', conversationId: id, ...entry });
    };
    say(old, 'just before the server reads');
    await started.clock.turn(200); // read by the server, and not answered yet
    say(old, 'just after it');
    talk(started, fresh, 1);
    say(fresh, 'the second of a new one');
    say(fresh, 'the third');
    expect(started.told.message).toEqual([]);
    await started.clock.turn(2000);
    expect(seqsIn(started, old)).toEqual([21, 22]);
    expect(seqsIn(started, fresh)).toEqual([1, 2, 3]);
    expect(started.sent('conversation.catch-up').map(({ since }) => since)).toEqual([0]);
    expect(started.told.conversation.map(({ conversationId }) => conversationId).sort()).toEqual(
      [old, fresh].sort(),
    );
  });
});

test('a catch-up whose page brings nothing although more follows asks again more and more slowly, until it shows', async () => {
  const { deployment, clock, sent, told } = await following([id]);
  const { page } = deployment;
  let isHidden = true;
  deployment.page = (person, conversationId, since) => {
    if (!isHidden) return page.call(deployment, person, conversationId, since);
    return { conversationId, entries: [], floor: 0, upTo: since, more: true };
  };
  const before = sent('conversation.catch-up').length;
  talk({ deployment }, id, 2);
  deployment.push(id, 2); // the first is missed
  await clock.turn(10_000);
  expect(sent('conversation.catch-up').length - before).toBeLessThan(8);
  expect(sent('conversation.catch-up').length - before).toBeGreaterThan(3);
  isHidden = false;
  await clock.turn(MINUTE);
  expect(told.message.map(({ seq }) => seq)).toEqual([1, 2]);
});
