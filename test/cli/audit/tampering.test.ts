import { expect, test } from 'vitest';
import { verifyExport } from '../../../cli/audit/verify.ts';
import type { SealedRecord } from '../../../functions/audit/record.ts';
import { report } from '../../fixtures/results.ts';
import { type SealedPlace, testKey } from '../../functions/audit/in-memory-sealing.ts';
import { isFoundAt, tamperings } from './tamper.ts';
import { evidenceOf, exportOf, lottery, sealedIn, someRecords } from './trail.ts';

const key = testKey();
const MANY = 1_000;

test('1,000 exports that nobody touched are sound, whatever their size, their cuts and what was handed out twice', async () => {
  const alarms: unknown[] = [];
  let repeats = 0;
  for (let seed = 0; seed < MANY; seed += 1) {
    const files = await anExport(seed);
    const trusted = seed % 2 === 0 ? [key.publicKey] : [];
    const { findings, figures } = await verifyExport(evidenceOf(files), { trusted });
    if (findings.length > 0) alarms.push({ seed, findings });
    repeats += figures.repeats;
  }
  expect(alarms).toEqual([]);
  expect(repeats).toBeGreaterThan(100); // or nothing was handed out twice
}, 60_000);

test('1,000 tamperings are all found, and each where it is', async () => {
  const names = Object.keys(tamperings);
  const missed: unknown[] = [];
  const counts = new Map<string, number>();
  for (let seed = 0, done = 0; done < MANY; seed += 1) {
    const name = names[seed % names.length] ?? '';
    const files = await anExport(seed);
    const expected = tamperings[name]?.(files, lottery(seed));
    if (!expected) continue;
    done += 1;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const { findings } = await verifyExport(evidenceOf(files), { trusted: [key.publicKey] });
    const [first] = findings;
    if (!isFoundAt(first, expected)) missed.push({ seed, name, expected, first });
  }
  expect(missed.slice(0, 5)).toEqual([]);
  expect(counts.size).toBe(names.length);
  report('tampering', {
    tamperings: MANY,
    missed: { found: missed.length, of: MANY },
    ...Object.fromEntries(counts),
  });
}, 60_000);

/**
 * Another export for every seed: 150 trails of 3 to 40 records in batches of 0 to 9, some records handed out twice, each trail cut at
 * both ends in different ways.
 */
async function anExport(seed: number): Promise<Map<string, Buffer>> {
  const place = await trail(seed % 150);
  const heads = [...place.objects.keys()].filter((path) => path.startsWith('sealed/heads/')).length;
  const random = lottery(seed);
  const from = random() < 0.3 ? 1 + Math.floor(random() * heads) : 1;
  const upTo = random() < 0.3 ? from + Math.floor(random() * (heads - from + 1)) : heads;
  return exportOf(place, { from, upTo });
}

async function trail(seed: number): Promise<SealedPlace> {
  const known = trails.get(seed);
  if (known) return known;
  const random = lottery(seed);
  const records = withRepeats(someRecords(3 + Math.floor(random() * 38), seed), random);
  const sizes: number[] = [];
  for (let left = records.length; left > 0; left -= sizes.at(-1) ?? 0) sizes.push(Math.floor(random() * 10));
  const place = await sealedIn(records, sizes, key);
  trails.set(seed, place);
  return place;
}

const trails = new Map<number, SealedPlace>();

/** As a stream hands records out again: a while later, as they were. */
function withRepeats(records: readonly SealedRecord[], random: () => number): SealedRecord[] {
  const again = records.filter(() => random() < 0.1);
  return [...records, ...again];
}
