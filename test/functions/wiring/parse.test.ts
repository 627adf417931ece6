import { describe, expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { type Phi, reveal } from '../../../functions/domain/phi.ts';
import { parsing } from '../../../functions/wiring/parse.ts';
import { clientFrames, MessageSend, SessionRenew } from '../../../protocol/frames.ts';
import { ConversationId } from '../../../protocol/ids.ts';
import * as requests from '../../../protocol/requests.ts';
import { aRef, person } from '../domain/in-memory.ts';

const send = {
  type: 'message.send',
  ref: aRef(),
  conversationId: person('talk'),
  since: 3,
  body: { kind: 'text', text: 'the text' },
} as const;

describe('a door’s parse', () => {
  test('withholds what a person wrote and a token, and leaves ids, numbers and the protocol’s own words', () => {
    const frame = parsing(MessageSend)(send);
    if (frame?.body.kind !== 'text') throw new Error('it did not parse');
    expectTypeOf(frame.body.text).toEqualTypeOf<Phi<string>>();
    expectTypeOf(frame.body.kind).toEqualTypeOf<'text'>();
    expectTypeOf(frame.conversationId).toExtend<string>();
    expect({ ...frame, body: { ...frame.body, text: reveal(frame.body.text) } }).toEqual(send);
    const renewal = parsing(SessionRenew)({ type: 'session.renew', token: 'a.b.c' });
    expect(renewal && reveal(renewal.token)).toBe('a.b.c');
    expect(JSON.stringify([frame, renewal])).not.toMatch(/the text|a\.b\.c/);
  });

  test('withholds a field that somebody adds to the protocol, wherever it stands and however it is limited', () => {
    const short = z
      .string()
      .regex(/^[a-z]+$/)
      .max(8);
    const later = z.strictObject({
      id: ConversationId,
      note: short.optional(),
      notes: z.array(z.strictObject({ note: short })),
      byId: z.record(ConversationId, short),
    });
    const parsed = parsing(later)({
      id: person('talk'),
      note: 'n',
      notes: [{ note: 'n' }],
      byId: { [person('a')]: 'n' },
    });
    if (!parsed) throw new Error('it did not parse');
    expectTypeOf(parsed.note).toEqualTypeOf<Phi<string> | undefined>();
    expectTypeOf(parsed.notes[0]?.note).toEqualTypeOf<Phi<string> | undefined>();
    const found = [parsed.note, parsed.notes[0]?.note, ...Object.values(parsed.byId)];
    expect(found.map((one) => typeof one)).toEqual(['symbol', 'symbol', 'symbol']);
    expect(parsed.id).toBe(person('talk'));
  });

  test('leaves out what the schema lets pass without naming it', () => {
    expect(parsing(z.looseObject({ since: z.int() }))({ since: 1, name: 'Marta' })).toEqual({ since: 1 });
  });

  test.each([
    ['anything', z.unknown()],
    ['keys that a person may write', z.strictObject({ by: z.record(z.string(), z.int()) })],
    ['a transformed value', z.strictObject({ upper: z.string().transform((text) => text.toUpperCase()) })],
    ['one of several shapes', z.strictObject({ one: z.union([z.string(), z.int()]) })],
  ])('takes no %s: the door does not start', (_name, schema) => {
    expect(() => parsing(schema)).toThrow('a person may have written anything into it');
  });

  test('knows every frame of the protocol and every request', () => {
    const { CreateConversation, ListConversations, ReadMessages, AddMember, RemoveMember, RevokeSession } =
      requests;
    const asked = [
      CreateConversation,
      ListConversations,
      ReadMessages,
      AddMember,
      RemoveMember,
      RevokeSession,
    ];
    for (const schema of [...Object.values(clientFrames), ...asked])
      expect(() => parsing(schema)).not.toThrow();
  });
});
