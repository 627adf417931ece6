import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { clientFrames, Refused } from '../../protocol/frames.ts';
import { ErrorBody } from '../../protocol/requests.ts';
import { closingBytes, closingFrames, namedFrames, smuggledRequests } from '../fixtures/bad-frames.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import { brokenObject, brokenText, MARKER, textOf } from '../fixtures/broken-json.ts';
import { framesOf, requestsOf, wrongPaths, wrongQueries } from '../fixtures/broken-requests.ts';
import type { Person } from '../fixtures/deployed.ts';
import { httpRoutes } from '../fixtures/every-door.ts';
import { type Bystanders, expectHarmless } from '../fixtures/harmless.ts';
import { closeCode, type RawAnswer, rawExchange, rawRequest, rawSocket } from '../fixtures/raw-wire.ts';
import { type Run, startRun } from '../fixtures/running.ts';

const faults: unknown[] = [];
let run: Run;
let ana: Person;
let ben: Person;
let cleo: Person;
let attacker: BareSocket;
let conversationId: string;
let bystanders: Bystanders;

beforeAll(async () => {
  run = await startRun({ onFault: (fault) => faults.push(fault) });
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

const harmless = (batch: () => Promise<void>) => expectHarmless(run, { bystanders, faults }, batch);

/** What was not tried by then is left to the next run; what is not answered at all is a failure. */
const corpus = { numRuns: 1_000, plugins: [fc.interruptAfterTimeLimit(6_000), fc.timeout(5_000)] };

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
        corpus,
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

  test('that API Gateway does not take close their own socket and no other', async () => {
    const protocols = ['wardline.v1', `bearer.${ana.tokens.accessToken}`];
    const seen: unknown[] = [];
    await harmless(async () => {
      const waiting = await rawSocket(run.deployment.webSocketUrl, protocols);
      waiting.write(Buffer.from([0x81, 0xfe, 0x10])); // the first bytes of a frame whose rest does not come
      for (const [what, send] of closingFrames) {
        const socket = new WebSocket(run.deployment.webSocketUrl, protocols);
        socket.on('error', () => {}); // `close` follows
        socket.on('open', () => send(socket));
        const code = await new Promise((resolve) => socket.on('close', resolve));
        seen.push([what, code]);
      }
      for (const [what, sent] of closingBytes) {
        const socket = await rawSocket(run.deployment.webSocketUrl, protocols);
        socket.write(Buffer.from(sent));
        seen.push([what, await closeCode(socket)]);
      }
      expect(await codeOf('{}')).toBe('malformed'); // another socket of the same person lives on
      waiting.destroy();
    });
    expect(seen).toEqual([...closingFrames, ...closingBytes].map(([what, _sent, code]) => [what, code]));
  });
});

describe('bad requests', () => {
  test('are refused, whatever is broken about a good one, and store nothing', async () => {
    const people = { self: ana.id, member: ben.id, stranger: cleo.id };
    const scratch = await group(ana, ben);
    for (const { method, target, fields } of requestsOf(scratch, people)) {
      const body = fields.length > 0 ? textOf(fields) : undefined;
      expect((await ask(method, target, { body })).status).toBeLessThan(300);
    }
    const routes = requestsOf(conversationId, people);
    expect(routes.map(({ route }) => route).sort()).toEqual(httpRoutes(run.stack).sort());
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
        corpus,
      ),
    );
    console.info(`bad input: ${tried} broken requests were refused`);
    expect(tried).toBeGreaterThan(25); // however busy the machine is
  });

  test('that are none of the API’s are answered by API Gateway', async () => {
    const members = `/conversations/${conversationId}/members`;
    const gateway: [method: string, target: string, status: number][] = [
      ...['PUT', 'PATCH', 'DELETE', 'HEAD', 'TRACE', 'PROPFIND', 'POST'].map(
        (method): [string, string, number] => [method, '/me', 404],
      ),
      ...[
        members,
        `${members}/${ana.id}`,
        '/',
        '//me',
        '/ME',
        '/me/',
        '/me/..',
        '/conversations/../me',
        '/%6de%2f',
        `/${MARKER}`,
      ].map((target): [string, string, number] => ['GET', target, 404]),
      ['GET', `http://other.example/${MARKER}`, 404],
      ['GET', `/me?${'x'.repeat(11_000)}`, 431],
      ['OPTIONS', '/me', 404],
    ];
    const seen: unknown[] = [];
    await harmless(async () => {
      for (const [method, target] of gateway) {
        seen.push([method, target, (await ask(method, target, {})).status]);
      }
      const heavy = `{"${MARKER}":"${'x'.repeat(11 * 1024 * 1024)}"}`;
      expect(await ask('POST', '/conversations', { body: heavy })).toEqual({
        status: 413,
        body: '{"message":"Request Entity Too Large"}',
      });
      const override = { 'x-http-method-override': 'DELETE', 'x-original-url': `${members}/${ana.id}` };
      expect((await ask('GET', `${members}/${ana.id}`, { headers: override })).status).toBe(404);
    });
    expect(seen).toEqual(gateway);
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

  test('that hide a second request in the first get one answer', async () => {
    await harmless(async () => {
      for (const bytes of smuggledRequests(ana.tokens.accessToken)) {
        const said = await rawExchange(run.deployment.httpApiUrl, bytes);
        expect(said.match(/HTTP\/1\.1 \d+/g), bytes).toEqual(['HTTP/1.1 400']);
        expect(said).not.toContain(MARKER);
      }
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
