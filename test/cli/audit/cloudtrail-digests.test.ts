import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { verifyCloudTrail } from '../../../cli/audit/cloudtrail-digests.ts';
import { cloudTrailRows } from '../../../cli/audit/cloudtrail-events.ts';
import { type Directory, strayLog, trailDirectory } from './cloudtrail-directory.ts';

test('what CloudTrail delivered is sound, and says of which time it proves something', () => {
  const { path, logs } = trailDirectory(5);
  expect(verifyCloudTrail(path)).toEqual({
    ...{ findings: [], digests: 5, logs: 10, gaps: [], unproven: [logs[10]] },
    covered: [
      { chain: expect.stringContaining('Clinic'), from: '2026-05-04T08:00:00Z', to: '2026-05-04T13:00:00Z' },
    ],
  });
});

test('where logging stood still there is a gap, and the next chain is sound by itself', () => {
  const { path } = trailDirectory(6, [2]);
  expect(verifyCloudTrail(path)).toMatchObject({
    ...{ findings: [], digests: 5 },
    gaps: [{ from: '2026-05-04T10:00:00Z', to: '2026-05-04T11:00:00Z' }],
  });
});

test('a beginning that is left out on purpose is no finding, and one that is lost is', () => {
  const { path, logs, digests, place } = trailDirectory(4);
  const since = '2026-05-04T10:00:00Z';
  for (const gone of [...digests.slice(0, 2), ...logs.slice(0, 4)]) rmSync(place(gone));
  expect(verifyCloudTrail(path, { since }).findings).toEqual([]);
  expect(verifyCloudTrail(path).findings).toMatchObject([{ kind: 'missing', file: digests[1] }]);
});

test('of log files whose digest is lost nothing is proven, and they are not called a stranger’s', () => {
  const { path, logs, digests, place } = trailDirectory(4);
  rmSync(place(digests[1] ?? ''));
  expect(verifyCloudTrail(path)).toMatchObject({
    findings: [{ kind: 'missing', file: digests[1] }],
    unproven: [logs[2], logs[3], logs[8]],
  });
});

describe('of what was tampered with the first file is named', () => {
  type Tampering = readonly [what: string, kind: string, tamper: (directory: Directory) => string];
  const rewritten = (content: string) => content.replace('192.0.2.1', '192.0.2.9');
  const change = ({ place }: Directory, key = '', edit: (content: string) => string) => {
    const content = gunzipSync(readFileSync(place(key))).toString();
    expect(edit(content)).not.toBe(content);
    writeFileSync(place(key), gzipSync(edit(content)));
    return key;
  };
  const signaturesOf = ({ path }: Directory) => join(path, 'signatures.json');
  const resign = (directory: Directory, edit: (all: Record<string, string>) => void) => {
    const all = JSON.parse(readFileSync(signaturesOf(directory), 'utf8')) as Record<string, string>;
    edit(all);
    writeFileSync(signaturesOf(directory), JSON.stringify(all));
  };
  const tamperings: readonly Tampering[] = [
    ['one event of a log file', 'altered', (all) => change(all, all.logs[3], rewritten)],
    [
      'a log file that is no gzip any more',
      'altered',
      (all) => {
        writeFileSync(all.place(all.logs[3] ?? ''), 'nothing');
        return all.logs[3] ?? '';
      },
    ],
    [
      'a log file taken away',
      'missing',
      (all) => {
        rmSync(all.place(all.logs[5] ?? ''));
        return all.logs[5] ?? '';
      },
    ],
    [
      'a log file put there',
      'extra',
      (all) => {
        const { key, body } = strayLog('2026-05-04T09:20:00Z');
        writeFileSync(all.place(key), body);
        return key;
      },
    ],
    [
      'a file that is of no kind',
      'extra',
      (all) => {
        const key = (all.logs[0] ?? '').replace(/[^/]+$/, 'notes.txt');
        writeFileSync(all.place(key), 'a note');
        return key;
      },
    ],
    [
      'a digest that forgets a log file',
      'altered',
      (all) =>
        change(all, all.digests[2], (text) =>
          JSON.stringify({ ...(JSON.parse(text) as object), logFiles: [] }),
        ),
    ],
    [
      'a digest with the hash of a changed log file',
      'altered',
      (all) => {
        change(all, all.logs[0], rewritten);
        const digest = JSON.parse(gunzipSync(readFileSync(all.place(all.digests[0] ?? ''))).toString()) as {
          logFiles: [{ hashValue: string }];
        };
        digest.logFiles[0].hashValue = '0'.repeat(64);
        return change(all, all.digests[0], () => JSON.stringify(digest));
      },
    ],
    [
      'a digest taken away',
      'missing',
      (all) => {
        rmSync(all.place(all.digests[2] ?? ''));
        return all.digests[2] ?? '';
      },
    ],
    [
      'the first digest taken away',
      'missing',
      (all) => {
        rmSync(all.place(all.digests[0] ?? ''));
        return all.digests[0] ?? '';
      },
    ],
    [
      'a digest under the name of another',
      'altered',
      (all) => {
        copyFileSync(all.place(all.digests[1] ?? ''), all.place(all.digests[2] ?? ''));
        return all.digests[2] ?? '';
      },
    ],
    [
      'two digests that changed places, with their signatures',
      'altered',
      (all) => {
        const [one = '', other = ''] = all.digests.slice(1);
        renameSync(all.place(one), all.place('kept'));
        renameSync(all.place(other), all.place(one));
        renameSync(all.place('kept'), all.place(other));
        resign(all, (signatures) => {
          [signatures[one], signatures[other]] = [signatures[other] ?? '', signatures[one] ?? ''];
        });
        return one;
      },
    ],
    [
      'a signature that is another’s',
      'altered',
      (all) => {
        resign(all, (signatures) => {
          signatures[all.digests[4] ?? ''] = signatures[all.digests[3] ?? ''] ?? '';
        });
        return all.digests[4] ?? '';
      },
    ],
    [
      'a signature taken away',
      'altered',
      (all) => {
        resign(all, (signatures) => {
          delete signatures[all.digests[4] ?? ''];
        });
        return all.digests[4] ?? '';
      },
    ],
    [
      'a public key of somebody else under the fingerprint',
      'altered',
      (all) => {
        const file = join(all.path, 'public-keys.json');
        const { PublicKeyList } = JSON.parse(readFileSync(file, 'utf8')) as {
          PublicKeyList: [{ Value: string }];
        };
        PublicKeyList[0].Value = awsKeys[0].value;
        writeFileSync(file, JSON.stringify({ PublicKeyList }));
        return all.digests[0] ?? '';
      },
    ],
  ];
  test.each(tamperings)('%s', (_, kind, tamper) => {
    const all = trailDirectory(5);
    const file = tamper(all);
    expect(verifyCloudTrail(all.path).findings[0]).toMatchObject({ kind, file });
  });
});

