import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { signOff } from '../../../cli/audit/sign-off.ts';

test('a sign-off says who, when and of which bytes, and a second one stands beside the first', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sign-off-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'activity.pdf');
  writeFileSync(file, 'the report');
  const at = new Date('2030-01-07T09:00:00Z');
  const first = signOff(file, { by: 'Ana Ruiz', at, note: 'Asked the clinician.' });
  const second = signOff(file, { by: 'Bo Lind', at });

  expect(JSON.parse(readFileSync(first, 'utf8'))).toEqual({
    kind: 'wardline.sign-off.1',
    report: 'activity.pdf',
    sha256: createHash('sha256').update('the report').digest('hex'),
    by: 'Ana Ruiz',
    at: '2030-01-07T09:00:00.000Z',
    note: 'Asked the clinician.',
  });
  expect([first, second]).toEqual([`${file}.sign-off-1.json`, `${file}.sign-off-2.json`]);
  expect(JSON.parse(readFileSync(second, 'utf8'))).toMatchObject({ by: 'Bo Lind' });
});
