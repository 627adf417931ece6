import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFrames, Refused } from '../../../protocol/frames.ts';
import { ErrorBody } from '../../../protocol/requests.ts';
import { namedFrames } from '../../fixtures/bad-frames.ts';
import type { BareSocket } from '../../fixtures/bare-socket.ts';
import { brokenObject, brokenText, MARKER, textOf } from '../../fixtures/broken-json.ts';
import { framesOf, requestsOf, wrongPaths, wrongQueries } from '../../fixtures/broken-requests.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { writtenRoutes } from '../../fixtures/every-door.ts';
import { type Bystanders, expectHarmless } from '../../fixtures/harmless.ts';
import { type RawAnswer, rawRequest } from '../../fixtures/raw-wire.ts';
import { type Anywhere, anyDeployment } from '../../fixtures/running.ts';

let run: Anywhere;
let ana: Person;
let ben: Person;
let cleo: Person;
let attacker: BareSocket;
let conversationId: string;
let bystanders: Bystanders;

beforeAll(async () => {
  run = await anyDeployment();
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'patient');
  cleo = await run.person('cleo-1', 'patient');
  conversationId = await group(ana, ben);
  attacker = await run.socket(ana);
  const sockets = [await run.socket(ben), await run.socket(cleo)] as const;
  bystanders = { sockets, conversationId: await group(ben, cleo) };
  for (const socket of [attacker, ...sockets]) await socket.ask({ type: 'session.open' });
});
afterAll(() => run.close());

const harmless = (batch: () => Promise<void>) => expectHarmless(run, bystanders, batch);

/**
 * What was not tried by then is left to the next run; what is not answered at all is a failure. API Gateway itself answers
 * after 29 s at the latest (its quotas, "Integration timeout").
 */
const corpus = () => ({
  numRuns: 1_000,
  plugins: [fc.interruptAfterTimeLimit(6_000), fc.timeout(run.stack ? 5_000 : 30_000)],
});

describe('bad frames', () => {
  test('are refused, whatever is broken about a good one, and store nothing', async () => {
    for (const { fields } of framesOf(conversationId)) {
      expect(await codeOf(textOf(fields))).not.toBe('malformed');
    }
    const frames = framesOf(conversationId); // under another ref: what slipped through would be stored
    expect(frames.map(({ type }) => type)).toEqual(Object.keys(clientFrames));

    let tried = 0;
    let last: Promise<unknown> = Promise.resolve();
    const broken = fc.oneof(...frames.map(({ fields }) => brokenObject(fields)));
    await harmless(async () => {
      await fc.assert(
        fc.asyncProperty(broken, async ({ text }) => {
          tried += 1;
          last = codeOf(text);
          expect(await last).toMatch(/^(malformed|unknown-type)$/);
        }),
        corpus(),
      );
      await last; // an interrupted run does not wait for its answer
    });
    console.info(`bad input: ${tried} broken frames were refused`);
    expect(tried).toBeGreaterThan(25); // however busy the machine is
  });

  test('of every known kind are refused by their name', async () => {
    const named = namedFrames(conversationId, ana.id);
    const seen: unknown[] = [];
    await harmless(async () => {
      for (const [what, frame] of named) seen.push([what, await codeOf(frame)]);
    });
    expect(seen).toEqual(named.map(([what, _frame, code]) => [what, code]));
  });
});

