import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import { fail } from '../../local/front-door/faults.ts';
import { RevocationReceipt } from '../../protocol/requests.ts';
import { claimsOf } from '../fixtures/attacks/forger.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';
import { isSignedByItsKey } from '../fixtures/verify-receipt.ts';

let run: Run;
const directory = mkdtempSync(join(tmpdir(), 'revoke-'));
const outputs = join(directory, 'outputs.json');
beforeAll(async () => {
  run = await startRun({ startAt: new Date('2033-01-01T00:00:00Z') }); // a time that is not this machine's
  writeFileSync(outputs, JSON.stringify(run.outputs));
  writeFileSync(join(directory, 'credentials.json'), JSON.stringify(run.stack.administrator));
});
afterAll(async () => {
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

test('wardline users revoke ends a person’s sign-ins by user name or id, by the deployment’s time, and prints the receipt', async () => {
  const person = await run.person('ana-1', 'patient');
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  for (const [named, socketsClosed] of [
    ['ana-1', 1],
    [person.id, 0],
  ] as const) {
    const { code, printed } = await called('users', 'revoke', named, '--json');
    expect(code).toBe(0);
    const receipt = RevocationReceipt.parse(JSON.parse(printed));
    expect(receipt).toMatchObject({
      ...{ person: person.id, requestedBy: 'operator', socketsClosed, socketsLeftOpen: 0 },
      refreshTokensEnded: true,
    });
    expect(receipt.refusedFrom).toMatch(/^2033-01-01/);
    expect(await isSignedByItsKey(run, receipt)).toBe(true);
    expect(await run.request(person, 'GET', 'me')).toMatchObject({ body: { code: 'session-ended' } });
  }
  expect(await socket.closed).toBe(1000);
  expect(socket.heard.at(-1)).toEqual({ type: 'session.ended', reason: 'revoked' });
});

test('one session is ended alone', async () => {
  const person = await run.person('ben-1', 'patient');
  const ended = await signInAgain(run, person);
  const { origin_jti: session } = claimsOf(ended.tokens.accessToken);
  const { code } = await called('users', 'revoke', 'ben-1', '--session', String(session));
  expect(code).toBe(0);
  expect((await run.request(person, 'GET', 'me')).status).toBe(200);
  expect((await run.request(ended, 'GET', 'me')).status).toBe(401);
});

test('a person who is not there, and a step that failed, are told, and end with 1', async () => {
  const nobody = await called('users', 'revoke', 'nobody-1');
  expect([nobody.code, nobody.told]).toEqual([1, expect.stringContaining('there is no person nobody-1')]);

  await run.person('cleo-1', 'patient');
  const mended = run.stack.faults.add({ operation: 'AdminUserGlobalSignOut', effect: fail() });
  const { code, told, printed } = await called('users', 'revoke', 'cleo-1');
  mended();
  expect(code).toBe(1);
  expect(told).toContain('give the same command again');
  expect(printed).toContain('"refreshTokensEnded": false');
});

/** Runs a command here; what it printed, what it told beside, and its exit code. */
async function called(...given: string[]) {
  const heard = { log: '', error: '' };
  const spies = (['log', 'error'] as const).map((kind) =>
    vi.spyOn(console, kind).mockImplementation((text: unknown) => {
      heard[kind] += `${text}\n`;
    }),
  );
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  });
  process.exitCode = undefined;
  const code = await main([...given, '--outputs', outputs]);
  return { code, printed: heard.log, told: heard.error };
}
