import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { main } from '../../cli/main.ts';

describe('a command that is called wrongly', () => {
  test.each([
    ['an unknown command', ['dance'], /unknown command 'dance'/],
    ['a port that is none', ['start', '--port', '70000'], /0 to 65000/],
    ['a time that is none', ['start', '--clock', 'tomorrow'], /2030-01-31T12:00:00Z/],
    ['an endpoint that is none', ['start', '--dynamodb', 'localhost:8000'], /http:\/\/127\.0\.0\.1:8000/],
    ['no role', ['users', 'add', 'staff-1'], /--role/],
    ['a role that is none', ['users', 'add', 'staff-1', '--role', 'king'], /patient, caregiver, clinician/],
    ['a user name with a blank', ['users', 'add', 'ann smith', '--role', 'staff'], /letters, digits/],
    [
      'a file that is not there',
      ['users', 'add', 'staff-1', '--role', 'staff', '--outputs', 'none.json'],
      /cdk deploy --all/,
    ],
    ['an export that is none', ['audit', 'verify', 'none'], /wardline audit export writes one/],
    ['a proof without a key', ['audit', 'prove', '--check', 'proof.json'], /--key FILE/],
    ['a day that is none', ['audit', 'export', '--out', 'x', '--from', 'May'], /2030-01-31/],
  ])('with %s says what would be right, and ends with 2', async (_what, given, sentence) => {
    const { code, told } = await called(...given);
    expect(code).toBe(2);
    expect(told).toMatch(sentence);
    expect(told).not.toMatch(/\n\s+at /);
  });

  test('with outputs of something else says which is missing', async () => {
    const { code, told } = await called(
      'users',
      'add',
      'staff-1',
      '--role',
      'staff',
      '--outputs',
      outputs({ A: { B: 'c' } }),
    );
    expect(code).toBe(2);
    expect(told).toMatch(/the outputs hold no Region: .*--outputs-file/);
  });
});

test('the outputs of a local run without its keys send the operator to npm start, and end with 3', async () => {
  const file = outputs({ Local: { AwsEndpointUrl: 'http://127.0.0.1:1' } });
  const { code, told } = await called('users', 'add', 'staff-1', '--role', 'staff', '--outputs', file);
  expect(code).toBe(3);
  expect(told).toMatch(/credentials\.json.*npm start/);
});

test('help is no error', async () => {
  const { code, told } = await called('users', 'add', '--help');
  expect(code).toBe(0);
  expect(told).toMatch(/never a\s+name, an\s+e-mail address or a record number/);
});

/** Runs a command here; all that it wrote, and its exit code. */
async function called(...given: string[]) {
  let told = '';
  const hear = (text: unknown) => {
    told += `${text}\n`;
    return true;
  };
  const spies = [
    vi.spyOn(console, 'error').mockImplementation(hear),
    vi.spyOn(console, 'log').mockImplementation(hear),
    vi.spyOn(process.stderr, 'write').mockImplementation(hear),
    vi.spyOn(process.stdout, 'write').mockImplementation(hear),
  ];
  try {
    return { code: await main(given), told };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

function outputs(content: object): string {
  const directory = mkdtempSync(join(tmpdir(), 'wardline-outputs-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'outputs.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}
