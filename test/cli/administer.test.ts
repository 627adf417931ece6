import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import { RecertificationPage } from '../../protocol/people.ts';
import { RevocationReceipt } from '../../protocol/requests.ts';
import { type Run, startRun } from '../fixtures/running.ts';

let run: Run;
const directory = mkdtempSync(join(tmpdir(), 'administer-'));
const outputs = join(directory, 'outputs.json');
beforeAll(async () => {
  run = await startRun({ startAt: new Date('2033-02-01T00:00:00Z') }); // a time that is not this machine's
  writeFileSync(outputs, JSON.stringify(run.outputs));
  writeFileSync(join(directory, 'credentials.json'), JSON.stringify(run.stack.administrator));
});
afterAll(async () => {
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

test('wardline users roles gives any role that may be held, an office too, and keeps or takes off the place', async () => {
  const ana = await run.person('ana-1', 'clinician');
  const moved = await printed(
    'users',
    'roles',
    'ana-1',
    '--role',
    'staff',
    '--site',
    'north',
    '--department',
    'desk',
  );
  expect(moved).toEqual({
    id: ana.id,
    status: 'active',
    roles: ['staff'],
    site: 'north',
    department: 'desk',
  });
  expect((await run.request(ana, 'GET', 'me')).body).toMatchObject({ roles: ['staff'] });
  expect(await printed('users', 'roles', ana.id, '--role', 'guest', '--no-site')).toEqual({
    ...{ id: ana.id, status: 'active', roles: ['guest'], department: 'desk' },
  });

  const apart = await called('users', 'roles', 'ana-1', '--role', 'guest', '--role', 'auditor');
  expect([apart.code, apart.told]).toEqual([2, expect.stringContaining('held alone')]);
  expect((await run.request(ana, 'GET', 'me')).body).toMatchObject({ roles: ['guest'] });

  const officer = await printed('users', 'roles', 'ana-1', '--role', 'privacy-officer');
  expect(officer).toMatchObject({ roles: ['privacy-officer'], receipt: { requestedBy: 'operator' } });
  expect((await run.request(ana, 'GET', 'me')).body).toMatchObject({ code: 'session-ended' });
});

test('wardline users sessions lists sign-ins; disable ends them with a receipt, officers too; enable gives the roles back', async () => {
  const ben = await run.person('ben-1', 'administrator');
  expect((await run.request(ben, 'GET', 'me')).status).toBe(200);
  expect(await printed('users', 'sessions', 'ben-1')).toMatchObject({
    sessions: [{ sockets: 0, lastFrameAt: expect.stringMatching(/^2033-02-01/) }],
  });
  const socket = await run.socket(ben);
  await socket.ask({ type: 'session.open' });
  expect(await printed('users', 'sessions', 'ben-1')).toMatchObject({
    ...{ person: ben.id, sessions: [{ sockets: 1, since: expect.stringMatching(/^2033-02-01/) }] },
  });
  const receipt = RevocationReceipt.parse(await printed('users', 'disable', 'ben-1'));
  expect(receipt).toMatchObject({ person: ben.id, requestedBy: 'operator', socketsClosed: 1 });
  expect(receipt.lastFrameAt).toMatch(/^2033-02-01/);
  expect(await socket.closed).toBe(1000);
  const roles = await called('users', 'roles', 'ben-1', '--role', 'staff');
  expect([roles.code, roles.told]).toEqual([1, expect.stringContaining('enable them first')]);
  expect(await printed('users', 'enable', 'ben-1')).toMatchObject({
    status: 'active',
    roles: ['administrator'],
  });
});

test('wardline users recertify fills the quarter’s list and signs people off', async () => {
  const cleo = await run.person('cleo-1', 'patient');
  const early = await called('users', 'recertify', 'cleo-1', '--verdict', 'keep');
  expect([early.code, early.told]).toEqual([1, expect.stringContaining('no list yet')]);
  const list = RecertificationPage.parse(await printed('users', 'recertify'));
  expect(list).toMatchObject({ quarter: '2033-Q1', state: 'open', openedBy: 'operator' });
  expect(list.entries).toHaveLength(list.people);
  expect(await printed('users', 'recertify', 'cleo-1', '--verdict', 'remove')).toMatchObject({
    ...{ id: cleo.id, verdict: 'remove', status: 'disabled', signedBy: 'operator' },
  });
  const other = await called('users', 'recertify', cleo.id, '--verdict', 'keep');
  expect([other.code, other.told]).toEqual([1, expect.stringContaining('another verdict')]);
  expect((await called('users', 'recertify', 'cleo-1')).code).toBe(2);
});

/** What a command that ends well prints, as JSON. */
async function printed(...given: string[]): Promise<unknown> {
  const { code, printed: text, told } = await called(...given, '--json');
  expect([code, told]).toEqual([0, '']);
  return JSON.parse(text);
}

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
