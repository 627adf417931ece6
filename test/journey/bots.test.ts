import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateUserPoolClientCommand } from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { main } from '../../cli/main.ts';
import { LiveSessions } from '../../protocol/people.ts';
import { RevocationReceipt } from '../../protocol/requests.ts';
import { claimsOf, Forger, poolKeysIn } from '../fixtures/attacks/forger.ts';
import { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { httpRoutes } from '../fixtures/every-door.ts';
import { handshake, statusOf } from '../fixtures/handshake.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { isSignedByItsKey } from '../fixtures/verify-receipt.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What the operator's command writes for whoever runs the bot. */
const Secret = z.strictObject({
  tokenUrl: z.url(),
  scope: z.literal('wardline/bot'),
  clientId: z.string(),
  clientSecret: z.string().min(40),
  person: z.string(),
});
type Secret = z.infer<typeof Secret>;

let run: Run;
let ana: Person;
let admin: Person;
const directory = mkdtempSync(join(tmpdir(), 'bots-'));
const outputs = join(directory, 'outputs.json');
beforeAll(async () => {
  run = await startRun({ dataDirectory: directory });
  writeFileSync(outputs, JSON.stringify(run.outputs));
  writeFileSync(join(directory, 'credentials.json'), JSON.stringify(run.stack.administrator));
  ana = await run.person('ana-1', 'clinician');
  admin = await run.person('admin-1', 'administrator');
});
afterAll(async () => {
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A bot as the operator makes it, with its secret. */
async function aBot(): Promise<Secret> {
  const file = join(directory, `secret-${randomUUID()}.json`);
  const { printed } = await called('add', '--out', file);
  const secret = Secret.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(printed).not.toContain(secret.clientSecret);
  return secret;
}

/** The answer of the token endpoint: a token, or the error. */
async function tokenOf({ tokenUrl, clientId, clientSecret, scope }: Secret): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope });
  const answer = await fetch(tokenUrl, { method: 'POST', headers: { authorization }, body });
  const { access_token, error } = (await answer.json()) as { access_token?: string; error?: string };
  return access_token ?? String(error);
}

async function connected(secret: Secret): Promise<BareSocket> {
  const socket = await BareSocket.open(run.deployment.webSocketUrl, await tokenOf(secret));
  onTestFinished(() => socket.close());
  await socket.ask({ type: 'session.open', device: 'server' }, ({ type }) => type === 'session.opened');
  return socket;
}

/** A group of ana's with these. */
async function aGroup(...members: string[]): Promise<string> {
  const { body } = await run.request(ana, 'POST', 'conversations', {
    ...{ ref: randomUUID(), kind: 'group' },
    ...{
      members:
        members.length > 0 ? members : [(await run.person(`other-${randomUUID().slice(0, 8)}`, 'staff')).id],
    },
  });
  return (body as { conversationId: string }).conversationId;
}

const sending = (conversationId: string, since = 0) => ({
  ...{ type: 'message.send', ref: randomUUID(), conversationId, since },
  body: { kind: 'text', text: 'three results are in' },
});
const said = ({ type }: Readonly<Record<string, unknown>>) => type !== 'message.new';

test('a bot sends and reads where it is a member, over its socket, and is refused everywhere else', async () => {
  const secret = await aBot();
  const [its, another] = [await aGroup(secret.person), await aGroup()];
  const socket = await connected(secret);
  const anas = await run.socket(ana);
  await anas.ask({ type: 'session.open' });

  expect(await socket.ask(sending(its), said)).toMatchObject({ type: 'message.accepted', seq: 1 });
  await expect.poll(() => anas.heard.at(-1)).toMatchObject({ type: 'message.new', sender: secret.person });
  await anas.ask(sending(its, 1), ({ type }) => type === 'message.accepted');
  await expect.poll(() => socket.heard.at(-1)).toMatchObject({ type: 'message.new', seq: 2, sender: ana.id });
  const read = (conversationId: string) =>
    socket.ask({ type: 'conversation.catch-up', conversationId, since: 0 }, said);
  expect(await read(its)).toMatchObject({ type: 'conversation.log', upTo: 2 });
  const synced = await socket.ask({ type: 'sync', cursors: { [another]: 0 } }, said);
  expect(synced).toMatchObject({ type: 'synced', gone: [another], unknown: [{ conversationId: its }] });

  for (const frame of [
    sending(another),
    { type: 'conversation.catch-up', conversationId: another, since: 0 },
    { type: 'conversation.mark-read', conversationId: another, upTo: 0 },
  ]) {
    expect(await socket.ask(frame, said)).toMatchObject({ type: 'refused', code: 'not-a-member' });
  }
  const token = await tokenOf(secret);
  const routes = httpRoutes(run.stack);
  expect(routes.length).toBeGreaterThan(20);
  for (const route of routes) expect([route, await statusOf(run, token, route)]).toEqual([route, 401]);

  const path = `conversations/${its}/members/${secret.person}`;
  expect((await run.request(ana, 'DELETE', path)).status).toBe(200);
  expect(await socket.ask(sending(its, 3), said)).toMatchObject({ type: 'refused', code: 'not-a-member' });
});

