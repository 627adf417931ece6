import { randomUUID } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson } from '../../cli/add-person.ts';
import { deploymentOf } from '../../cli/deployment.ts';
import { operatorOf } from '../../cli/operator.ts';
import { renewTokens, signIn } from '../../examples/plain-client/sign-in.mjs';
import { fail } from '../../local/front-door/faults.ts';
import { CreatedPerson, LiveSessions, RecertificationPage } from '../../protocol/people.ts';
import { RevocationReceipt } from '../../protocol/requests.ts';
import { Role } from '../../protocol/roles.ts';
import { claimsOf } from '../fixtures/attacks/forger.ts';
import { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { askEveryFrame, askEveryRoute } from '../fixtures/every-door.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { found, sinksOf } from '../fixtures/sinks.ts';
import { isSignedByItsKey } from '../fixtures/verify-receipt.ts';

const NEW_PASSWORD = 'A-long-enough-1!';

let run: Run;
let admin: Person;
beforeAll(async () => {
  run = await startRun({ startAt: new Date('2026-11-22T12:00:00Z') });
  admin = await run.person('admin-1', 'administrator');
});
afterAll(() => run.close());

test('a joiner signs in by a temporary password, a new one and MFA; the password stands in the answer and nowhere else', async () => {
  const { status, body } = await ask(admin, 'POST', 'admin/people', {
    username: 'joiner-1',
    roles: ['patient'],
    site: 'north',
  });
  expect([status, body]).toEqual([200, expect.anything()]);
  const { temporaryPassword = '', id } = CreatedPerson.parse(body);
  const again = await ask(admin, 'POST', 'admin/people', {
    username: 'joiner-1',
    roles: ['patient'],
    site: 'north',
  });
  expect(CreatedPerson.parse(again.body)).toEqual({
    id,
    status: 'active',
    roles: ['patient'],
    site: 'north',
  });
  const given = { username: 'joiner-1', newPassword: NEW_PASSWORD };
  // There is no way round: without choosing a password and enrolling there are no tokens.
  await expect(
    signIn(run.deployment, { username: 'joiner-1', password: temporaryPassword }),
  ).rejects.toThrow();
  const tokens = await signIn(run.deployment, { ...given, password: temporaryPassword });
  expect(tokens.totpSecret).toBeDefined();
  const joiner = { id, username: 'joiner-1', password: NEW_PASSWORD, tokens } as Person;
  expect(await ask(joiner, 'GET', 'me')).toMatchObject({ body: { id, roles: ['patient'] } });
  const last = await ask(admin, 'POST', 'admin/people', {
    username: 'joiner-1',
    roles: ['patient'],
    site: 'north',
  });
  expect(CreatedPerson.parse(last.body)).toEqual({ id, status: 'active', roles: ['patient'], site: 'north' });

  const sinks = sinksOf(run);
  const hits = await Promise.all(sinks.map((sink) => found(sink, [temporaryPassword])));
  expect(hits.every((count) => count === 0)).toBe(true);
  await sinks[0]?.plant(temporaryPassword);
  expect(sinks[0] && (await found(sinks[0], [temporaryPassword]))).toBeGreaterThan(0);
});

test('a mover’s changed role holds at the very next frame of an open socket, under the old token, and pushes go by it', async () => {
  const [mover, peer] = [await run.person('mover-1', 'clinician'), await run.person('peer-1', 'clinician')];
  const { body } = await ask(peer, 'POST', 'conversations', {
    ref: randomUUID(),
    kind: 'group',
    members: [mover.id],
  });
  const { conversationId } = body as { conversationId: string };
  const until = new Date(run.stack.clock.now() + 60 * 60_000).toISOString();
  const dated = await ask(peer, 'POST', `conversations/${conversationId}/members`, {
    person: mover.id,
    until,
  });
  expect(dated.status).toBe(200);
  const [movers, peers] = [await opened(mover), await opened(peer)];
  const catchUp = { type: 'conversation.catch-up', conversationId, since: 0 };
  expect(await movers.ask(catchUp)).toMatchObject({ type: 'conversation.log' });

  const changed = await ask(admin, 'POST', `admin/people/${mover.id}/roles`, { roles: ['guest'] });
  expect(changed).toMatchObject({ status: 200, body: { roles: ['guest'], status: 'active' } });
  expect(changed.body).not.toHaveProperty('receipt'); // a guest takes part still: in what they are let into as one
  expect(await movers.ask(catchUp)).toMatchObject({ code: 'not-a-member' });
  expect(await ask(mover, 'GET', 'me')).toMatchObject({ body: { roles: ['guest'] } });
  const said = await peers.ask(message(conversationId, 0));
  expect(said).toMatchObject({ type: 'message.accepted' });
  expect(await movers.ask({ type: 'session.open' })).toMatchObject({ type: 'session.opened' }); // after the push, had there been one
  expect(movers.heard.filter(({ type }) => type === 'message.new')).toEqual([]);

  await ask(admin, 'POST', `admin/people/${mover.id}/roles`, { roles: ['staff'] });
  expect(await movers.ask(catchUp)).toMatchObject({
    type: 'conversation.log',
    entries: [{ seq: 1 }, { seq: 2 }],
  });
  const renewed = claimsOf((await renewTokens(run.deployment, mover.tokens.refreshToken)).accessToken);
  expect(renewed.roles).toBe('staff');
});

test('a leaver’s sockets are closed, every later frame and request, sign-in and renewal is refused, until they are let in again', async () => {
  const leaver = await run.person('leaver-1', 'clinician');
  const silent = await run.socket(leaver); // listed nowhere
  const socket = await opened(leaver);
  await socket.ask({ type: 'session.open', device: 'shared-computer' });
  expect(LiveSessions.parse((await ask(leaver, 'GET', 'me/sessions')).body)).toMatchObject({
    ...{
      person: leaver.id,
      sessions: [
        {
          session: claimsOf(leaver.tokens.accessToken).origin_jti,
          ...{ sockets: 1, device: 'shared-computer' },
        },
      ],
    },
  });

  const pool = run.stack.faults.add({ operation: 'AdminDisableUser', effect: fail() });
  expect((await ask(admin, 'POST', `admin/people/${leaver.id}/disable`, {})).status).toBe(500);
  expect(await socket.closed).toBe(1000); // at our doors it is done all the same
  await expect(signInAgain(leaver)).rejects.toThrow(); // and the trigger gives no token, though the pool would
  pool();
  const { body } = await ask(admin, 'POST', `admin/people/${leaver.id}/disable`, {});
  const receipt = RevocationReceipt.parse(body);
  expect(receipt).toMatchObject({ person: leaver.id, requestedBy: admin.id, refreshTokensEnded: true });
  expect(await isSignedByItsKey(run, receipt)).toBe(true);

  const places = {
    conversationId: 'a'.repeat(26),
    person: admin.id,
    peer: admin.id,
    token: leaver.tokens.accessToken,
  };
  const answers = [...(await askEveryFrame(silent, places)), ...(await askEveryRoute(run, leaver, places))];
  expect(answers.length).toBeGreaterThan(45);
  expect(answers.filter(({ code }) => code !== 'session-ended')).toEqual([]);
  await expect(BareSocket.open(run.deployment.webSocketUrl, leaver.tokens.accessToken)).rejects.toThrow(
    '403',
  );
  await expect(renewTokens(run.deployment, leaver.tokens.refreshToken)).rejects.toMatchObject({
    name: 'NotAuthorizedException',
  });
  await expect(signInAgain(leaver)).rejects.toMatchObject({ name: 'NotAuthorizedException' });

  const enabled = await ask(admin, 'POST', `admin/people/${leaver.id}/enable`, {});
  expect(enabled).toMatchObject({ status: 200, body: { status: 'active', roles: ['clinician'] } });
  expect((await ask(leaver, 'GET', 'me')).body).toMatchObject({ code: 'session-ended' }); // the old sign-in stays ended
  const back = { ...leaver, tokens: { ...leaver.tokens, ...(await signInAgain(leaver)) } };
  expect(await ask(back, 'GET', 'me')).toMatchObject({ body: { roles: ['clinician'] } });
});

test('a quarter’s list holds everybody, is signed off one by one, and shuts out whom somebody removes', async () => {
  const officer = await run.person('officer-1', 'privacy-officer');
  const auditor = await run.person('auditor-1', 'auditor');
  const doomed = await run.person('doomed-1', 'staff');
  const opened = await ask(officer, 'POST', 'admin/recertifications', {});
  expect(opened).toMatchObject({
    status: 200,
    body: { quarter: '2026-Q4', state: 'open', openedBy: officer.id },
  });

  const sign = (by: Person, who: string, verdict: string) =>
    ask(by, 'POST', `admin/recertifications/2026-Q4/people/${who}`, { verdict });
  const page = async () =>
    RecertificationPage.parse((await ask(auditor, 'GET', 'admin/recertifications/2026-Q4')).body);
  const { entries, people } = await page();
  expect(entries.map(({ id }) => id)).toEqual(
    expect.arrayContaining([admin.id, officer.id, auditor.id, doomed.id]),
  );
  expect(entries).toHaveLength(people);

  expect(await sign(officer, doomed.id, 'remove')).toMatchObject({
    status: 200,
    body: { verdict: 'remove', status: 'disabled', receipt: { person: doomed.id } },
  });
  expect((await ask(doomed, 'GET', 'me')).body).toMatchObject({ code: 'session-ended' });
  for (const { id } of entries.filter((one) => one.id !== doomed.id)) {
    expect((await sign(id === officer.id ? admin : officer, id, 'keep')).status).toBe(200);
  }
  expect(await page()).toMatchObject({ state: 'complete', waiting: 0, people });
});

describe('misuse of the administration', () => {
  test('is refused with a code for each role, each route and each rule, and changes nothing', async () => {
    const target = await run.person('target-1', 'clinician');
    const rest = { ...deploymentOf(run.outputs, run.stack.administrator) };
    const operator = operatorOf(rest);
    const southern = await addPerson(operator, 'southern-1', ['administrator'], { site: 'south' });
    const south = await enrolled('southern-1', southern.temporaryPassword ?? '', southern.id);
    const officer = await run.person('officer-2', 'privacy-officer');
    const roleless = Role.options.filter((role) => role !== 'administrator' && role !== 'privacy-officer');
    const others = await Promise.all(roleless.map((role) => run.person(`other-${role}`, role)));
    await ask(officer, 'POST', 'admin/recertifications', {});
    const before = await peopleTable();
    const calls = () =>
      run.stack.trail
        .events()
        .filter(({ eventName }) => /^Admin(Create|Set|Disable|Enable|User)/.test(eventName)).length;
    const made = calls();

    const roles = (who: string, wanted: readonly string[], more = {}) =>
      ['POST', `admin/people/${who}/roles`, { roles: wanted, ...more }] as const;
    const create = (wanted: readonly string[], more = {}) =>
      ['POST', 'admin/people', { username: 'nobody-9', roles: wanted, ...more }] as const;
    const act = (who: string, what: string) => ['POST', `admin/people/${who}/${what}`, {}] as const;
    const signed = (who: string, verdict = 'keep') =>
      ['POST', `admin/recertifications/2026-Q4/people/${who}`, { verdict }] as const;
    const list = ['POST', 'admin/recertifications', {}] as const;
    const nobody = 'z'.repeat(26);
    const every = [
      create(['patient']),
      roles(target.id, ['staff']),
      act(target.id, 'disable'),
      act(target.id, 'enable'),
      ['GET', `admin/people/${target.id}/sessions`, undefined] as const,
      signed(target.id),
      list,
    ];
    type Asked = readonly [string, string, unknown];
    const misuses: readonly (readonly [by: Person, asked: Asked, code: string])[] = [
      ...others.flatMap((one) => every.map((asked) => [one, asked, 'not-allowed'] as const)),
      ...[create(['patient']), roles(target.id, ['staff']), act(target.id, 'enable')].map(
        (asked) => [officer, asked, 'not-allowed'] as const,
      ),
      ...['administrator', 'privacy-officer', 'auditor'].flatMap((office) => [
        [admin, create([office]), 'operator-only'] as const,
        [admin, roles(target.id, [office]), 'operator-only'] as const,
        [admin, roles(target.id, ['clinician', office]), 'roles-apart'] as const,
      ]),
      [admin, roles(admin.id, ['clinician']), 'not-allowed'],
      [admin, act(admin.id, 'disable'), 'not-allowed'],
      [admin, signed(admin.id), 'not-allowed'],
      [admin, roles(officer.id, ['clinician']), 'operator-only'],
      [admin, act(officer.id, 'disable'), 'operator-only'],
      [admin, signed(officer.id, 'remove'), 'operator-only'],
      [admin, roles(nobody, ['staff']), 'unknown-person'],
      [admin, act(nobody, 'disable'), 'unknown-person'],
      [admin, act(nobody, 'enable'), 'unknown-person'],
      [admin, ['GET', `admin/people/${nobody}/sessions`, undefined], 'unknown-person'],
      [admin, signed(nobody), 'unknown-person'],
      ...every.slice(1).map((asked) => [south, asked, 'not-allowed'] as const),
      [south, roles(nobody, ['staff']), 'not-allowed'],
      [south, create(['patient']), 'not-allowed'],
      [south, create(['patient'], { site: 'north' }), 'not-allowed'],
      [admin, create(['caregiver'], { actsFor: [target.id] }), 'unknown-person'],
      [admin, ['POST', 'admin/people', { username: 'officer-2', roles: ['staff'] }], 'username-taken'],
      [
        admin,
        ['POST', 'admin/people', { username: 'target-1', roles: ['clinician'], site: 'x' }],
        'username-taken',
      ],
      [
        admin,
        ['POST', 'admin/people', { username: 'a.person@clinic.example', roles: ['patient'] }],
        'malformed',
      ],
      [admin, create(['patient'], { actsFor: [target.id] }), 'malformed'],
      [admin, create([]), 'malformed'],
      [admin, create(['superuser']), 'malformed'],
      [admin, ['POST', 'admin/recertifications/2026-Q3/people/a', { verdict: 'keep' }], 'malformed'],
      [admin, ['GET', 'admin/recertifications/2020-Q1', undefined], 'not-opened'],
    ];
    const wrong: unknown[] = [];
    for (const [by, [method, path, body], code] of misuses) {
      const answer = await ask(by, method, path, body);
      const isClear =
        (answer.body as { code?: string }).code === code && answer.status >= 400 && answer.status < 500;
      if (!isClear) wrong.push([by.username, method, path, body, answer]);
    }
    expect(wrong).toEqual([]);
    report('administration misused', { refused: { found: misuses.length, of: misuses.length } });
    expect(misuses.length).toBeGreaterThan(80);
    expect(await peopleTable()).toEqual(before);
    expect(calls()).toBe(made);
    expect((await ask(target, 'GET', 'me')).body).toMatchObject({ roles: ['clinician'] });
    expect(await ask(admin, 'POST', `admin/people/${target.id}/roles`, { roles: ['staff'] })).toMatchObject({
      status: 200, // who may, can
    });
  });
});

function ask(by: Person, method: string, path: string, body?: unknown) {
  return run.request(by, method, path, body);
}

async function opened(person: Person): Promise<BareSocket> {
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return socket;
}

function message(conversationId: string, since: number) {
  const body = { kind: 'text', text: 'good morning' };
  return { type: 'message.send', ref: randomUUID(), conversationId, since, body };
}

async function signInAgain({ username, password, tokens }: Person) {
  run.stack.clock.advance(30_000); // a code is good once
  return signIn(run.deployment, { username, password, totpSecret: tokens.totpSecret });
}

async function enrolled(username: string, password: string, id: string): Promise<Person> {
  const tokens = await signIn(run.deployment, { username, password, newPassword: NEW_PASSWORD });
  return { id, username, password: NEW_PASSWORD, tokens } as Person;
}

/** Every item of the People table, in an order. */
async function peopleTable(): Promise<string[]> {
  const { awsEndpointUrl: endpoint, administrator: credentials, resources } = run.stack;
  const table = resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && /^People/.test(logicalId),
  );
  const client = new DynamoDBClient({ endpoint, credentials, region: run.deployment.region });
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table?.ref, ConsistentRead: true }));
  client.destroy();
  return Items.map((item) => JSON.stringify(item)).sort();
}
