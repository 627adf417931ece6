import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Download } from '../../protocol/attachments.ts';
import { changedAssembly } from '../fixtures/assembly.ts';
import { browserContext, chromiumPath, servedApp } from '../fixtures/browser.ts';
import type { Person } from '../fixtures/deployed.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { device, tokensOf, turn } from '../sdk/devices.ts';

const MINUTE = 60_000;
/** The origin that the example deployment lists. */
const LISTED = 'https://app.example.org';

describe('the SDK in a real browser', () => {
  test('sends and receives, texts and files, and after a loss of the connection gets everything once and in order', async () => {
    const { origin } = await servedApp();
    const run = await runFor(origin);
    const [ana, ben] = [
      await run.person('ana-browser', 'clinician'),
      await run.person('ben-browser', 'patient'),
    ];
    const nurse = device(run, tokensOf(run, ana));
    onTestFinished(() => nurse.chat.close());
    await nurse.chat.connect();
    const theirs = await nurse.chat.createConversation({ kind: 'direct', members: [ben.id] });
    await theirs.send('good morning').acknowledged;

    const context = await browserContext();
    const page = await context.newPage();
    const frames = framesOf(page);
    const orBlocked = blockedByCors(page);
    await begin(page, origin, run, ben, theirs.id);
    expect(await page.evaluate('sockets.map(({ protocol }) => protocol)')).toEqual(['wardline.v1']);
    expect(await orBlocked('chat.me().then(({ id }) => id)')).toBe(ben.id); // fetch, preflight and all
    await expect.poll(() => messages(page)).toEqual(['1 good morning']);
    await page.evaluate(`chat.conversation('${theirs.id}').send('and to you — 早上好 😀').acknowledged`);
    await expect.poll(() => nurse.texts(theirs.id)).toEqual(['good morning', 'and to you — 早上好 😀']);

    const sent = (await orBlocked(`sendFile('${theirs.id}', 'letter.pdf', 60_000)`)) as Summed;
    expect(sent.seq).toBe(3);
    const letter = { name: 'letter.pdf', type: 'application/pdf', sha256: sent.sha256 };
    await expect.poll(() => nurse.texts(theirs.id)).toHaveLength(3);
    expect(await orBlocked(`fetchFile('${theirs.id}', 3)`)).toEqual(letter); // PUT and GET, each asked for by CORS
    const { url } = await aPermit(run, ben, theirs.id, sent.seq);
    expect(await allowedOrigin(url, origin)).toBe(origin);
    expect(await allowedOrigin(url, LISTED)).toBeUndefined();

    await context.setOffline(true);
    await turn(run, 10.5 * MINUTE, nurse); // the page's own clock stands: its socket fell silent
    await expect.poll(() => page.evaluate('chat.state')).toBe('recovering');
    const written = page.evaluate(`chat.conversation('${theirs.id}').send('from the lift').acknowledged`);
    const missed = ['are you there?', 'I shall wait', '…'];
    for (const text of missed) await theirs.send(text).acknowledged;
    expect(await messages(page)).toHaveLength(3);
    const before = frames.sent.length;

    await context.setOffline(false);
    await page.evaluate('chat.connect()');
    await written;
    await theirs.send('welcome back').acknowledged;
    const all = [
      'good morning',
      'and to you — 早上好 😀',
      'file',
      ...missed,
      'from the lift',
      'welcome back',
    ];
    await expect.poll(() => messages(page)).toEqual(all.map((text, place) => `${place + 1} ${text}`));
    await expect.poll(() => nurse.texts(theirs.id)).toEqual(all);
    expect(frames.sent.slice(before, before + 2)).toEqual(['session.open', 'sync']);
    await expect.poll(() => frames.sent.slice(before).filter((type) => type === 'sync').length).toBe(2);
    expect(await page.evaluate('sockets.at(-1).protocol')).toBe('wardline.v1');
    expect(await page.locator('#states li').allTextContents()).toEqual([
      'connecting: connect-called',
      'live: opened',
      expect.stringMatching(/^recovering: (going-away|connection-lost)$/),
      'live: opened',
    ]);
  }, 180_000);

  test('needs Chromium, and says the one command that installs it', () => {
    expect(() => chromiumPath({ PATH: '/nowhere' })).toThrow('apt-get install chromium');
    expect(chromiumPath({ PATH: '/nowhere', CHROMIUM: '/elsewhere/chromium' })).toBe('/elsewhere/chromium');
  });
});

/** The stack, with the page's origin in the place of the listed one. */
async function runFor(origin: string): Promise<Run> {
  let places = 0;
  const assembly = await changedAssembly((template) => {
    const text = JSON.stringify(template);
    places += text.split(LISTED).length - 1;
    Object.assign(template, JSON.parse(text.replaceAll(LISTED, origin)));
  });
  expect(places).toBeGreaterThan(1); // the handshake's, and CORS
  const run = await startRun({ assembly });
  onTestFinished(() => run.close());
  return run;
}

/** Opens the page as this person, following one conversation. */
async function begin(page: Page, origin: string, run: Run, person: Person, conversationId: string) {
  const getToken = tokensOf(run, person);
  await page.exposeFunction('accessToken', (need: { fresh: boolean }) => getToken(need));
  await page.goto(origin);
  const { webSocketUrl, httpApiUrl } = run.deployment;
  const begun = page.evaluate(`begin(${JSON.stringify({ webSocketUrl, httpApiUrl })})`);
  await page.evaluate(`void chat.conversation('${conversationId}')`);
  await begun;
}

/** The types of the frames that the page sent, on all of its sockets. */
function framesOf(page: Page): { readonly sent: string[] } {
  const sent: string[] = [];
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => sent.push(JSON.parse(payload.toString()).type));
  });
  return { sent };
}

/**
 * What an expression on the page comes to; fails with Chromium's own sentence as soon as it has blocked a request by CORS, which the SDK takes
 * for a connection that broke, and so tries again without an end.
 */
function blockedByCors(page: Page): (expression: string) => Promise<unknown> {
  const blocked = new Promise<never>((_, reject) => {
    page.on('console', (message) => {
      const [, why] = /blocked by CORS policy: (.*)/.exec(message.text()) ?? [];
      if (why) reject(new Error(`Chromium blocked a request of the SDK by CORS: ${why}`));
    });
  });
  blocked.catch(() => {}); // whoever waits meets it
  return (expression) => Promise.race([page.evaluate(expression), blocked]);
}

/** A file's message, and the SHA-256 of its bytes in hex. */
interface Summed {
  readonly seq: number;
  readonly sha256: string;
}

/** Where S3 lets a page of this origin fetch from, by its preflight; nowhere where it says nothing. */
async function allowedOrigin(url: string, origin: string): Promise<string | undefined> {
  const headers = { origin, 'access-control-request-method': 'GET' };
  const answer = await fetch(url, { method: 'OPTIONS', headers });
  return answer.headers.get('access-control-allow-origin') ?? undefined;
}

async function aPermit(run: Run, person: Person, conversationId: string, seq: number): Promise<Download> {
  const path = `conversations/${conversationId}/messages/${seq}/downloads`;
  const { status, body } = await run.request(person, 'POST', path, {});
  expect(status).toBe(200);
  return body as Download;
}

const messages = (page: Page) => page.locator('#messages li').allTextContents();
