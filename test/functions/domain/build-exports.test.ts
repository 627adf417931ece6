import { expect, test } from 'vitest';
import { type BuildingRooms, buildExports } from '../../../functions/domain/build-exports.ts';
import { endExportsOf } from '../../../functions/domain/end-exports.ts';
import { downloadExport, type Packed } from '../../../functions/domain/patient-exports.ts';
import type { RetentionPolicy } from '../../../functions/domain/retention.ts';
import { callerNamed } from './in-memory.ts';
import { anExport, MemoryExportFiles, MemoryExports } from './in-memory-exports.ts';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;
const START = Date.UTC(2030, 0, 1);

/** A deployment with one export that was approved, of two conversations whose entries were said on the first day. */
function aDeployment() {
  const time = { now: START + 10 * DAY };
  const policy: { days: RetentionPolicy['days'] } = { days: { default: 30 } };
  const [exports, exportFiles] = [new MemoryExports(), new MemoryExportFiles()];
  const shredded = new Set<string>();
  const failed: unknown[] = [];
  const contents = { opened: ['ward', 'clinic'], oldest: { group: START } as Packed['oldest'] };
  const whilePacked: (() => Promise<unknown> | undefined)[] = [];
  const rooms: BuildingRooms = {
    exports,
    files: exportFiles,
    retention: { standing: async () => policy },
    shredMarks: { isAny: async (conversations) => conversations.some((one) => shredded.has(one)) },
    pack: async ({ exportId }) => {
      const opened = contents.opened.filter((one) => !shredded.has(one));
      await whilePacked.shift()?.();
      return { ...contents, opened, versionId: exportFiles.put(exportId), bytes: 1, sha256: '' };
    },
    now: () => time.now,
    failed: (_one, error) => failed.push(error),
  };
  exports.standing.set('one', anExport('one'));
  const shred = (conversationId: string) => {
    shredded.add(conversationId); // its record comes first
    return endExportsOf({ exports, exportFiles }, conversationId);
  };
  const downloads = {
    permit: async (
      _person: string,
      _export: string,
      url: string,
      within: { at: number; seconds: number },
    ) => ({
      ...{ url, until: new Date(within.at + within.seconds * SECOND).toISOString() },
    }),
  };
  const officer = { ...callerNamed('officer'), roles: ['privacy-officer'] as const };
  const download = () =>
    downloadExport({ ...rooms, downloads }, Promise.resolve(officer), 'one').then(
      ({ value }) => Date.parse(value.until),
      ({ code }) => code,
    );
  const standing = () => exports.standing.get('one');
  const build = () => buildExports(rooms);
  return {
    exports,
    time,
    policy,
    contents,
    rooms,
    exportFiles,
    shredded,
    failed,
    whilePacked,
    ...{ shred, download, standing, build },
  };
}

test('an export lasts a week, or until the first of what is in it expires, to the second; then its file is deleted', async () => {
  const { build, standing, time, contents, download, exportFiles } = aDeployment();
  contents.oldest = { direct: START + DAY, group: START - 14 * DAY };
  await build();
  const expiry = START + 16 * DAY;
  expect(standing()).toMatchObject({ state: 'ready', until: expiry });
  expect(await download()).toBe(time.now + 60 * SECOND);
  time.now = expiry - 30 * SECOND - 1;
  expect(await download()).toBe(expiry - 1); // whole seconds: the permit ends with what it opens
  time.now = expiry - SECOND + 1;
  expect(await download()).toBe('export-withdrawn');
  await build();
  expect(standing()?.state).toBe('ready');
  time.now = expiry;
  await build();
  expect(standing()).toMatchObject({ state: 'gone', endedBy: 'retention' });
  expect(exportFiles.stored.size).toBe(0);
});

test('days that were shortened meanwhile end it at once, and longer ones do not make it last', async () => {
  const { build, standing, time, policy, download } = aDeployment();
  await build();
  const week = time.now + 7 * DAY;
  expect(standing()?.until).toBe(week);
  policy.days = { default: 30, direct: 1 }; // of another kind than what is in it
  expect(await download()).toEqual(expect.any(Number));
  policy.days = { default: 30, group: 10 };
  expect(await download()).toBe('export-withdrawn');
  policy.days = { default: 3_000 };
  time.now = week - SECOND;
  expect(await download()).toBe(week);
  time.now = week;
  expect(await download()).toBe('export-gone');
  await build();
  expect(standing()).toMatchObject({ state: 'gone', endedBy: 'time' });
});

test('one of which something expires while it is made is not offered, and is made without it', async () => {
  const { build, standing, time, contents, exportFiles, whilePacked } = aDeployment();
  contents.oldest = { group: START - 20 * DAY + SECOND };
  whilePacked.push(async () => {
    time.now += SECOND;
  });
  await build();
  expect(standing()).toEqual(anExport('one')); // as if nobody had been at it
  expect(exportFiles.stored.size).toBe(0);
  contents.oldest = { group: START };
  await build();
  expect(standing()?.state).toBe('ready');
});

test('a destruction at any moment of the making leaves nothing of it to be fetched', async () => {
  for (const moment of ['record alone', 'record and mark', 'after the look'] as const) {
    const { build, standing, rooms, exportFiles, shred, shredded, whilePacked, failed } = aDeployment();
    if (moment === 'record alone') whilePacked.push(async () => shredded.add('ward')); // whoever destroys died there
    if (moment === 'record and mark') whilePacked.push(() => shred('ward'));
    const { isAny } = rooms.shredMarks;
    let looks = 0;
    Object.assign(rooms.shredMarks, {
      isAny: async (conversations: readonly string[]) => {
        const found = await isAny(conversations);
        looks += 1;
        if (moment === 'after the look' && looks === 1) await shred('ward');
        return found;
      },
    });
    await build();
    expect(standing(), moment).toEqual(anExport('one'));
    expect(exportFiles.stored.size, moment).toBe(0);
    await build();
    expect(standing(), moment).toMatchObject({ state: 'ready', packed: { opened: ['clinic'] } });
    expect(failed).toEqual([]);
  }
});

test('a destruction deletes what it finds finished, counts it once, and has downloads refused by its record alone', async () => {
  const { build, standing, exportFiles, shred, shredded, download } = aDeployment();
  await build();
  shredded.add('ward');
  expect(await download()).toBe('export-withdrawn');
  expect(await shred('ward')).toEqual({ exports: 1, versions: 1 });
  expect(standing()).toMatchObject({ state: 'gone', endedBy: 'destruction', withdrawnFor: 'ward' });
  expect(await download()).toBe('export-withdrawn');
  expect(exportFiles.stored.size).toBe(0);
  expect(await shred('ward')).toEqual({ exports: 1, versions: 0 });
  expect(await shred('clinic')).toEqual({ exports: 0, versions: 0 });
});

test('a destruction that finds one being made looks again where it was finished before the mark was written', async () => {
  const { build, standing, exports, exportFiles, shred } = aDeployment();
  await build();
  const { all } = exports;
  exports.all = async () => {
    exports.all = all;
    return [{ ...anExport('one'), claimedUntil: START + 20 * DAY }]; // as it stood a moment before
  };
  expect(await shred('ward')).toEqual({ exports: 1, versions: 1 });
  expect(standing()?.state).toBe('gone');
  expect(exportFiles.stored.size).toBe(0);
});