/** CloudTrail user guide, "Custom implementations…", sample response of list-public-keys. */
const awsKeys = [
  {
    fingerprint: '8eba5db5bea9b640d1c96a77256fe7f2',
    value:
      'MIIBCgKCAQEAn11L2YZ9h7onug2ILi1MWyHiMRsTQjfWE+pHVRLk1QjfWhirG+lpOa8NrwQ/r7Ah5bNL6HepznOU9XTDSfmmnP97mqyc7z/upfZdS/AHhYcGaz7n6Wc/RRBU6VmiPCrAUojuSk6/GjvA8iOPFsYDuBtviXarvuLPlrT9kAd4Lb+rFfR5peEgBEkhlzc5HuWO7S0y+KunqxX6jQBnXGMtxmPBPP0FylgWGNdFtks/4YSKcgqwH0YDcawP9GGGDAeCIqPWIXDLG1jOjRRzWfCmD0iJUkz8vTsn4hq/5ZxRFE7UBAUiVcGbdnDdvVfhF9C3dQiDq3k7adQIziLT0cShgQIDAQAB',
  },
] as const;

test('a key that AWS’s guide shows has the fingerprint that it shows, and signed none of this', () => {
  const { path, digests, place } = trailDirectory(1);
  const [{ value: Value, fingerprint: Fingerprint }] = awsKeys;
  const digest = gunzipSync(readFileSync(place(digests[0] ?? ''))).toString();
  writeFileSync(join(path, 'public-keys.json'), JSON.stringify({ PublicKeyList: [{ Value, Fingerprint }] }));
  const claimed = JSON.stringify({
    ...(JSON.parse(digest) as object),
    digestPublicKeyFingerprint: Fingerprint,
  });
  writeFileSync(place(digests[0] ?? ''), gzipSync(claimed));
  // with another fingerprint it would say so: the key is taken, and the signature is not of it
  expect(verifyCloudTrail(path).findings[0]?.reason).toBe('its signature is not of what it says');
});

test('an event as a row names the person for whom the role worked', () => {
  const { path, logs } = trailDirectory(1);
  const rows = [...cloudTrailRows(path)];
  expect(rows).toHaveLength(3);
  expect(rows[0]).toEqual({
    ...{ at: '2026-05-04T08:10:00Z', eventId: expect.any(String), file: logs[0] },
    ...{ person: 'nina', role: 'AsPerson', session: 'nina', sourceIp: '192.0.2.1', errorCode: null },
    ...{ eventSource: 's3.amazonaws.com', eventName: 'GetObject', readOnly: true },
    ...{ resource: 'files', key: 'files/c1/a1' },
  });
});
