import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renewTokens } from '../../examples/plain-client/sign-in.mjs';
import { keys } from '../../functions/store/keys.ts';
import { clientFrames } from '../../protocol/frames.ts';
import { claimsOf } from '../fixtures/attacks/forger.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { askEveryFrame, askEveryRoute, httpRoutes, routeKeys } from '../fixtures/every-door.ts';
import { handshake } from '../fixtures/handshake.ts';
import { idTokenOf } from '../fixtures/id-token.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';

const MINUTE = 60_000;

let run: Run;
let cleo: Person;

beforeAll(async () => {
  run = await startRun();
  cleo = await run.person('cleo-1', 'patient');
});
afterAll(() => run.close());

describe('signing in', () => {
  test('is renewed by a refresh token that is replaced each time, the old one refused after its grace', async () => {
    const { refreshToken } = cleo.tokens;
    const next = await renewTokens(run.deployment, refreshToken);
    expect(next.refreshToken).not.toBe(refreshToken);
    expect(claimsOf(next.accessToken).origin_jti).toBe(claimsOf(cleo.tokens.accessToken).origin_jti);
    await renewTokens(run.deployment, refreshToken); // the reply was lost: once more within the grace
    run.stack.clock.advance(MINUTE + 1);
    await expect(renewTokens(run.deployment, refreshToken)).rejects.toMatchObject({
      name: 'RefreshTokenReuseException',
    });
    await renewTokens(run.deployment, next.refreshToken);
  });
});

describe('a session', () => {
  test('is extended by a newer token of its own person and sign-in, and by no other', async () => {
    const [person, other] = [await run.person('dora-1', 'patient'), await run.person('emil-1', 'patient')];
    const socket = await run.socket(person);
    run.stack.clock.advance(1000); // or the newer token expires in the same second
    const renewed = await renewTokens(run.deployment, person.tokens.refreshToken);
    const another = await signInAgain(run, person);
    const renew = (token: string) => socket.ask({ type: 'session.renew', token });
    for (const token of [
      other.tokens.accessToken,
      another.tokens.accessToken,
      await idTokenOf(run, other),
      `${renewed.accessToken.slice(0, -4)}AAAA`,
      'a',
    ]) {
      expect(await renew(token)).toMatchObject({ type: 'refused', code: 'token-invalid', retryable: false });
    }
    const opened = await socket.ask({ type: 'session.open' });
    expect(opened.expiresAt).toBe(expiryOf(person.tokens.accessToken));
    expect(await renew(renewed.accessToken)).toEqual({
      type: 'session.renewed',
      expiresAt: expiryOf(renewed.accessToken),
    });
    expect((await socket.ask({ type: 'session.open' })).expiresAt).toBe(expiryOf(renewed.accessToken));
  });

  test('expires with its token: every frame is refused then, a renewed socket stays', async () => {
    const [person, peer] = [await run.person('fay-1', 'patient'), await run.person('gus-1', 'patient')];
    const [stale, kept] = [await run.socket(person), await run.socket(person)];
    const places = await placesOf(person, peer);
    run.stack.clock.advance(5 * MINUTE);
    const renewed = await renewTokens(run.deployment, person.tokens.refreshToken);
    await kept.ask({ type: 'session.renew', token: renewed.accessToken });
    await stale.ask({ type: 'session.open' }); // API Gateway closes what is idle for ten minutes
    run.stack.clock.advance(9 * MINUTE);
    await Promise.all([stale, kept].map((socket) => socket.ask({ type: 'session.keep' }))); // or they are signed out
    run.stack.clock.advance(MINUTE);

    const frames = await askEveryFrame(stale, { ...places, token: renewed.accessToken });
    expect(frames.filter(({ code }) => code !== 'session-expired')).toEqual([]);
    const routes = await askEveryRoute(run, person, places);
    expect(routes.filter(({ status }) => status !== 401)).toEqual([]);
    expect(await handshake(run, person.tokens.accessToken)).toBe(403);
    expect(await kept.ask({ type: 'session.open' })).toMatchObject({ type: 'session.opened' });
  });

  test('that was revoked opens nothing: no frame, no route, no handshake, no push, until a new sign-in', async () => {
    const [person, peer] = [await run.person('hal-1', 'patient'), await run.person('ida-1', 'patient')];
    const [socket, peers] = [await run.socket(person), await run.socket(peer)];
    const { accessToken } = person.tokens;
    const places = { ...(await placesOf(person, peer)), token: accessToken };

    const open = [await askEveryFrame(socket, places), await askEveryRoute(run, person, places)];
    expect(new Set(routeKeys(run.stack).filter((key) => !/[ $]/.test(key)))).toEqual(
      new Set(Object.keys(clientFrames)),
    );
    expect(open.flat().filter(({ code }) => code === 'session-ended')).toEqual([]);
    const taken = open.flat().filter(({ code }) => code !== 'malformed' && code !== 'unknown-type');
    expect(taken).toHaveLength(Object.keys(clientFrames).length + httpRoutes(run.stack).length);
    const codes = new Set(taken.map(({ code }) => code));
    expect(codes).toEqual(new Set([undefined, 'not-allowed', 'unknown-attachment', 'unknown-amendment'])); // a patient at an officer's route, and no file

    await revoke(person);
    const refused = [await askEveryFrame(socket, places), await askEveryRoute(run, person, places)];
    expect(refused.flat().filter(({ code }) => code !== 'session-ended')).toEqual([]);
    expect(refused[1]?.filter(({ status }) => status !== 401)).toEqual([]);
    expect(await handshake(run, accessToken)).toBe(403);

    const again = await signInAgain(run, person);
    const fresh = await run.socket(again);
    await fresh.ask({ type: 'session.open' });
    const before = socket.heard.length;
    await say(peers, places.conversationId);
    await say(fresh, places.conversationId);
    for (const by of [peers, fresh]) {
      await expect.poll(() => by.heard.filter(({ type }) => type === 'message.new')).not.toEqual([]);
    }
    await socket.ask({ type: 'session.renew', token: again.tokens.accessToken });
    expect(socket.heard.slice(before)).toEqual([expect.objectContaining({ code: 'session-ended' })]);
  });
});

function say(socket: BareSocket, conversationId: string) {
  const body = { kind: 'text', text: 'to whom it may concern' };
  const frame = { type: 'message.send', ref: crypto.randomUUID(), conversationId, since: 0, body };
  return socket.ask(frame, ({ type }) => type === 'message.accepted');
}

/** A conversation of the two, and the ids that requests to every door need. */
async function placesOf(person: Person, peer: Person) {
  const proposal = { ref: crypto.randomUUID(), kind: 'group', members: [peer.id] };
  const { body } = await run.request(person, 'POST', 'conversations', proposal);
  const { conversationId } = body as { conversationId: string };
  return { conversationId, person: cleo.id, peer: peer.id, token: person.tokens.accessToken };
}

/** What the operator's command does to end somebody's sessions, at its heart. */
async function revoke(person: Person): Promise<void> {
  const { awsEndpointUrl: endpoint, administrator: credentials, resources, clock } = run.stack;
  const table = resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && /^Session/.test(logicalId),
  );
  const client = new DynamoDBClient({ endpoint, credentials, region: run.deployment.region });
  await DynamoDBDocumentClient.from(client).send(
    new UpdateCommand({
      TableName: table?.ref,
      Key: keys.session(person.id),
      UpdateExpression: 'SET revokedUntil = :now',
      ExpressionAttributeValues: { ':now': clock.now() },
    }),
  );
}

function expiryOf(token: string): string {
  return new Date(claimsOf(token).exp * 1000).toISOString();
}