describe('bad requests', () => {
  test('are refused, whatever is broken about a good one, and store nothing', async () => {
    const people = { self: ana.id, member: ben.id, stranger: cleo.id };
    const scratch = await group(ana, ben);
    for (const { method, target, fields, ...other } of requestsOf(scratch, people)) {
      const body = method === 'POST' ? textOf(fields) : undefined;
      const answer = await ask(method, target, { body });
      const code = answer.status >= 400 ? ErrorBody.parse(JSON.parse(answer.body)).code : undefined;
      if (other.refusedAs) expect([target, code]).toEqual([target, other.refusedAs]);
      else expect([target, answer.status < 300]).toEqual([target, true]);
    }
    const routes = requestsOf(conversationId, people);
    expect(routes.map(({ route }) => route).sort()).toEqual(writtenRoutes().sort());
    const broken = fc.oneof(
      ...routes.map(({ method, target, fields }) =>
        fc.oneof(
          fc.record({
            method: fc.constant(method),
            target: fc.constant(target),
            type: fc.constantFrom('application/json', 'application/octet-stream', 'text/plain'),
            body: (fields.length > 0 ? brokenObject(fields) : brokenText(`{"${MARKER}":1}`)).map(
              ({ text }) => text,
            ),
          }),
          fc.record({
            method: fc.constant(method),
            target: fc.constantFrom(
              ...wrongQueries(target, conversationId).map((query) => `${target}?${query}`),
              ...wrongPaths(target, conversationId),
            ),
            type: fc.constant('application/json'),
            body: fc.constant(fields.length > 0 ? textOf(fields) : undefined),
          }),
        ),
      ),
    );
    let tried = 0;
    await harmless(() =>
      fc.assert(
        fc.asyncProperty(broken, async ({ method, target, type, body }) => {
          tried += 1;
          const answer = await ask(method, target, { type, body });
          expect([answer.status, codeIn(answer)]).toSatisfy(isRefusal);
        }),
        corpus(),
      ),
    );
    console.info(`bad input: ${tried} broken requests were refused`);
    expect(tried).toBeGreaterThan(25); // however busy the machine is
  });

  test('with bytes that are no UTF-8 are malformed where the door gets the bytes', async () => {
    const [{ fields } = { fields: [] }] = requestsOf(conversationId, {
      self: ana.id,
      member: ben.id,
      stranger: cleo.id,
    });
    const body = Buffer.from(textOf(fields).replace('Ward 5', 'Ward \u0001'), 'latin1');
    body[body.indexOf(1)] = 0xff;
    await harmless(async () => {
      const answer = await ask('POST', '/conversations', { type: 'application/octet-stream', body });
      expect([answer.status, codeIn(answer)]).toEqual([400, 'malformed']);
      const marked = Buffer.from(`\ufeff${textOf(fields)}`);
      expect(
        codeIn(await ask('POST', '/conversations', { type: 'application/octet-stream', body: marked })),
      ).toBe('malformed');
    });
  });
});

test('text that is odd and well-formed comes back as it was sent', async () => {
  const odd = [
    ...[
      '\u202eevil\u202c',
      'аdmin',
      `z${'\u0301'.repeat(50)}algo`,
      '👩‍⚕️',
      'e\u0301 é',
      '\ufeffmark',
      '\uffff',
      '\u2028\u2029',
    ],
    ...[
      '<script>alert(1)</script>',
      '"\\u0000"',
      '__proto__',
      '{{7*7}}',
      "' OR 1=1 --",
      '\t\r\n',
      '\u{10ffff}',
    ],
  ];
  for (const text of odd) {
    const body = { kind: 'text', text };
    const frame = { type: 'message.send', ref: randomUUID(), conversationId, since: 0, body };
    expect(await attacker.ask(frame)).toMatchObject({ type: 'message.accepted' });
  }
  const { body } = await run.request(ana, 'GET', `conversations/${conversationId}/messages`);
  const texts = (body as { entries: { body: { text: string } }[] }).entries.map((entry) => entry.body.text);
  expect(texts.slice(-odd.length)).toEqual(odd);
});

/** Sends one frame and takes the one answer, which echoes nothing but the `ref`. */
async function codeOf(frame: string): Promise<unknown> {
  const answer = await attacker.ask(frame);
  expect(JSON.stringify(answer)).not.toContain(MARKER);
  if (answer.type !== 'refused') return answer.type;
  const { ref, code } = Refused.parse(answer);
  if (ref) expect(frame).toContain(ref);
  return code;
}

async function ask(
  method: string,
  target: string,
  {
    type = 'application/json',
    headers = {},
    body,
  }: { type?: string; headers?: Record<string, string>; body?: string | Buffer | undefined },
): Promise<RawAnswer> {
  const answer = await rawRequest(run.deployment.httpApiUrl, {
    method,
    target,
    headers: { authorization: `Bearer ${ana.tokens.accessToken}`, 'content-type': type, ...headers },
    ...(body !== undefined && { body }),
  });
  expect(answer.body).not.toContain(MARKER);
  return answer;
}

function codeIn({ status, body }: RawAnswer): string | undefined {
  return status === 400 ? ErrorBody.parse(JSON.parse(body)).code : undefined;
}

/** `malformed`, or a path that leads nowhere. */
function isRefusal([status, code]: [number, string | undefined]): boolean {
  return (status === 400 && code === 'malformed') || status === 404;
}

async function group(owner: Person, member: Person): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members: [member.id] };
  const { body } = await run.request(owner, 'POST', 'conversations', proposal);
  return (body as { conversationId: string }).conversationId;
}