test('a bot’s token is revoked like a person’s: closed and refused at once though it lives, by a signed receipt', async () => {
  const secret = await aBot();
  const token = await tokenOf(secret);
  const socket = await connected(secret);
  const listed = await run.request(admin, 'GET', `admin/people/${secret.person}/sessions`);
  const { sessions } = LiveSessions.parse(listed.body);
  expect(sessions).toMatchObject([{ sockets: 1, device: 'server', session: claimsOf(token).bot_session }]);

  const answer = await run.request(admin, 'POST', 'admin/revocations', { person: secret.person });
  const receipt = RevocationReceipt.parse(answer.body);
  expect(receipt).toMatchObject({ person: secret.person, socketsClosed: 1, refreshTokensEnded: true });
  expect(receipt.latencyMs).toBeLessThan(1_000);
  expect(receipt.lastFrameAt).toBeDefined();
  expect(await isSignedByItsKey(run, receipt)).toBe(true);
  expect(await socket.closed).toBe(1000);
  expect(Number(claimsOf(token).exp) * 1000).toBeGreaterThan(run.stack.clock.now());
  expect(await handshake(run, token)).toBe(403);

  expect((await run.request(admin, 'POST', `admin/people/${secret.person}/disable`, {})).status).toBe(200);
  run.stack.clock.advance(2_000);
  expect(await tokenOf(secret)).toBe('invalid_grant');
});

test('a second client works beside the first until its end, which its sockets keep too; an ended one gets no token', async () => {
  const old = await aBot();
  const file = join(directory, 'rotated.json');
  const its = await aGroup(old.person);
  const early = await connected(old);
  await called('rotate', old.person, '--old-ends-in', '60', '--out', file);
  const next = Secret.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(next.person).toBe(old.person);
  const [one, two] = [await connected(old), await connected(next)];
  for (const [since, socket] of [early, one, two].entries())
    expect(await socket.ask(sending(its, since), said)).toMatchObject({ type: 'message.accepted' });

  const third = await called('rotate', old.person, '--out', join(directory, 'third.json'));
  expect([third.code, third.told]).toEqual([1, expect.stringContaining('two clients already')]);

  run.stack.clock.advance(HOUR - 5 * MINUTE);
  const late = await connected(old); // its token would live for another quarter of an hour
  run.stack.clock.advance(5 * MINUTE);
  expect(await tokenOf(old)).toBe('invalid_grant');
  expect(await late.ask(sending(its), said)).toMatchObject({ type: 'refused', code: 'session-expired' });
  const now = await connected(next);
  expect(await now.ask(sending(its, 3), said)).toMatchObject({ type: 'message.accepted' });

  const { printed } = await called('end', old.person, '--client', next.clientId);
  const [receipt] = z.array(RevocationReceipt).parse(JSON.parse(printed));
  expect(receipt).toMatchObject({ person: next.person, requestedBy: 'operator', socketsClosed: 1 });
  expect(await now.closed).toBe(1000);
  expect(await tokenOf(next)).toBe('invalid_client'); // the pool knows it no more
});

test('a forged or foreign client’s token opens nothing, and its twin does', async () => {
  const secret = await aBot();
  const genuine = await tokenOf(secret);
  const forger = new Forger(poolKeysIn(join(directory, 'cognito.json')), genuine);
  expect(await handshake(run, forger.make())).toBe('opened');
  const now = Math.floor(run.stack.clock.now() / 1000);
  const forgeries: Record<string, object> = {
    'a person’s scope': { scope: 'wardline/user' },
    'no scope': { scope: undefined },
    'another role': { roles: 'clinician' },
    'one role more': { roles: 'bot clinician' },
    'no client’s own session': { bot_session: undefined },
    'a sign-in beside it': { origin_jti: randomUUID() },
    'another audience': { aud: run.deployment.userPoolClientId },
    'issued in an hour': { iat: now + 3600 },
    expired: { exp: now - 1 },
    'an ended client': { bot_until: String(now - 1) },
    nobody: { person: undefined },
    'an ID token': { token_use: 'id' },
  };
  for (const [what, claims] of Object.entries(forgeries))
    expect([what, await handshake(run, forger.make({ claims }))]).toEqual([what, 403]);

  // A client that nobody gave a bot, in the same pool, with the same scope.
  const { UserPoolClient } = await run.operator.pool.send(
    new CreateUserPoolClientCommand({
      ...{ UserPoolId: run.deployment.userPoolId, ClientName: 'foreign', GenerateSecret: true },
      ...{ AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['client_credentials'] },
      AllowedOAuthScopes: ['wardline/bot'],
    }),
  );
  const foreign = {
    clientId: UserPoolClient?.ClientId ?? '',
    clientSecret: UserPoolClient?.ClientSecret ?? '',
  };
  expect(await tokenOf({ ...secret, ...foreign })).toBe('invalid_grant');
  expect(await tokenOf({ ...secret, clientSecret: 'guessed' })).toBe('invalid_client');
  expect(await tokenOf({ ...secret, scope: 'wardline/user' as 'wardline/bot' })).toBe('invalid_scope');
});

let heard = { log: '', error: '' };
beforeEach(() => {
  const spies = (['log', 'error'] as const).map((kind) =>
    vi.spyOn(console, kind).mockImplementation((text: unknown) => {
      heard[kind] += `${text}\n`;
    }),
  );
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  });
});

/** Runs `wardline users bot …`: what it printed, what it told beside, and its exit code. */
async function called(...given: string[]) {
  heard = { log: '', error: '' };
  process.exitCode = undefined;
  const code = await main(['users', 'bot', ...given, '--json', '--outputs', outputs]);
  return { code, printed: heard.log, told: heard.error };
}
