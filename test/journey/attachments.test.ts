import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketOf, get, put } from '../fixtures/attaching.ts';
import { browserContext } from '../fixtures/browser.ts';
import { carelessPage, waysIn } from '../fixtures/careless-page.ts';
import type { Person } from '../fixtures/deployed.ts';
import { polyglots } from '../fixtures/polyglots.ts';
import { report } from '../fixtures/results.ts';
import type { Run } from '../fixtures/running.ts';
import { type Sharing, startSharing } from '../fixtures/sharing.ts';
import { PATIENCE } from './promises/clinic.ts';

const HTML = Buffer.from('<html><script>alert(1)</script></html>');

let run: Run;
let people: Sharing['people'];
let conversationId: string;
let anas: Sharing['anas'];
beforeAll(async () => {
  ({ run, people, conversationId, anas } = await startSharing());
}, PATIENCE);
afterAll(() => run.close());

describe('an attachment', () => {
  test('goes up whole, is carried by a message, and comes down for the members alone, bare of a name and never to be shown', async () => {
    const bytes = randomBytes(10_000);
    const seq = await anas.sent(await anas.uploaded(bytes));
    const { url } = await anas.opened(seq, people.ben);
    const down = await get(url);
    const fetched = run.stack.trail.events().findLast(({ eventName }) => eventName === 'GetObject');
    expect(fetched?.userIdentity).toMatchObject({ sessionContext: { sourceIdentity: people.ben.id } });
    expect([down.status, down.bytes.equals(bytes)]).toEqual([200, true]);
    expect(down.headers.get('content-disposition')).toBe('attachment');
    expect(down.headers.get('content-type')).toBe('application/octet-stream');
    expect(await anas.download(seq, people.eve)).toMatchObject({
      status: 403,
      body: { code: 'not-a-member' },
    });
    expect(await anas.download(seq, people.ben, { rendition: 'preview' })).toMatchObject({
      body: { code: 'no-preview' },
    });
  });

  test('is never run by a browser, whatever it is and however a page takes it in: it is saved, or nothing at all', async () => {
    const page = await (await browserContext()).newPage();
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const careless = await carelessPage();
    const files = polyglots(careless.origin);
    const outcomes: Record<string, number> = { taken: 0, saved: 0 };
    for (const { contentType, bytes } of files) {
      const seq = await anas.sent(await anas.uploaded(bytes, contentType));
      const { url } = await anas.opened(seq, people.ben);
      for (const way of waysIn) {
        const isSaved = await careless.takeIn(page, way, url);
        outcomes.taken = (outcomes.taken ?? 0) + 1;
        outcomes.saved = (outcomes.saved ?? 0) + Number(isSaved);
        if (way === 'document') expect(isSaved, contentType).toBe(true);
      }
    }
    expect([careless.ran, dialogs]).toEqual([[], []]);
    report('attachments-in-a-browser', outcomes);

    for (const file of files)
      for (const way of waysIn) await careless.takeIn(page, way, careless.inline(file));
    const heard = [
      'html-as-text',
      'html-behind-gif',
      'html-behind-pdf',
      'xhtml',
      'svg',
      'script',
      'script-in-gif',
    ];
    await expect.poll(() => heard.filter((name) => !careless.ran.includes(name))).toEqual([]); // shown, they are heard
    expect(dialogs.length).toBeGreaterThan(0);
  }, 180_000);

  test('comes down for a minute, only under its own signature, and not for who was removed', async () => {
    const seq = await anas.sent(await anas.uploaded(randomBytes(100)));
    const { url } = await anas.opened(seq, people.gus);
    const forged = [
      url.replace(/X-Amz-Signature=.{8}/, 'X-Amz-Signature=00000000'),
      url.replace('/files/', '/previews/'),
      url.replace('X-Amz-Expires=60', 'X-Amz-Expires=3600'),
      url.replace('response-content-disposition=attachment', 'response-content-disposition=inline'),
      url.replace('octet-stream', 'html'),
      url.replace(/versionId=[^&]*&/, ''),
    ];
    for (const one of forged) {
      expect(one).not.toBe(url);
      expect((await get(one)).status, one).toBe(403);
    }
    expect((await get(url)).status).toBe(200);
    await run.request(people.ana, 'DELETE', `conversations/${conversationId}/members/${people.gus.id}`);
    expect(await anas.download(seq, people.gus)).toMatchObject({ body: { code: 'not-a-member' } });
    const begun = { contentType: 'text/plain', bytes: 1, sha256: Buffer.alloc(32).toString('base64') };
    const path = `conversations/${conversationId}/attachments`;
    for (const who of [people.gus, people.eve]) {
      expect(await run.request(who, 'POST', path, begun)).toMatchObject({ body: { code: 'not-a-member' } });
    }
    run.stack.clock.advance(61_000);
    expect((await get(url)).status).toBe(403);
  });

  test('that is not exactly what was declared is refused, and nothing of it is stored', async () => {
    const before = await bucketOf(run).versions();
    const bytes = randomBytes(1_000);
    const file = await anas.begin(bytes);
    const other = randomBytes(1_000);
    const { url, headers } = file.upload;
    const checksum = 'x-amz-checksum-sha256';
    const refused: Readonly<Record<string, () => ReturnType<typeof put>>> = {
      'a byte less': () => put(file.upload, bytes.subarray(1)),
      'a byte more': () => put(file.upload, Buffer.concat([bytes, Buffer.alloc(1)])),
      'other bytes': () => put(file.upload, other),
      'another checksum': () => put(file.upload, other, { [checksum]: Buffer.alloc(32).toString('base64') }),
      'no checksum': () => put(file.upload, bytes, { [checksum]: '' }),
      'another type': () => put(file.upload, bytes, { 'content-type': 'text/html' }),
      'no encryption': () => put(file.upload, bytes, { 'x-amz-server-side-encryption': '' }),
      'another encryption': () => put(file.upload, bytes, { 'x-amz-server-side-encryption': 'AES256' }),
      'another key of ours': () =>
        put({ url: url.replace(file.attachmentId, 'a'.repeat(26)), headers }, bytes),
      'a tag that says it is clean': () =>
        put(file.upload, bytes, { 'x-amz-tagging': 'GuardDutyMalwareScanStatus=NO_THREATS_FOUND' }),
      'overwriting allowed': () => put(file.upload, bytes, { 'if-none-match': '' }),
      'another signature': () =>
        put({ url: url.replace(/Signature=.{8}/, 'Signature=00000000'), headers }, bytes),
    };
    for (const [what, send] of Object.entries(refused)) {
      const { status, code } = await send();
      expect([400, 403], `${what}: ${code}`).toContain(status);
    }
    expect(await anas.complete(file)).toMatchObject({ body: { code: 'attachment-incomplete' } });
    expect(await anas.complete(file, people.ben)).toMatchObject({ body: { code: 'unknown-attachment' } });
    expect(await run.request(people.ben, 'POST', `${file.path}/parts`, { part: 1 })).toMatchObject({
      status: 404,
    });
    const stored = (await bucketOf(run).versions()).length - before.length;
    expect(stored).toBe(0);

    expect((await put(file.upload, bytes)).status).toBe(200);
    expect(await put(file.upload, bytes)).toEqual({ status: 412, code: 'PreconditionFailed' });
    const late = await anas.begin(bytes);
    run.stack.clock.advance(301_000);
    expect((await put(late.upload, bytes)).status).toBe(403);
    expect(await bucketOf(run).versions()).toHaveLength(before.length + 1);
    report('attachments-refused', {
      'stored of what was refused': { found: stored, of: Object.keys(refused).length },
    });
  });

  test('beyond twenty gibibytes on one day is not begun, whoever else may', async () => {
    const [GiB, partBytes] = [2 ** 30, 64 * 2 ** 20];
    const sha256 = Buffer.alloc(32).toString('base64');
    const large = {
      contentType: 'video/mp4',
      bytes: 5 * GiB,
      sha256,
      partBytes,
      parts: Array(80).fill(sha256),
    };
    const small = { contentType: 'text/plain', bytes: 1, sha256 };
    const begin = (who: Person, declared: object) =>
      run.request(who, 'POST', `conversations/${conversationId}/attachments`, declared);
    for (let nth = 0; nth < 4; nth += 1) expect((await begin(people.ben, large)).status).toBe(201);
    expect(await begin(people.ben, small)).toMatchObject({ status: 429, body: { code: 'upload-quota' } });
    expect((await begin(people.ana, small)).status).toBe(201);
  });

  test('that only says it is a picture is refused, and deleted', async () => {
    const before = await bucketOf(run).versions();
    const gif = Buffer.concat([Buffer.from('GIF89a/*'), HTML]);
    for (const bytes of [HTML, Buffer.from('<svg onload="alert(1)"/>'), gif, Buffer.from('PK\x03\x04')]) {
      const file = await anas.begin(bytes, 'image/png');
      expect((await put(file.upload, bytes)).status).toBe(200);
      expect(await anas.complete(file)).toMatchObject({ status: 422, body: { code: 'picture-refused' } });
      expect((await anas.say(file)).code).toBe('unknown-attachment');
    }
    expect(await bucketOf(run).versions()).toEqual(before);
    for (const contentType of [
      'text/html',
      'image/svg+xml',
      'application/xhtml+xml',
      'image/gif',
      'text/javascript',
    ]) {
      const declared = { contentType, bytes: 1, sha256: Buffer.alloc(32).toString('base64') };
      const path = `conversations/${conversationId}/attachments`;
      expect(await run.request(people.ana, 'POST', path, declared)).toMatchObject({
        body: { code: 'malformed' },
      });
    }
  });

  test('has a name without a path, controls, or marks that turn it round', async () => {
    const file = await anas.uploaded(randomBytes(10));
    const names = [
      '../x.pdf',
      'a/b',
      'a\\b',
      '..',
      ' x',
      'x\n.pdf',
      'x\0',
      'gnp.\u202efdp',
      '\u2066x',
      '',
      'x'.repeat(256),
    ];
    for (const name of names) expect((await anas.say(file, { name })).code, name).toBe('malformed');
    expect((await anas.say(file, { name: 'Röntgen 左.pdf' })).type).toBe('message.accepted');
  });
});
