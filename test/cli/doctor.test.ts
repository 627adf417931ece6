import { describe, expect, test } from 'vitest';
import { type Finding, findings } from '../../cli/doctor-findings.ts';
import { type Machine, thisMachine } from '../../cli/machine.ts';
import { defaultDirectory } from '../../cli/run-directory.ts';

const sound: Machine = {
  platform: 'linux',
  nodeVersion: '22.3.0',
  wanted: { node: '20.19', cdk: '2.1148.1' },
  java: async () => ({ path: '/usr/bin/java' }),
  isPortFree: async () => true,
  ownRun: () => undefined,
  cdkVersion: () => '2.1148.1',
  esbuildFault: () => undefined,
  freeBytes: () => 20 * 1024 ** 3,
};

const wrong = async (change: Partial<Machine>): Promise<readonly Finding[]> =>
  (await findings({ ...sound, ...change })).filter(({ ok }) => !ok);

describe('wardline doctor', () => {
  test('finds nothing to do on a sound machine, and says what it looked at', async () => {
    const found = await findings(sound);
    expect(found.every(({ ok, todo }) => ok && todo === undefined)).toBe(true);
    expect(found.map(({ check }) => check)).toEqual([
      'Node.js',
      'Java',
      'ports',
      'CDK CLI',
      'esbuild',
      'disk',
    ]);
  });

  test.each<[string, Partial<Machine>, Omit<Finding, 'ok'>]>([
    [
      'a Node.js that is too old by its second number',
      { nodeVersion: '20.9.0' },
      {
        check: 'Node.js',
        seen: '20.9.0, older than 20.19',
        todo: expect.stringContaining('nvm install --lts'),
      },
    ],
    [
      'a missing Java',
      { java: async () => ({ install: 'brew install openjdk' }) },
      { check: 'Java', seen: expect.stringContaining('no Java 11'), todo: 'brew install openjdk' },
    ],
    [
      'a taken port',
      { isPortFree: async (port) => port !== 9_301 },
      { check: 'ports', seen: '9301 of 9300 to 9302 taken', todo: 'npm start -- --port 9400' },
    ],
    [
      'the mistaken release of the CDK CLI',
      { cdkVersion: () => '3.0.0' },
      {
        check: 'CDK CLI',
        seen: expect.stringContaining('cannot read what aws-cdk-lib writes'),
        todo: 'npm install --save-dev --save-exact aws-cdk@2.1148.1',
      },
    ],
    [
      'a CDK CLI older than what was tested',
      { cdkVersion: () => '2.999.0' },
      { check: 'CDK CLI', seen: '2.999.0, older than 2.1148.1', todo: 'npm ci' },
    ],
    [
      'no CDK CLI at all',
      { cdkVersion: () => undefined },
      { check: 'CDK CLI', seen: expect.stringContaining('not installed'), todo: 'npm ci' },
    ],
    [
      'an esbuild of another platform',
      { esbuildFault: () => 'You installed esbuild for another platform' },
      { check: 'esbuild', seen: 'You installed esbuild for another platform', todo: 'npm ci' },
    ],
    [
      'a full disk',
      { freeBytes: () => 100 * 1024 ** 2 },
      { check: 'disk', seen: '0.1 GB free', todo: expect.stringContaining('0.5 GB') },
    ],
    [
      'a disk that may not be written to',
      {
        freeBytes: () => {
          throw new Error('EACCES: permission denied');
        },
      },
      { check: 'disk', seen: 'EACCES: permission denied', todo: expect.stringContaining('--directory') },
    ],
  ])('names %s, and what to do about it', async (_what, change, finding) => {
    expect(await wrong(change)).toEqual([{ ok: false, ...finding }]);
  });

  test('does not hold the ports of this clone’s own run against it', async () => {
    expect(await wrong({ isPortFree: async () => false, ownRun: () => 4711 })).toEqual([]);
  });

  test('reads this machine: whatever runs these tests has Node.js, the pinned CDK CLI and esbuild', async () => {
    const found = await findings(thisMachine(defaultDirectory));
    const ok = found.filter((finding) => finding.ok).map(({ check }) => check);
    expect(ok).toEqual(expect.arrayContaining(['Node.js', 'CDK CLI', 'esbuild', 'disk']));
  });
});
