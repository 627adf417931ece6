import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyExport } from '../../../cli/audit/verify.ts';
import { lineOf } from '../../../functions/audit/lines.ts';
import { sealRecords } from '../../../functions/audit/seal-records.ts';
import { evidenceOf, exportOf, someRecords } from '../../cli/audit/trail.ts';
import { Crash, SealedPlace, type Step } from './in-memory-sealing.ts';

const lines = someRecords(12).map(lineOf);
/** Of which each stands alone, so that they may come in any order. */
const decisions = someRecords(60, 7)
  .filter(({ kind }) => kind === 'decision')
  .map(lineOf);

test('a batch is signed once, whatever its size, and sealed under the next number', async () => {
  const place = new SealedPlace();
  expect(await sealRecords(place.rooms(), lines.slice(0, 5))).toEqual({ number: 1, count: 5 });
  expect(await sealRecords(place.rooms(), lines.slice(5))).toEqual({ number: 2, count: 7 });
  expect(place.signatures).toBe(2);
  expect(await sound(place)).toEqual(lines.map(({ id }) => id));
});

test('a batch that comes again is not sealed again, whole or in halves, and an hour without records is sealed as such', async () => {
  const place = new SealedPlace();
  await sealRecords(place.rooms(), lines);
  expect(await sealRecords(place.rooms(), lines)).toBeUndefined();
  expect(await sealRecords(place.rooms(), lines.slice(0, 6))).toBeUndefined();
  expect(await sealRecords(place.rooms(), [])).toEqual({ number: 2, count: 0 });
  expect(await sound(place)).toEqual(lines.map(({ id }) => id));
});

test('a head never tells an earlier time than the one before it, and what is sealed past midnight lies under the new day', async () => {
  const place = new SealedPlace();
  await sealRecords(place.rooms(), lines.slice(0, 6));
  place.now -= 5_000; // another function's clock
  await sealRecords(place.rooms(), lines.slice(6, 9));
  place.now += 60_000;
  await sealRecords(place.rooms(), lines.slice(9));
  const times = [1, 2, 3].map((number) => headIn(place, number).at);
  expect(times).toEqual([...times].sort());
  expect([1, 2, 3].map((number) => headIn(place, number).path.slice(15, 29))).toEqual([
    'day=2030-01-31',
    'day=2030-01-31',
    'day=2030-02-01',
  ]);
  await sound(place);
});

describe('a sealer that is ended', () => {
  test('before or after any step of its batch loses nothing, seals nothing twice and leaves no hole when the batch comes again', async () => {
    const names = await stepsOf(lines);
    expect(names).toEqual(['next', 'records', 'putRecords', 'sign', 'putHead', 'reach']);
    for (const [at] of names.entries()) {
      for (const when of ['before', 'after'] as const) {
        const place = new SealedPlace();
        await sealRecords(place.rooms(), lines.slice(0, 3));
        await expect(sealRecords(place.rooms(endingAt(at, when)), lines.slice(3))).rejects.toThrow(Crash);
        place.now += 86_400_000; // and the day is another
        await sealRecords(place.rooms(), lines.slice(3));
        expect(await sound(place), `${when} ${names[at]}`).toEqual(lines.map(({ id }) => id));
      }
    }
  });

  test('is stood in for by whoever seals next, with other records', async () => {
    for (let at = 0; at < 6; at += 1) {
      const place = new SealedPlace();
      await sealRecords(place.rooms(), decisions.slice(0, 3));
      await sealRecords(place.rooms(endingAt(at, 'after')), decisions.slice(3, 8)).catch(() => {});
      await sealRecords(place.rooms(), decisions.slice(8));
      await sealRecords(place.rooms(), decisions.slice(3, 8));
      const ids = await soundInAnyOrder(place);
      expect(new Set(ids)).toEqual(new Set(decisions.map(({ id }) => id)));
    }
  });
});

test('where the table was restored to an earlier time the bucket says how far the trail is sealed, and it goes on there', async () => {
  const place = new SealedPlace();
  for (const at of [0, 3, 6]) await sealRecords(place.rooms(), lines.slice(at, at + 3));
  place.now += 86_400_000;
  place.restore();
  expect(await sealRecords(place.rooms(), lines.slice(9))).toEqual({ number: 4, count: 3 });
  expect(underNoHead(place)).toHaveLength(1); // put before it saw that the number is taken
  for (const path of underNoHead(place)) place.objects.delete(path);
  expect(await sound(place)).toEqual(lines.map(({ id }) => id));
});

