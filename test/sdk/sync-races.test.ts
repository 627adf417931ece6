import { describe, expect, test } from 'vitest';
import { connected, following, idsOf, MINUTE, seqsIn, start, talk, turnUntil, upTo } from './pretend-chat.ts';
import { kind } from './pretend-deployment.ts';

describe('a sync', () => {
  test('whose connection is lost goes on where it was on the next one, and looks at the rest again after that', async () => {
    const ids = idsOf(50);
    const started = await following(ids);
    const { deployment, clock, sent } = started;
    deployment.sync.mostPages = 10;
    deployment.fate = () => ({ ...kind, delay: 100 });
    deployment.open[0]?.end(1006);
    for (const id of ids) talk(started, id, 2);
    const before = sent('sync').length;
    await turnUntil(clock, () => sent('sync').length === before + 4);
    deployment.open[0]?.end(1006);
    talk(started, ids[0] ?? '', 1); // in a part that was looked at
    await clock.turn(MINUTE);
    for (const id of ids) expect(seqsIn(started, id)).toEqual(id === ids[0] ? [1, 2, 3] : [1, 2]);
    const asked = sent('sync').slice(before);
    expect(asked.slice(0, 5).map(({ after }) => after)).toEqual([
      undefined,
      ids[9],
      ids[19],
      ids[29],
      ids[29],
    ]);
    expect(asked.slice(5).filter(({ after }) => after === undefined)).toHaveLength(2);
    expect(sent('conversation.catch-up')).toEqual([]);
  });

  test('that is due while one is under way comes after it: never two at a time', async () => {
    const started = await following(idsOf(30));
    const { deployment, clock, sent } = started;
    deployment.sync.mostHeads = 10;
    deployment.fate = () => ({ ...kind, delay: 3000 });
    deployment.open[0]?.end(1006);
    const before = deployment.frames.length;
    await clock.turn(MINUTE);
    const asked = deployment.frames.slice(before).filter(({ frame }) => frame.type === 'sync');
    expect(asked.map(({ frame }) => frame.after === undefined)).toEqual([
      ...[true, false, false],
      ...[true, false, false],
    ]);
    for (const [place, { at }] of asked.slice(1).entries())
      expect(at - (asked[place]?.at ?? 0)).toBeGreaterThanOrEqual(3000);
    expect(sent('conversation.catch-up')).toEqual([]);
  });

  test('takes what is pushed meanwhile for what it is: nothing comes twice or out of order', async () => {
    const [id = ''] = idsOf(1);
    const started = await following([id]);
    const { deployment, clock, sent } = started;
    deployment.fate = () => ({ ...kind, delay: 200 });
    deployment.open[0]?.end(1006);
    talk(started, id, 2);
    const before = sent('sync').length;
    await turnUntil(clock, () => sent('sync').length > before);
    await clock.turn(120); // read by the server, and not answered yet
    talk(started, id, 2);
    for (const seq of [4, 1, 3]) {
      const { of: _, ref: __, ...entry } = deployment.log(id)[seq - 1] ?? never();
      deployment.open[0]?.send({ type: 'message.new', conversationId: id, ...entry });
    }
    await clock.turn(MINUTE);
    expect(seqsIn(started, id)).toEqual([1, 2, 3, 4]);
    expect(sent('conversation.catch-up')).toEqual([]);
  });

  test('that is throttled, or refused for now, waits and asks again; everything else goes on', async () => {
    for (const hinder of ['throttled', 'busy']) {
      const [id = ''] = idsOf(1);
      const started = await following([id]);
      const { deployment, clock, sent, told, chat } = started;
      const isSync = () => deployment.frames.at(-1)?.frame.type === 'sync';
      deployment.open[0]?.end(1006);
      talk(started, id, 1);
      deployment.refuse = ({ type }) => (hinder === 'busy' && type === 'sync' ? 'busy' : undefined);
      deployment.fate = () => (hinder === 'throttled' && isSync() ? { ...kind, frame: 'throttled' } : kind);
      const before = sent('sync').length;
      await clock.turn(20_000);
      expect(sent('sync').length - before).toBeGreaterThan(1);
      expect(sent('sync').length - before).toBeLessThan(40);
      expect(seqsIn(started, id)).toEqual([]);
      const message = chat.conversation(id).send('meanwhile');
      await clock.turn(1000);
      expect(message.status).toBe('accepted');

      deployment.refuse = () => undefined;
      deployment.fate = () => kind;
      talk(started, id, 1);
      await clock.turn(2 * MINUTE);
      expect(seqsIn(started, id)).toEqual([1, 2, 3]);
      expect(told.refused).toEqual([]);
      expect(told.state.filter(({ to }) => to === 'recovering')).toHaveLength(1);
    }
  });

  test('that is refused for good is told of once for a connection, and each conversation is asked about instead', async () => {
    const ids = idsOf(3);
    const started = await following(ids);
    const { deployment, clock, sent, told } = started;
    deployment.open[0]?.end(1006);
    deployment.refuse = ({ type }) => (type === 'sync' ? 'malformed' : undefined);
    for (const id of ids) talk(started, id, 2);
    const before = sent('sync').length;
    await clock.turn(4 * MINUTE);
    for (const id of ids) expect(seqsIn(started, id)).toEqual([1, 2]);
    expect(sent('sync')).toHaveLength(before + 1);
    expect(sent('conversation.catch-up')).toHaveLength(3);
    expect(told.refused).toMatchObject([{ code: 'malformed' }]);
  });

  test('is not asked of a deployment that has none: each conversation is caught up with by itself', async () => {
    const [named = '', old = ''] = idsOf(2);
    const started = await connected((one) => {
      one.deployment.features = ['members'];
      one.chat.conversation(named);
      for (const id of [named, old]) talk(one, id, 3);
    });
    const { deployment, clock, sent } = started;
    talk(started, old, 1);
    deployment.push(old, 4);
    await clock.turn(6000);
    expect(seqsIn(started, named)).toEqual(upTo(3));
    expect(seqsIn(started, old)).toEqual(upTo(4));
    expect(sent('conversation.catch-up')).toHaveLength(2);
    talk(started, named, 1);
    await clock.turn(10 * MINUTE); // every five minutes it looks at one of them
    expect(seqsIn(started, named)).toEqual(upTo(4));
    expect(sent('sync')).toEqual([]);
  });

  test('looks every few minutes for pushes that were lost, in all conversations at once', async () => {
    const ids = idsOf(40);
    const started = await following(ids);
    for (const id of ids) talk(started, id, 1);
    const before = started.deployment.frames.length;
    await started.clock.turn(5 * MINUTE);
    for (const id of ids) expect(seqsIn(started, id)).toEqual([1]);
    expect(started.deployment.frames.slice(before).map(({ frame }) => frame.type)).toEqual(['sync']);
  });

  test('whose answer comes after another was asked for shows what it brings, and is asked for again', async () => {
    const [id = '', other = ''] = idsOf(2);
    const started = await following([id, other]);
    const { deployment, clock, sent } = started;
    talk(started, id, 1);
    const late = deployment.sync.answer('anne', { type: 'sync', cursors: { [id]: 0, [other]: 0 } });
    const before = sent('sync').length;
    deployment.open[0]?.send({ ...late, unknown: [], next: id } as never);
    expect(seqsIn(started, id)).toEqual([1]);
    await clock.turn(6000);
    expect(sent('sync')).toHaveLength(before + 1);
  });

  test('that fails time after time keeps nothing back: each conversation is asked about, and pushes are told', async () => {
    const [named = '', old = '', quiet = ''] = idsOf(3);
    const started = await connected((one) => {
      for (const id of [named, old, quiet]) talk(one, id, 3);
      one.chat.conversation(named);
      const isSync = () => one.deployment.frames.at(-1)?.frame.type === 'sync';
      one.deployment.fate = () => (isSync() ? { ...kind, frame: 'fault before' } : kind);
    });
    const { clock, deployment, sent, told } = started;
    talk(started, old, 1);
    deployment.push(old, 4);
    await clock.turn(MINUTE);
    expect(seqsIn(started, named)).toEqual(upTo(3));
    expect(seqsIn(started, old)).toEqual([4]);
    await clock.turn(9 * MINUTE);
    expect(sent('sync').length).toBeLessThan(20);

    deployment.fate = () => kind;
    await clock.turn(5 * MINUTE);
    expect(seqsIn(started, quiet)).toEqual([]); // what was said before is not told
    expect(told.conversation.map(({ conversationId }) => conversationId)).toEqual([old, quiet]);
  });

  test('that ends the connection each time keeps nothing back either', async () => {
    const [id = ''] = idsOf(1);
    const started = await connected((one) => {
      talk(one, id, 3);
      one.chat.conversation(id);
      const isSync = () => one.deployment.frames.at(-1)?.frame.type === 'sync';
      one.deployment.fate = () => (isSync() ? { ...kind, frame: 'lost before' } : kind);
    });
    await started.clock.turn(MINUTE);
    expect(seqsIn(started, id)).toEqual(upTo(3));
  });

  test('after a restore finds out who knows more than is stored, and what is said from then on is heard', async () => {
    const [id = ''] = idsOf(1);
    const started = await following([id]);
    const { deployment, clock, told } = started;
    talk(started, id, 8);
    deployment.open[0]?.end(1006);
    await clock.turn(MINUTE);
    deployment.log(id).splice(3);
    deployment.open[0]?.end(1006);
    await clock.turn(MINUTE);
    expect(told.restored).toEqual([{ conversationId: id }]);
    talk(started, id, 1);
    deployment.push(id, 4);
    await clock.turn(MINUTE);
    expect(seqsIn(started, id)).toEqual([...upTo(8), ...upTo(4)]);
  });

  test('whose page leads nowhere yet is followed by questions that wait longer and longer', async () => {
    const [id = ''] = idsOf(1);
    const started = await following([id]);
    const { deployment, clock, sent } = started;
    talk(started, id, 2);
    const page = deployment.page.bind(deployment);
    deployment.page = (person, conversationId, since) => {
      return { ...page(person, conversationId, since), entries: [], upTo: since, more: true };
    };
    deployment.open[0]?.end(1006);
    await clock.turn(MINUTE);
    expect(sent('conversation.catch-up').length).toBeGreaterThan(2);
    expect(sent('conversation.catch-up').length).toBeLessThan(15);
    deployment.page = page;
    await clock.turn(MINUTE);
    expect(seqsIn(started, id)).toEqual([1, 2]);
  });

  test('ends with the chat: nothing is asked, and no timer is left', async () => {
    const { chat, clock, deployment } = start();
    chat.connect().catch(() => {});
    await turnUntil(clock, () => chat.state === 'live');
    chat.close();
    await clock.turn(1000);
    const before = deployment.frames.length;
    expect(clock.waiting).toBe(0);
    await clock.turn(MINUTE);
    expect(deployment.frames).toHaveLength(before);
  });
});

function never(): never {
  throw new Error('no such entry');
}
