import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renewTokens } from '../../examples/plain-client/sign-in.mjs';
import { fail } from '../../local/front-door/faults.ts';
import { RevocationReceipt } from '../../protocol/requests.ts';
import { claimsOf } from '../fixtures/attacks/forger.ts';
import { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { isSignedByItsKey } from '../fixtures/verify-receipt.ts';
import {
  inTurn,
  LASTS_AT_MOST_MS,
  message,
  probe,
  RENEWED_EVERY,
  renewed,
  slowest,
  spread,
  TRIALS,
  talk,
  tooLate,
} from './under-traffic.ts';

let run: Run;
let admin: Person;
let ben: Person;
beforeAll(async () => {
  run = await startRun();
  admin = await run.person('admin-1', 'administrator');
  ben = await run.person('ben-1', 'clinician');
});
afterAll(() => run.close());

describe('ending all of a person’s sign-ins', () => {
  test(
    'stops them within a second under traffic, although tokens are valid and renewed meanwhile',
    async () => {
      const plain = probe(run, () => ben);
      const trials = await inTurn(TRIALS, trial);
      const plainProbes = await plain.stop();
      const stopped = trials.warm.map(({ asked, refusedMs, closedMs }) => {
        const ms = Math.max(refusedMs, closedMs);
        return { ms, plainMs: slowest(plainProbes, asked, ms) };
      });

      type Trial = (typeof trials.all)[number];
      const all = <T>(pick: (one: Trial) => T) => trials.all.map(pick);
      const warm = <T>(pick: (one: Trial) => T) => trials.warm.map(pick);
      const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
      report('revocation', {
        trials: TRIALS,
        'of these cold, told apart': trials.cold.length,
        'request to first refusal when cold, ms': Math.round(trials.cold[0]?.refusedMs ?? Number.NaN),
        'sockets closed': { found: sum(all(({ closed }) => closed)), of: 3 * TRIALS },
        'sockets told': { found: sum(all(({ told }) => told)), of: 3 * TRIALS },
        'frames delivered after the receipt': {
          found: sum(all(({ late }) => late)),
          of: sum(all(({ heard }) => heard)),
        },
        'requests and frames allowed after the receipt': {
          found: sum(all(({ allowedLate }) => allowedLate)),
          of: sum(all(({ askedLate }) => askedLate)),
        },
        'request to first refusal, ms': spread(warm(({ refusedMs }) => refusedMs)),
        'request to last socket closed, ms': spread(warm(({ closedMs }) => closedMs)),
        'request to receipt, ms': spread(warm(({ receiptMs }) => receiptMs)),
        'latency that the receipt tells, ms': spread(warm(({ latencyMs }) => latencyMs)),
        'slowest plain request meanwhile, ms': spread(stopped.map(({ plainMs }) => plainMs)),
      });
      expect(sum(all(({ heard }) => heard))).toBeGreaterThan(5 * TRIALS); // or there was no traffic
      expect(sum(all(({ late }) => late))).toBe(0);
      expect(sum(all(({ allowedLate }) => allowedLate))).toBe(0);
      expect(sum(all(({ closed }) => closed))).toBe(3 * TRIALS);
      expect(sum(all(({ told }) => told))).toBeGreaterThan(2 * TRIALS); // each, but who takes the frame too slowly
      expect(tooLate(stopped)).toEqual([]);
    },
    LASTS_AT_MOST_MS,
  );

  test('is done as far as it goes where a part of AWS fails, says so, and does the rest when asked again', async () => {
    const dan = await run.person('dan-1', 'patient');
    const socket = await opened(dan);
    const off = [
      run.stack.faults.add({ service: 'execute-api', operation: 'DeleteConnection', effect: fail() }),
      run.stack.faults.add({ service: 'cognito-idp', operation: 'AdminUserGlobalSignOut', effect: fail() }),
    ];
    const first = await revoked(admin, { person: dan.id });
    expect(first).toMatchObject({ socketsClosed: 0, socketsLeftOpen: 1, refreshTokensEnded: false });
    expect(await isSignedByItsKey(run, first)).toBe(true);
    expect(await socket.ask({ type: 'session.open' })).toMatchObject({ code: 'session-ended' });
    run.stack.clock.advance(5_000); // Cognito still makes tokens, and they are newer than the stamp
    const tokens = { ...dan.tokens, ...(await renewTokens(run.deployment, dan.tokens.refreshToken)) };
    const renewed = await run.request({ ...dan, tokens }, 'GET', 'me');
    expect(renewed).toMatchObject({ status: 401, body: { code: 'session-ended' } });
    await expect(BareSocket.open(run.deployment.webSocketUrl, tokens.accessToken)).rejects.toThrow('403');
    for (const stop of off) stop();

    const unsigned = run.stack.faults.add({ service: 'kms', operation: 'Sign', effect: fail() });
    const { status, body } = await run.request(admin, 'POST', 'admin/revocations', { person: dan.id });
    expect([status, body]).toEqual([500, { message: 'Internal Server Error' }]);
    expect(await socket.closed).toBe(1000);
    unsigned();
    const last = await revoked(admin, { person: dan.id });
    expect(last).toMatchObject({ socketsClosed: 0, socketsLeftOpen: 0, refreshTokensEnded: true });
  });
});

test('nobody ends another’s sign-ins without the office, and nothing has changed where somebody tried', async () => {
  const [fay, gus] = [await run.person('fay-1', 'patient'), await run.person('gus-1', 'auditor')];
  const socket = await opened(fay);
  const before = await sessionItem(fay);
  const made = callsThatEnd().length;
  const session = String(claimsOf(fay.tokens.accessToken).origin_jti);
  for (const wish of [{ person: fay.id }, { person: fay.id, session }, { person: 'z'.repeat(26) }]) {
    const { status, body } = await run.request(gus, 'POST', 'admin/revocations', wish);
    expect([status, body]).toMatchObject([403, { code: 'not-allowed', retryable: false }]);
  }
  const nobody = await run.request(admin, 'POST', 'admin/revocations', { person: 'z'.repeat(26) });
  expect(nobody).toMatchObject({ status: 422, body: { code: 'unknown-person' } });
  expect(await sessionItem(fay)).toEqual(before);
  expect(callsThatEnd()).toHaveLength(made);
  expect(await socket.ask({ type: 'session.open' })).toMatchObject({ type: 'session.opened' });

  expect(await revoked(fay, { person: fay.id })).toMatchObject({ requestedBy: fay.id, socketsClosed: 1 });
  expect(callsThatEnd().length).toBeGreaterThan(made); // or nothing above would have been seen
  expect(await socket.closed).toBe(1000);
  expect(await run.request(fay, 'GET', 'me')).toMatchObject({ status: 401, body: { code: 'session-ended' } });
  const officer = await run.person('officer-1', 'privacy-officer');
  expect(await revoked(officer, { person: gus.id })).toMatchObject({ requestedBy: officer.id });
});

/** One person with three sockets in the middle of a conversation is signed out by the administrator. */
async function trial(nth: number) {
  if (nth % RENEWED_EVERY === 0) [admin, ben] = [await renewed(run, admin), await renewed(run, ben)];
  const victim = await run.person(`victim-${nth}`, 'patient');
  const proposal = { ref: randomUUID(), kind: 'direct', members: [ben.id] };
  const { body } = await run.request(victim, 'POST', 'conversations', proposal);
  const { conversationId } = body as { conversationId: string };
  const sockets = await Promise.all([opened(victim), opened(victim), opened(victim)]);
  const bens = await opened(ben);
  const [first, second] = sockets;
  const talks = [bens, first, second].map((socket) => talk(socket, conversationId));
  await expect.poll(() => sockets.every(({ heard }) => heard.filter(isNews).length > 1)).toBe(true);

  const asked = performance.now();
  let closedMs = 0;
  const closings = sockets.map(({ closed }) => closed.then(() => (closedMs = performance.now() - asked)));
  const renewing = renewTokens(run.deployment, victim.tokens.refreshToken).catch(() => undefined);
  const probing = probe(run, () => victim);
  const receipt = await revoked(admin, { person: victim.id });
  const receiptMs = performance.now() - asked;
  const before = sockets.map(({ heard }) => heard.length);
  const newer = await renewing;
  const tokens = [victim.tokens.accessToken, ...(newer ? [newer.accessToken] : [])];
  const late = await Promise.all(
    tokens.map((accessToken) =>
      run.request({ ...victim, tokens: { ...victim.tokens, accessToken } }, 'GET', 'conversations'),
    ),
  );
  const probes = await probing.stop(3);
  const open = () => sockets.filter((socket) => socket.open).length;
  await expect.poll(open, { timeout: 10_000, message: 'sockets of the revoked stay open' }).toBe(0);
  await Promise.all(closings);
  const said = await bens.ask(message(conversationId, 0), ({ type }) => type === 'message.accepted');
  expect(said).toMatchObject({ type: 'message.accepted' }); // there was something to hear still
  bens.close();
  await Promise.all(talks);
  await expect(renewTokens(run.deployment, (newer ?? victim.tokens).refreshToken)).rejects.toMatchObject({
    name: 'NotAuthorizedException',
  });

  const isAfter = ({ at }: Record<string, unknown>) => Date.parse(String(at)) > Date.parse(receipt.revokedAt);
  const heardLate = sockets.flatMap(({ heard }, place) =>
    heard.filter((frame, index) => index >= (before[place] ?? 0) || isAfter(frame)),
  );
  const asks = [...late, ...probes.filter(({ startedAt }) => startedAt > asked + receiptMs)];
  const firstRefusal = probes.find(({ status }) => status === 401);
  return {
    heard: sockets.reduce((total, { heard }) => total + heard.length, 0),
    late: heardLate.length,
    told: sockets.filter(({ heard }) => heard.some(({ type }) => type === 'session.ended')).length,
    closed: receipt.socketsClosed,
    askedLate: asks.length,
    allowedLate: asks.filter(({ status }) => status !== 401).length,
    refusedMs: (firstRefusal?.answeredAt ?? Number.POSITIVE_INFINITY) - asked,
    ...{ asked, closedMs, receiptMs, latencyMs: receipt.latencyMs },
  };
}

function isNews({ type }: Readonly<Record<string, unknown>>): boolean {
  return type === 'message.new';
}

async function opened(person: Person): Promise<BareSocket> {
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return socket;
}

async function revoked(by: Person, wish: object): Promise<RevocationReceipt> {
  const { status, body } = await run.request(by, 'POST', 'admin/revocations', wish);
  expect([status, body]).toEqual([200, expect.anything()]);
  return RevocationReceipt.parse(body);
}

/** What the door has done to sockets, refresh tokens and receipts; what runs by the hour signs and deletes too. */
function callsThatEnd() {
  return run.stack.trail
    .events()
    .filter(
      ({ eventName, userIdentity }) =>
        /^(Delete|Admin.*SignOut|Sign$)/.test(eventName) &&
        String(userIdentity.arn).includes('RevokeSession'),
    );
}

async function sessionItem(person: Person): Promise<unknown> {
  const { awsEndpointUrl: endpoint, administrator: credentials, resources } = run.stack;
  const table = resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && /^Session/.test(logicalId),
  );
  const client = new DynamoDBClient({ endpoint, credentials, region: run.deployment.region });
  const Key = { pk: { S: `P#${person.id}` } };
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table?.ref, Key, ConsistentRead: true }),
  );
  client.destroy();
  return Item;
}