test('a head in the bucket that does not follow is a fault: no second chain is signed', async () => {
  const [place, other] = [new SealedPlace(), new SealedPlace()];
  await sealRecords(place.rooms(), lines.slice(0, 3));
  await sealRecords(other.rooms(), lines.slice(3, 6));
  await sealRecords(other.rooms(), lines.slice(6, 9));
  const strange = 'sealed/heads/000000000002.json';
  place.objects.set(strange, other.objects.get(strange) as Buffer);
  await expect(sealRecords(place.rooms(), lines.slice(3))).rejects.toThrow(
    'does not follow the one before it',
  );
});

test('sealers of several shards at once, ended anywhere and tried again, leave one chain that has every record', async () => {
  const decisions = someRecords(60, 7)
    .filter(({ kind }) => kind === 'decision')
    .map(lineOf);
  const shards = [0, 1, 2].map((shard) => decisions.filter((_, place) => place % 3 === shard));
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.infiniteStream(fc.nat(19)), async (scheduler, luck) => {
      const place = new SealedPlace();
      const step: Step = async (name, effect) => {
        await scheduler.schedule(Promise.resolve(), name);
        const [chance] = luck.take(1);
        if (chance === 0) throw new Crash();
        const result = await effect();
        if (chance === 1) throw new Crash();
        return result;
      };
      const seal = async (batch: typeof lines): Promise<void> => {
        try {
          await sealRecords(place.rooms(step), batch);
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
          await seal(batch); // as Lambda hands the batch out again
        }
      };
      const all = Promise.all(
        shards.map(async (shard) => {
          for (let at = 0; at < shard.length; at += 3) await seal(shard.slice(at, at + 3));
        }),
      );
      await scheduler.waitFor(all);
      expect(new Set(await soundInAnyOrder(place))).toEqual(new Set(decisions.map(({ id }) => id)));
    }),
    { numRuns: 60 },
  );
});

/** Ends the sealer at its n-th step. */
function endingAt(nth: number, when: 'before' | 'after'): Step {
  let step = -1;
  return async (_name, effect) => {
    step += 1;
    if (step === nth && when === 'before') throw new Crash();
    const result = await effect();
    if (step === nth) throw new Crash();
    return result;
  };
}

async function stepsOf(batch: typeof lines): Promise<string[]> {
  const place = new SealedPlace();
  await sealRecords(place.rooms(), batch.slice(0, 3));
  const names: string[] = [];
  const step: Step = async (name, effect) => {
    names.push(name);
    return effect();
  };
  await sealRecords(place.rooms(step), batch.slice(3));
  return names;
}

/** The ids of all that is sealed, each once, in a trail in which the verifier finds nothing. */
async function sound(place: SealedPlace): Promise<string[]> {
  const ids = await soundInAnyOrder(place);
  expect(ids).toEqual([...new Set(ids)]);
  return ids;
}

async function soundInAnyOrder(place: SealedPlace): Promise<string[]> {
  const { findings } = await verifyExport(evidenceOf(await exportOf(place)), {
    trusted: [place.key.publicKey],
  });
  expect(findings).toEqual([]);
  expect(underNoHead(place)).toEqual([]);
  const numbers = [...place.objects.keys()].flatMap((path) => /heads\/(\d+)/.exec(path)?.[1] ?? []).sort();
  expect(numbers.map(Number)).toEqual(numbers.map((_, at) => at + 1));
  return numbers.flatMap((number) => headIn(place, Number(number)).ids);
}

/** Batches that are no part of the trail. */
function underNoHead({ objects }: SealedPlace): string[] {
  const heads = [...objects].filter(([path]) => path.startsWith('sealed/heads/'));
  const named = heads.map(([, bytes]) => (JSON.parse(bytes.toString()) as { path: string }).path);
  return [...objects.keys()].filter((path) => path.startsWith('sealed/records/') && !named.includes(path));
}

function headIn(place: SealedPlace, number: number) {
  const path = `sealed/heads/${String(number).padStart(12, '0')}.json`;
  return JSON.parse(String(place.objects.get(path))) as { at: string; path: string; ids: string[] };
}
