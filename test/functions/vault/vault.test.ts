import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PLAIN_KEY_MS } from '../../../functions/domain/data-key.ts';
import type { EntryDraft } from '../../../functions/domain/entry.ts';
import { shownBody } from '../../../functions/push/frames.ts';
import { DataKeys } from '../../../functions/vault/data-keys.ts';
import { Kept } from '../../../functions/vault/kept.ts';
import { open, SealBroken, seal } from '../../../functions/vault/seal.ts';
import { vault } from '../../../functions/vault/vault.ts';
import { aRef, aText, MemoryKeys, person } from '../domain/in-memory.ts';
import { sealedByWebCrypto, type Vector } from './web-crypto.ts';

const vectors: Vector[] = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'));
const hex = (text: string) => Buffer.from(text, 'hex');
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('a sealed body', () => {
  test.each(vectors)(
    'has the known bytes, and they open: $sealed',
    ({ dataKey, fields, plain, salt, sealed }) => {
      const made = seal(hex(dataKey), hex(fields), hex(plain), hex(salt));
      expect(Buffer.from(made).toString('hex')).toBe(sealed);
      expect(Buffer.from(open(hex(dataKey), hex(fields), hex(sealed))).toString('hex')).toBe(plain);
    },
  );

  test('is what another implementation of the format makes of the same key, fields and salt', async () => {
    const anything = [bytes(32), fc.uint8Array(), fc.uint8Array({ maxLength: 600 }), bytes(32)] as const;
    await fc.assert(
      fc.asyncProperty(...anything, async (dataKey, fields, plain, salt) => {
        const text = (part: Uint8Array) => Buffer.from(part).toString('hex');
        const given = { dataKey: text(dataKey), fields: text(fields), plain: text(plain), salt: text(salt) };
        expect(text(seal(dataKey, fields, plain, salt))).toBe(await sealedByWebCrypto(given));
      }),
    );
  });

  test('does not open after any one changed bit of its bytes, its fields or its key', () => {
    fc.assert(
      fc.property(
        bytes(32),
        fc.uint8Array({ minLength: 1 }),
        fc.uint8Array(),
        fc.nat(),
        (key, fields, plain, at) => {
          const sealed = seal(key, fields, plain);
          const flip = (part: Uint8Array) => {
            const changed = Buffer.from(part);
            const place = at % (part.length * 8);
            changed[place >> 3] = (changed[place >> 3] ?? 0) ^ (1 << (place & 7));
            return changed;
          };
          expect(Buffer.from(open(key, fields, sealed))).toEqual(Buffer.from(plain));
          expect(() => open(key, fields, flip(sealed))).toThrow(SealBroken);
          expect(() => open(key, flip(fields), sealed)).toThrow(SealBroken);
          expect(() => open(flip(key), fields, sealed)).toThrow(SealBroken);
        },
      ),
    );
  });

  test('costs 81 bytes', () => {
    expect(seal(new Uint8Array(32), new Uint8Array(), new Uint8Array(100))).toHaveLength(181);
  });
});

const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

