import { describe, expect, test } from 'vitest';
import { DAY, failing, id, live, settled } from './pretend-chat.ts';
import { kind, LOOKS_THROUGH } from './pretend-deployment.ts';

describe('a message', () => {
  test('goes out once where nothing goes wrong, also the first one in a long conversation', async () => {
    const { chat, deployment, clock, sent, told } = await live();
    for (let place = 0; place < LOOKS_THROUGH * 4; place += 1) deployment.append(id, 'bob', `${place}`);
    const messages = ['one', 'two', 'three'].map((text) => chat.conversation(id).send(text));
    await clock.turn(5000);
    expect(messages.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(sent('message.send').map(({ ref }) => ref)).toEqual(messages.map(({ ref }) => ref));
    expect(sent('message.send')[0]).toMatchObject({ since: LOOKS_THROUGH * 4 });
    expect(told.status.filter(({ ref }) => ref === messages[2]?.ref).map(({ status }) => status)).toEqual([
      'sending',
      'accepted',
    ]);
  });

  test('keeps its since in every repeat', async () => {
    const { chat, deployment, clock, sent } = await live();
    for (const place of ['one', 'two']) deployment.append(id, 'bob', place);
    const conversation = chat.conversation(id);
    await clock.turn(1000);
    deployment.fate = () => ({ ...kind, frame: 'fault before' });
    const message = conversation.send('hello');
    await clock.turn(5000);
    for (const place of [3, 4, 5]) deployment.append(id, 'bob', `${place}`);
    deployment.push(id, 5);
    deployment.fate = () => kind;
    expect(await settled(message.acknowledged, clock)).toMatchObject({ seq: 6 });
    const sinces = sent('message.send').map(({ since }) => since);
    expect(sinces.length).toBeGreaterThan(1);
    expect(new Set(sinces)).toEqual(new Set([2]));
  });

  test('that is behind is looked for in everything between, and sent again with a new since only if it is not there', async () => {
    for (const isStored of [true, false]) {
      const { chat, deployment, clock, sent } = await live();
      const conversation = chat.conversation(id);
      await clock.turn(1000);
      deployment.fate = () => ({ ...kind, frame: isStored ? 'lost late' : 'lost before', push: 'never' });
      const message = conversation.send('from the mountain');
      await clock.turn(15);
      deployment.isReachable = false;
      await clock.turn(5000);
      for (let place = 0; place < LOOKS_THROUGH * 3; place += 1) deployment.append(id, 'bob', `${place}`);
      if (isStored) expect(deployment.log(id)[0]).toMatchObject({ ref: message.ref });
      deployment.fate = () => kind;
      deployment.isReachable = true;
      const { seq } = await settled(message.acknowledged, clock, DAY);
      expect(seq).toBe(isStored ? 1 : LOOKS_THROUGH * 3 + 1);
      expect(deployment.log(id).filter(({ ref }) => ref === message.ref)).toHaveLength(1);
      const sinces = new Set(sent('message.send').map(({ since }) => since));
      expect(sinces).toEqual(new Set(isStored ? [0] : [0, LOOKS_THROUGH * 3]));
    }
  });

  test('that is behind what can no longer be read is left to the person: it may be stored', async () => {
    const { chat, deployment, clock } = await live();
    const conversation = chat.conversation(id);
    await clock.turn(1000);
    deployment.fate = () => ({ ...kind, frame: 'lost before' });
    const message = conversation.send('before I was removed and added again');
    await clock.turn(15);
    for (let place = 0; place < LOOKS_THROUGH * 3; place += 1) deployment.append(id, 'bob', `${place}`);
    deployment.floor = LOOKS_THROUGH * 2;
    deployment.fate = () => kind;
    await expect(settled(message.acknowledged, clock)).rejects.toMatchObject({
      code: 'behind',
      mayBeStored: true,
    });
    expect(message.status).toBe('refused');
  });

  test('ahead of a restored log is refused, and the conversation comes again from its beginning', async () => {
    const { chat, deployment, clock, told } = await live();
    for (const text of ['one', 'two', 'three']) deployment.append(id, 'bob', text);
    const conversation = chat.conversation(id);
    await clock.turn(1000);
    deployment.log(id).splice(1);
    const message = conversation.send('four');
    await expect(settled(message.acknowledged, clock)).rejects.toMatchObject({ code: 'since-ahead' });
    expect(told.restored).toEqual([{ conversationId: id }]);
    expect(told.message.map(({ seq }) => seq)).toEqual([1, 2, 3, 1]);
    expect(await settled(conversation.send('again').acknowledged, clock)).toMatchObject({ seq: 2 });
  });

  test('that was refused after an attempt without an answer may be stored, and says so', async () => {
    const { chat, deployment, clock } = await live();
    const conversation = chat.conversation(id);
    await clock.turn(1000);
    deployment.fate = () => ({ ...kind, frame: 'fault after' });
    const message = conversation.send('just before the removal');
    await clock.turn(15);
    deployment.fate = () => ({ ...kind, push: 'never' });
    deployment.refuse = () => 'not-a-member';
    await expect(settled(message.acknowledged, clock)).rejects.toMatchObject({
      code: 'not-a-member',
      mayBeStored: true,
    });
  });

  test('that is too long is refused without being sent: its frame would end the connection each time', async () => {
    const { chat, clock, sent, told } = await live();
    const message = chat.conversation(id).send('é'.repeat(4097));
    await expect(message.acknowledged).rejects.toMatchObject({ code: 'malformed', mayBeStored: false });
    await clock.turn(1000);
    expect(told.status).toMatchObject([{ status: 'refused', code: 'malformed' }]);
    expect(sent('message.send')).toEqual([]);
    expect(await settled(chat.conversation(id).send('é'.repeat(4096)).acknowledged, clock)).toMatchObject({
      seq: 1,
    });
  });

  test('travels although the outbox cannot be kept', async () => {
    const { chat, clock } = await live({ outbox: failing() });
    expect(await settled(chat.conversation(id).send('hello').acknowledged, clock)).toMatchObject({ seq: 1 });
  });

  test('of a closed chat is abandoned at once', async () => {
    const { chat } = await live();
    chat.close();
    const message = chat.conversation(id).send('too late');
    await expect(message.acknowledged).rejects.toMatchObject({ code: 'closed', mayBeStored: false });
    await expect(chat.connect()).rejects.toMatchObject({ code: 'closed' });
    await expect(chat.conversation(id).catchUp()).rejects.toMatchObject({ code: 'closed' });
  });
});
