import { expect, test } from 'vitest';
import { following, idsOf, MINUTE, seqsIn, talk } from './pretend-chat.ts';
import type { Peer } from './pretend-deployment.ts';

const [id = ''] = idsOf(1);
const entry = { seq: 1, messageId: 'm'.repeat(26), sender: 'bob', at: '2026-11-22T12:00:00.000Z' };
const page = { conversationId: id, floor: 0, upTo: 1, more: false };

const unsound = [
  { type: 'synced' },
  { type: 'synced', conversations: [null], unknown: [], gone: [] },
  { type: 'synced', conversations: [{ ...page, entries: [entry] }], unknown: [], gone: [] },
  { type: 'synced', conversations: [], unknown: [{ last: 1 }], gone: [] },
  { type: 'synced', conversations: [], unknown: [], gone: [null] },
  { type: 'message.new', ...entry, body: { kind: 'text', text: 'whose?' } },
  { type: 'message.new', conversationId: id, ...entry },
  { type: 'message.new', conversationId: id, ...entry, body: null },
  { type: 'message.new', conversationId: id, ...entry, seq: '1', body: { kind: 'text', text: '' } },
  { type: 'message.accepted', ref: crypto.randomUUID() },
  { type: 'conversation.log', ...page },
  { type: 'conversation.marked-read' },
  { type: 'attachment.scanned', conversationId: id, state: 'clean' },
  { type: 'session.opened' },
  { type: 'refused' },
];

test('a frame that lacks what its type promises is none: nothing is thrown into the host, and nothing is told', async () => {
  const started = await following([id]);
  const { deployment, clock, told } = started;
  const states = told.state.length;
  for (const frame of unsound) {
    const [peer] = deployment.open;
    expect(() => peer?.send(frame as Parameters<Peer['send']>[0]), JSON.stringify(frame)).not.toThrow();
  }
  expect([told.message, told.conversation, told.read, told.attachment, told.refused]).toEqual([
    [],
    [],
    [],
    [],
    [],
  ]);
  expect(told.state).toHaveLength(states);
  talk(started, id, 2);
  deployment.push(id, 2);
  await clock.turn(MINUTE);
  expect(seqsIn(started, id)).toEqual([1, 2]);
});