describe('data keys', () => {
  const draft: EntryDraft = {
    conversationId: person('talk'),
    seq: 1,
    messageId: person('message'),
    sender: person('ana'),
    ref: aRef(),
    at: Date.UTC(2026, 10, 22),
    prev: new Uint8Array(32),
    membersVersion: 0,
  };
  const body = aText('hello');

  test('cost one call of the key service per environment and five minutes, however many ask at once', async () => {
    const keys = new MemoryKeys();
    let now = draft.at;
    const sealing = vault(new DataKeys(keys, keys, () => now));
    const places = Array.from({ length: 100 }, (_, seq) => ({
      ...draft,
      seq,
      conversationId: person(`t${seq % 7}`),
    }));
    await Promise.all(places.map((place) => sealing.sealBody(place, body)));
    expect(keys.serviceCalls).toBe(1);

    now += PLAIN_KEY_MS;
    await Promise.all(places.map((place) => sealing.sealBody(place, body)));
    expect(keys.serviceCalls).toBe(2);
  });

  test('are overwritten in memory after five minutes, but not under who is at work with them', async () => {
    const keys = new MemoryKeys();
    const given: Uint8Array[] = [];
    let now = draft.at;
    const remembering = {
      generate: async () => {
        const made = await keys.generate();
        given.push(made.plain);
        return made;
      },
      unwrap: (epoch: string, wrapped: Uint8Array) => keys.unwrap(epoch, wrapped),
    };
    const dataKeys = new DataKeys(keys, remembering, () => now);
    const of = (name: string) => dataKeys.toSeal(person(name), '2026-11', (key) => given.push(key));
    await of('talk');
    now += PLAIN_KEY_MS - 1;
    await of('other');
    expect(given).toHaveLength(3); // the organisation's, and two of conversations
    expect(given.filter(isBlank)).toEqual([]);
    now += 1;
    const late = of('other'); // had before the clock was turned on
    await dataKeys.toSeal(person('third'), '2026-11', () => {});
    await late;
    expect(given.map(isBlank)).toEqual([true, true, false, false]);

    const kept = new Kept(() => now);
    let fetched = (_key: Uint8Array) => {};
    const slow = new Promise<Uint8Array>((resolve) => {
      fetched = resolve;
    });
    const bytes = new Uint8Array(32).fill(7);
    const working = kept.use(
      'slow',
      () => slow,
      (key) => Buffer.from(key).toString('hex'),
    );
    now += PLAIN_KEY_MS;
    await kept.use(
      'another',
      async () => new Uint8Array(32),
      () => {},
    ); // which drops the slow one
    fetched(bytes);
    expect(await working).toBe('07'.repeat(32));
    await expect.poll(() => isBlank(bytes)).toBe(true);
  });

  test('are overwritten as soon as they are to be forgotten, and asked for anew', async () => {
    const keys = new MemoryKeys();
    const dataKeys = new DataKeys(keys, keys, () => draft.at);
    const given: Uint8Array[] = [];
    await dataKeys.toSeal(person('talk'), '2026-11', (key) => given.push(key));
    dataKeys.forget();
    await expect.poll(() => given.map(isBlank)).toEqual([true]);
    await dataKeys.toOpen(person('talk'), '2026-11', (key) => given.push(key));
    expect(given.map(isBlank)).toEqual([true, false]);
    expect(keys.serviceCalls).toBe(2);
  });

  test('of two environments that start at once are the same keys', async () => {
    const keys = new MemoryKeys();
    const [one, other] = [0, 1].map(() => vault(new DataKeys(keys, keys, () => draft.at)));
    const sealed = await Promise.all([one, other].map((environment) => environment?.sealBody(draft, body)));
    for (const made of sealed) {
      if (!made) throw new Error('nothing was sealed');
      await expect(one?.openBody({ ...draft, sealed: made }).then(shownBody)).resolves.toEqual(
        shownBody(body),
      );
      await expect(other?.openBody({ ...draft, sealed: made }).then(shownBody)).resolves.toEqual(
        shownBody(body),
      );
    }
  });

  test('that are gone open nothing, and moved bodies do not open', async () => {
    const keys = new MemoryKeys();
    const sealed = await vault(new DataKeys(keys, keys, () => draft.at)).sealBody(draft, body);
    const elsewhere = vault(new DataKeys(keys, keys, () => draft.at));
    await expect(elsewhere.openBody({ ...draft, seq: 2, sealed })).rejects.toThrow(SealBroken);
    keys.stored.delete(`${draft.conversationId}/2026-11`);
    const later = vault(new DataKeys(keys, keys, () => draft.at));
    await expect(later.openBody({ ...draft, sealed })).rejects.toThrow('there is no data key');
  });
});
