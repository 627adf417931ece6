import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_TEXT_BYTES } from '../../protocol/bodies.ts';
import { clientFrames, MAX_CURSORS, MessageSend, Sync } from '../../protocol/frames.ts';
import { refusals } from '../../protocol/refusals.ts';

const send = {
  type: 'message.send',
  ref: '0192f0c1-7c00-7000-8000-000000000001',
  conversationId: 'a'.repeat(26),
  since: 0,
  body: { kind: 'text', text: 'hello' },
};
const withText = (text: string) => ({ ...send, body: { kind: 'text', text } });
const accepts = (frame: unknown) => MessageSend.safeParse(frame).success;

describe('a clinical photograph', () => {
  const photo = {
    ...{ kind: 'clinical-photo', attachmentId: 'b'.repeat(26), name: 'arm.jpg', contentType: 'image/jpeg' },
    ...{ bytes: 10, sha256: Buffer.alloc(32).toString('base64'), bodySite: 'left forearm' },
    ...{ laterality: 'left', patient: 'c'.repeat(26) },
    consent: { by: 'patient', at: '2026-11-22T10:00:00.000Z' },
  };
  const takes = (body: object) => accepts({ ...send, body });

  test('says what it shows, of whom, and who agreed when: without one of these it is refused', () => {
    expect(takes(photo)).toBe(true);
    expect(takes({ ...photo, text: 'third day', bodySite: '左前腕' })).toBe(true);
    for (const missing of Object.keys(photo)) {
      const { [missing as keyof typeof photo]: _, ...rest } = photo;
      expect(takes(rest), missing).toBe(false);
    }
    for (const missing of ['by', 'at'] as const) {
      const { [missing]: _, ...rest } = photo.consent;
      expect(takes({ ...photo, consent: rest }), `consent.${missing}`).toBe(false);
    }
  });

  test.each<[string, object]>([
    ['a blank body site', { bodySite: ' ' }],
    ['one that nobody sees', { bodySite: '\u200b\u3000' }],
    ['one of marks alone', { bodySite: '-.-' }],
    ['a side that is none', { laterality: 'up' }],
    ['an empty side', { laterality: '' }],
    ['a patient by their name', { patient: 'Jane Doe' }],
    ['a consent by anybody', { consent: { ...photo.consent, by: 'clinician' } }],
    ['a consent at no time', { consent: { ...photo.consent, at: 'yesterday' } }],
    ['a consent at a local time', { consent: { ...photo.consent, at: '2026-11-22T10:00:00' } }],
    ['a consent that says more', { consent: { ...photo.consent, note: 'orally' } }],
    ['a PDF', { contentType: 'application/pdf' }],
  ])('with %s is refused', (_, wrong) => {
    expect(takes({ ...photo, ...wrong })).toBe(false);
  });
});

describe('message.send', () => {
  test('takes every well-formed text up to its limit in bytes, and changes nothing of it', () => {
    const texts = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 2_000 })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
      .filter((text) => text.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text));
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(Buffer.byteLength(text) <= MAX_TEXT_BYTES);
        expect(MessageSend.parse(withText(text)).body.text).toBe(text);
      }),
    );
    expect(accepts(withText('é'.repeat(MAX_TEXT_BYTES / 2)))).toBe(true);
    expect(accepts(withText(`${'é'.repeat(MAX_TEXT_BYTES / 2)}.`))).toBe(false);
  });

  test.each([
    ['an unknown key', { ...send, sender: 'b'.repeat(26) }],
    ['an own key called __proto__', JSON.parse(`{"__proto__":{"x":1},${JSON.stringify(send).slice(1)}`)],
    [
      '__proto__ in its body',
      { ...send, body: JSON.parse('{"kind":"text","text":"x","__proto__":{"x":1}}') },
    ],
    ['constructor as a key', { ...send, constructor: {} }],
    ['a lone surrogate', withText('\ud800')],
    ['a control character', withText('bell \u0007')],
    ['an empty text', withText('')],
    ['a text that is a number', { ...send, body: { kind: 'text', text: 5 } }],
    [
      'a body of the server’s own kind',
      { ...send, body: { kind: 'member.removed', person: 'a'.repeat(26) } },
    ],
    ['no since', { ...send, since: undefined }],
    ['a negative since', { ...send, since: -1 }],
    ['a since beyond exact numbers', { ...send, since: 2 ** 53 }],
    ['a since that is not whole', { ...send, since: 0.5 }],
    ['an upper-case ref', { ...send, ref: send.ref.toUpperCase().replace('0192F', '0192F') }],
    ['a conversation id that is a path', { ...send, conversationId: '../../etc/passwd' }],
    ['an array', [send]],
    ['null', null],
  ])('with %s is malformed', (_what, frame) => {
    expect(accepts(frame)).toBe(false);
  });

  test('survives JSON ten thousand levels deep, where it is refused', () => {
    const deep = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`);
    expect(accepts({ ...send, body: deep })).toBe(false);
    expect(accepts(withText('x'))).toBe(true);
  });
});

describe('sync', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567';
  const idOf = (nth: number) => `${letters[nth % 32]}${letters[nth >> 5]}`.padStart(26, 'z');
  const of = (count: number) => ({
    type: 'sync',
    cursors: Object.fromEntries(Array.from({ length: count }, (_, nth) => [idOf(nth), 999_999_999_999])),
    after: idOf(0),
    through: idOf(1),
  });

  test('takes as many cursors as a frame of 32 KB holds, however high, and not one more', () => {
    expect(Sync.safeParse(of(MAX_CURSORS)).success).toBe(true);
    expect(JSON.stringify(of(MAX_CURSORS)).length).toBeLessThanOrEqual(32 * 1024);
    expect(Sync.safeParse(of(MAX_CURSORS + 1)).success).toBe(false);
  });

  test('with a key that no conversation has is malformed', () => {
    for (const cursors of [
      '{"__proto__":1}',
      '{"toString":1}',
      '{"":1}',
      '[]',
      'null',
      `{"${idOf(0)}":-1}`,
    ]) {
      expect(Sync.safeParse(JSON.parse(`{"type":"sync","cursors":${cursors}}`)).success, cursors).toBe(false);
    }
    expect(Sync.safeParse({ type: 'sync', cursors: {} }).success).toBe(true);
  });
});

test('every client frame is known by its own type and refuses a key it does not know', () => {
  for (const [type, schema] of Object.entries(clientFrames)) {
    const result = schema.safeParse({ type, surprise: 1 });
    expect(result.success).toBe(false);
    expect(schema.shape.type.value).toBe(type);
  }
});

test('every refusal says something, and never what anybody wrote', () => {
  for (const [code, { message, status }] of Object.entries(refusals)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(message).not.toMatch(/[${}]/);
    expect(status).toBeGreaterThanOrEqual(400);
  }
});
