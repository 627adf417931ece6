import { randomBytes, randomUUID } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { isBarePicture } from '../../functions/domain/picture.ts';
import { delay, type FaultRule, fail, refuse } from '../../local/front-door/faults.ts';
import type { CallRecord } from '../../local/front-door/meter.ts';
import { AwsError } from '../../local/front-door/service.ts';
import { sessionOf } from '../../local/template/principals.ts';
import type { Download } from '../../protocol/attachments.ts';
import type { DestructionCertificate } from '../../protocol/requests.ts';
import { attaching, type Begun, bucketOf, digest, get, put } from '../fixtures/attaching.ts';
import { browserContext } from '../fixtures/browser.ts';
import { carelessPage, waysIn } from '../fixtures/careless-page.ts';
import type { Person } from '../fixtures/deployed.ts';
import { recordsOf } from '../fixtures/observed/records.ts';
import { stamped } from '../fixtures/observed/stamped.ts';
import { polyglots } from '../fixtures/polyglots.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';
import { zip } from '../fixtures/zip.ts';
import { Picture, redAndBlue } from '../functions/pictures/drawing.ts';
import { PATIENCE } from './promises/clinic.ts';

/** The test file that every scanner knows (EICAR), in two parts so that none finds it here. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join('');
/** A minute of the clock each time: with no pause between them, what runs each minute would pile up. */
const AGAIN = { timeout: 30_000, interval: 5_000 };
const EACH_MINUTE = { timeout: 180_000, interval: 2_000 };
const DAY = 24 * 60 * 60_000;
const DEPLOYED_DAYS = 2_192; // six years, the default of a deployment
const DENIED = new AwsError('AccessDenied', 'Access Denied', 403);
const HTML = Buffer.from('<html><script>alert(1)</script></html>');

let run: Run;
let people: Readonly<Record<'ana' | 'ben' | 'gus' | 'eve', Person>>;
let conversationId: string;
let anas: ReturnType<typeof attaching>;
beforeAll(async () => {
  run = await startRun();
  const [ana, ben, gus, eve] = await Promise.all([
    run.person('ana-1', 'clinician'),
    run.person('ben-1', 'patient'),
    run.person('gus-1', 'clinician'),
    run.person('eve-1', 'clinician'),
  ]);
  people = { ana, ben, gus, eve };
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id, gus.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  conversationId = (body as { conversationId: string }).conversationId;
  anas = attaching(run, conversationId, ana, await run.socket(ana));
}, PATIENCE);
afterAll(() => run.close());

describe('an attachment', () => {
  test('costs what its budget says: a few calls for each step, no KMS call of ours, and no byte through a function', async () => {
    const bytes = randomBytes(100_000);
    await anas.opened(await anas.sent(await anas.uploaded(bytes)), people.ben); // every function is warm now
    let file: Begun | undefined;
    let seq = 0;
    const known = await anas.end();
    const begun = () => file ?? expect.fail('nothing has begun');
    const costs = {
      begin: await costOf(async () => {
        file = await anas.begin(bytes);
      }),
      put: await costOf(async () => void (await put(begun().upload, bytes))),
      complete: await costOf(async () => void (await anas.complete(begun()))),
      send: await costOf(async () => {
        seq = await anas.sentAt(begun(), known);
      }),
      download: await costOf(async () => void (await anas.opened(seq, people.ben)), 'last'),
    };
    await run.request(people.gus, 'GET', 'me'); // that somebody is there is noted once a minute
    const firstDownload = await costOf(async () => void (await anas.download(seq, people.gus)));
    const all = { ...costs, firstDownload };
    report('attachment-budget', all);
    expect(withoutBytes(all)).toEqual(budget);
    for (const [step, { s3Bytes }] of Object.entries(all)) expect(s3Bytes, step).toBeLessThan(8_000); // of 100,000
  });

  test('in parts costs one request for each of them and no byte of it through a function; its scan and its preview cost what their budget says', async () => {
    const { faults } = run.stack;
    const part = 64 * 1024 * 1024;
    const [first, last] = [randomBytes(part), randomBytes(1)];
    const declared = {
      ...{ contentType: 'video/mp4', bytes: part + 1, partBytes: part },
      sha256: digest(Buffer.concat([first, last])),
      parts: [first, last].map(digest),
    };
    const attachments = `conversations/${conversationId}/attachments`;
    let path = '';
    const beginParts = await costOf(async () => {
      const { status, body } = await run.request(people.ana, 'POST', attachments, declared);
      expect(status).toBe(201);
      path = `${attachments}/${(body as { attachmentId: string }).attachmentId}`;
    });
    const permit = async (nth: number) => {
      const answer = await run.request(people.ana, 'POST', `${path}/parts`, { part: nth });
      return answer.body as Begun['upload'];
    };
    let upload: Begun['upload'] | undefined;
    const permitPart = await costOf(async () => {
      upload = await permit(1);
    });
    const parts = [upload ?? expect.fail('there is no permit'), await permit(2)] as const;
    for (const [nth, bytes] of [first, last].entries())
      expect(await put(parts[nth] ?? parts[0], bytes)).toEqual({ status: 200 });
    const completeParts = await costOf(async () => {
      expect((await anas.complete({ path })).status).toBe(200);
    });

    const state = async () => (await run.request(people.ana, 'GET', path)).body;
    await expect.poll(state, { timeout: 60_000 }).toMatchObject({ state: 'clean' }); // or its scan would be counted below
    await idle();

    const picture = await redAndBlue('image/jpeg', 900, 600);
    const isBehind = (principal?: { readonly arn: string }) =>
      /RecordScan|MakePreview/.test(principal?.arn ?? '');
    const isLate = faults.add({
      ...{ service: 'dynamodb', principal: isBehind },
      effect: delay(1_000), // so that each meets an upload that is complete, whichever is faster
    });
    const behind = await behindIt(async () => {
      const file = await anas.begin(picture, 'image/jpeg');
      await put(file.upload, picture);
      return () => anas.complete(file);
    });
    isLate();
    const all = { beginParts, permitPart, completeParts, ...behind };
    report('attachment-budget-behind', all);
    expect(withoutBytes(all)).toEqual(budgetBehind);
    const { preview, ...others } = all;
    for (const [step, { s3Bytes }] of Object.entries(others)) expect(s3Bytes, step).toBeLessThan(8_000); // of 64 MiB
    expect(preview.s3Bytes).toBeGreaterThan(picture.length); // it is looked at once
    expect(preview.s3Bytes).toBeLessThan(2 * picture.length + 40_000);
  });

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

  test('in which malware is found is opened by nobody: not sent once it is known, and closed to everybody where it was sent before', async () => {
    const { stack } = run;
    const known = await anas.uploaded(Buffer.from(EICAR), 'application/octet-stream');
    const state = async (path: string) =>
      ((await run.request(people.ana, 'GET', path)).body as { state: string }).state;
    await expect.poll(() => state(known.path)).toBe('infected');
    expect(await anas.say(known)).toMatchObject({ type: 'refused', code: 'malware-found' });

    const listener = await run.socket(people.ben);
    await listener.ask({ type: 'session.open' }, ({ type }) => type === 'session.opened');
    const isVerdict = (principal?: { readonly arn: string }) =>
      principal?.arn.includes('RecordScan') ?? false;
    const rule = { service: 'dynamodb', operation: 'UpdateItem', principal: isVerdict, effect: fail() };
    const letPass = stack.faults.add(rule);
    const zipped = zip({ 'findings.txt': Buffer.from(EICAR) });
    const file = await anas.uploaded(zipped, 'application/zip');
    const seq = await anas.sent(file);
    for (const rendition of ['original', 'preview'])
      expect(await anas.download(seq, people.ben, { rendition })).toMatchObject({
        status: 409,
        body: { code: 'not-scanned' },
      });
    letPass();
    await expect
      .poll(async () => {
        stack.clock.advance(61_000); // Lambda tries an event again a minute later
        return (await anas.download(seq, people.ben)).body;
      }, AGAIN)
      .toMatchObject({ code: 'malware-found' });
    await expect
      .poll(() => listener.heard.find(({ type }) => type === 'attachment.scanned'))
      .toMatchObject({ attachmentId: file.attachmentId, state: 'infected', sender: people.ana.id });

    expect(await anas.download(seq, people.ben, { rendition: 'preview' })).toMatchObject({
      body: { code: 'malware-found' },
    });
    const { client, Bucket } = bucketOf(run);
    for (const { attachmentId } of [known, file]) {
      const object = { Bucket, Key: `files/${conversationId}/${attachmentId}` };
      await expect(client.send(new GetObjectCommand(object))).rejects.toMatchObject({ name: 'AccessDenied' });
      const TagSet = [{ Key: 'GuardDutyMalwareScanStatus', Value: 'NO_THREATS_FOUND' }];
      const forged = new PutObjectTaggingCommand({ ...object, Tagging: { TagSet } });
      await expect(client.send(forged)).rejects.toMatchObject({ name: 'AccessDenied' });
      expect(await scansOf(attachmentId)).toEqual([{ outcome: 'refused', code: 'malware-found' }]);
      expect(told().filter(({ message }) => message === 'malware-found')).toContainEqual(
        expect.objectContaining({ level: 'ERROR', conversation: conversationId, attachment: attachmentId }),
      );
    }
    expect(told().filter((line) => line.InfectedAttachments === 1).length).toBeGreaterThanOrEqual(2);
  });

  test.each<[string, Omit<FaultRule, 'principal'>, number]>([
    ['the scanner may not read', { operation: 'GetObject', effect: refuse(DENIED) }, 1],
    ['the scan fails of', { operation: 'GetObject', effect: fail() }, 1],
    ['the scanner cannot tag', { operation: 'PutObjectTagging', effect: refuse(DENIED) }, 2],
  ])('that %s stays closed, and says so', async (_, rule, scans) => {
    const { faults } = run.stack;
    const isScanner = (principal?: { readonly arn: string }) =>
      principal?.arn.includes('ScannerRole') ?? false;
    const letPass = faults.add({ ...rule, service: 's3', principal: isScanner });
    const file = await anas.uploaded(randomBytes(10));
    const state = async () => (await run.request(people.ana, 'GET', file.path)).body;
    await expect.poll(state, { timeout: 20_000 }).toMatchObject({ state: 'scan-failed' });
    letPass();
    expect((await anas.say(file)).code).toBe('scan-failed');
    await expect.poll(() => scansOf(file.attachmentId)).toHaveLength(scans); // a scan that found nothing, and its tag
    expect(await scansOf(file.attachmentId)).toContainEqual({ outcome: 'refused', code: 'scan-failed' });
  });

  test('in which malware is found comes out of the bucket by no route: signed before the verdict, by its version, as a copy, as what an overwriting left', async () => {
    const { client, Bucket } = bucketOf(run);
    const late = run.stack.faults.add({ service: 's3', operation: 'PutObjectTagging', effect: delay(3_000) });
    const bytes = Buffer.from(EICAR);
    const file = await anas.begin(bytes, 'application/octet-stream');
    expect(await put(file.upload, bytes)).toEqual({ status: 200 });
    const Key = `files/${conversationId}/${file.attachmentId}`;
    const VersionId = await versionOf(Key);
    const object = { Bucket, Key, VersionId };
    // What a bug of ours would give: a permit of the role that opens whatever was found clean.
    const reader = asRole('AsPersonDownload');
    const signedNow = () => ({ expiresIn: 200, signingDate: new Date(run.stack.clock.now()) });
    const permitted = await getSignedUrl(reader, new GetObjectCommand(object), signedNow());
    expect((await get(permitted)).status).toBe(403); // before the verdict
    late();
    expect((await anas.complete(file)).status).toBe(200);
    await expect
      .poll(async () => (await run.request(people.ana, 'GET', file.path)).body)
      .toMatchObject({
        state: 'infected',
      });
    const after = await get(permitted);
    expect([after.status, after.bytes.includes(EICAR)]).toEqual([403, false]);

    const clean = randomBytes(10);
    const cleanFile = await anas.uploaded(clean);
    await expect
      .poll(async () => (await run.request(people.ana, 'GET', cleanFile.path)).body)
      .toMatchObject({
        state: 'clean',
      });
    const cleanKey = `files/${conversationId}/${cleanFile.attachmentId}`;
    const open = await getSignedUrl(
      reader,
      new GetObjectCommand({ Bucket, Key: cleanKey, VersionId: await versionOf(cleanKey) }),
      signedNow(),
    );
    expect((await get(open)).bytes.equals(clean)).toBe(true); // the same role, the same way: the tag is what decides
    const encrypted = {
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: file.upload.headers['x-amz-server-side-encryption-aws-kms-key-id'],
    } as const;
    const copy = {
      ...encrypted,
      Bucket,
      CopySource: `${Bucket}/${Key}?versionId=${VersionId}`,
      IfNoneMatch: '*',
    };
    const refused = [
      ...[client, reader, asRole('MakePreview'), asRole('BuildExports'), asRole('UploadAttachment')].flatMap(
        (by) => [
          () => by.send(new GetObjectCommand(object)),
          () => by.send(new CopyObjectCommand({ ...copy, Key: `files/${conversationId}/${'a'.repeat(26)}` })),
          () =>
            by.send(new CopyObjectCommand({ ...copy, Key: `previews/${conversationId}/${'a'.repeat(26)}` })),
          () => by.send(new PutObjectCommand({ Bucket, Key, Body: clean, ...encrypted })), // it would become an old version
        ],
      ),
    ];
    for (const attempt of refused) await expect(attempt()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect((await bucketOf(run).versions()).filter((key) => key.includes(Key))).toEqual([Key]);
  });

  test('that the scan cannot look into stays closed, and says so', async () => {
    const state = async (path: string) => (await run.request(people.ana, 'GET', path)).body;
    const bomb = zip({ 'zeros.bin': Buffer.alloc(64 * 1024 * 1024) });
    const locked = zip({ 'secret.txt': Buffer.from('text') }, { encrypted: true });
    for (const bytes of [bomb, locked]) {
      const file = await anas.uploaded(bytes, 'application/zip');
      await expect.poll(() => state(file.path)).toMatchObject({ state: 'unscannable' });
      expect((await anas.say(file)).code).toBe('not-scannable');
    }
  });

  test(
    'lives as long as its message: hidden with it, deleted with it in every version, kept under a hold, and gone with what is destroyed',
    async () => {
      const { clock } = run.stack;
      const { versions } = bucketOf(run);
      const officers = [
        await run.person('olga-1', 'privacy-officer'),
        await run.person('otto-1', 'privacy-officer'),
      ];
      const keysOf = async (id: string) => (await versions()).filter((key) => key.includes(id)).length;

      const rooms = await Promise.all(['expires', 'held', 'destroyed'].map(() => aRoom()));
      const [expires, held, destroyed] = rooms as [Room, Room, Room];
      for (const { with: hers } of rooms) await hers.sent(await hers.uploaded(randomBytes(100)));
      const picture = await redAndBlue('image/jpeg', 8, 8);
      await expires.with.uploaded(picture, 'image/jpeg'); // and one that no message ever carries, with a preview
      await expect.poll(() => Promise.all(rooms.map(({ id }) => keysOf(id)))).toEqual([3, 1, 1]);

      const [olga, otto] = (await again(...officers)) as [Person, Person];
      const wish = { ref: randomUUID(), reason: 'M-1', conversations: [held.id] };
      expect((await run.request(olga, 'POST', 'admin/holds', wish)).status).toBe(201);
      await refusedToAdministrators(`files/${held.id}/`);
      for (const officer of [olga, otto]) {
        const answer = await run.request(officer, 'POST', 'admin/shreds', { conversationId: destroyed.id });
        expect(answer.status).toBe(200);
        if (officer !== otto) continue;
        const { certificate } = answer.body as { certificate: DestructionCertificate };
        expect(certificate).toMatchObject({ attachmentVersionsDeleted: 1, backupDays: expect.any(Number) });
        const kept = Date.parse(certificate.attachmentsFinalFrom) - Date.parse(certificate.destroyedAt);
        expect(kept).toBe((certificate.backupDays + 1) * DAY);
      }
      expect(await keysOf(destroyed.id)).toBe(0);
      const late = { contentType: 'text/plain', bytes: 1, sha256: Buffer.alloc(32).toString('base64') };
      const [ana] = (await again(people.ana)) as [Person];
      const again410 = await run.request(ana, 'POST', `conversations/${destroyed.id}/attachments`, late);
      expect(again410).toMatchObject({ status: 410, body: { code: 'shredded' } });
      await stamped(run);

      clock.advance(2 * DAY); // the orphan goes, and nothing else
      await expect.poll(async () => swept(() => keysOf(expires.id)), EACH_MINUTE).toBe(1);
      clock.advance(DEPLOYED_DAYS * DAY);
      const [ben] = (await again(people.ben)) as [Person];
      for (const { id } of [expires, held]) {
        const answer = await run.request(ben, 'POST', `conversations/${id}/messages/1/downloads`, {});
        expect(answer).toMatchObject({ status: 404, body: { code: 'unknown-attachment' } });
      }
      clock.advance(8 * DAY);
      await expect.poll(async () => swept(() => keysOf(expires.id)), EACH_MINUTE).toBe(0);
      expect(await keysOf(held.id)).toBe(1);
    },
    PATIENCE,
  );

  test(
    'that is a picture has one preview, small and bare, for the members alone, which goes with what it shows',
    async () => {
      const { stack } = run;
      const { versions } = bucketOf(run);
      const [ana, ben, eve] = (await again(people.ana, people.ben, people.eve)) as [Person, Person, Person];
      const room = await aRoom(ana, ben);
      const isDrawing = (principal?: { readonly arn: string }) =>
        principal?.arn.includes('MakePreview') ?? false;
      const rule = { service: 'dynamodb', operation: 'UpdateItem', principal: isDrawing, effect: fail() };
      const letPass = stack.faults.add(rule);
      const lines = () => stack.logs.groups().flatMap((group) => stack.logs.read(group));
      const faults = () =>
        lines().filter(({ message }) => /"message":"fault".*"operation":"MakePreview"/.test(message));
      const before = faults().length;
      const file = await room.with.uploaded(await redAndBlue('image/jpeg', 900, 600), 'image/jpeg');
      const seq = await room.with.sent(file);
      const kept = async () => (await versions()).filter((key) => key.includes(file.attachmentId)).sort();
      const both = ['files', 'previews'].map((place) => `${place}/${room.id}/${file.attachmentId}`);
      await expect.poll(faults, { timeout: 20_000 }).toHaveLength(before + 1); // it was kept, and could not be noted
      expect(await kept()).toEqual(both);
      const preview = { rendition: 'preview' };
      await room.with.opened(seq, ben);
      expect(await room.with.download(seq, ben, preview)).toMatchObject({
        body: { code: 'no-preview' },
      });

      letPass();
      const ask = () => room.with.download(seq, ben, preview);
      await expect
        .poll(
          async () => {
            stack.clock.advance(20_000); // Lambda tries an event again a minute later, and finds the preview it kept
            return (await ask()).status;
          },
          { interval: 1_000, timeout: 30_000 },
        )
        .toBe(200);
      expect(await kept()).toEqual(both);
      const { url } = (await ask()).body as Download;
      const { status, bytes, headers } = await get(url);
      expect([status, headers.get('content-disposition')]).toEqual([200, 'attachment']);
      expect(isBarePicture(bytes, 'image/jpeg')).toBe(true);
      const { width, height } = await Picture.fromBuffer(bytes);
      expect([width, height]).toEqual([512, 341]);
      expect((await get(url.replace('/previews/', '/files/'))).status).toBe(403);
      expect(await room.with.download(seq, eve, preview)).toMatchObject({
        body: { code: 'not-a-member' },
      });

      for (const name of ['olga-2', 'otto-2']) {
        const officer = await run.person(name, 'privacy-officer');
        const answer = await run.request(officer, 'POST', 'admin/shreds', { conversationId: room.id });
        expect(answer.status).toBe(200);
      }
      expect(await kept()).toEqual([]);
    },
    PATIENCE,
  );
});

/** What each step costs where its function is warm and nobody listens (a push is a call more): AWS calls of our functions and units of DynamoDB, the record's among them. */
const budget = {
  begin: { invocations: 1, calls: 5, readUnits: 2, writeUnits: 3, s3Calls: 0, kmsCalls: 0 },
  put: { invocations: 0, calls: 0, readUnits: 0, writeUnits: 0, s3Calls: 0, kmsCalls: 0 },
  complete: { invocations: 1, calls: 8, readUnits: 3, writeUnits: 2, s3Calls: 3, kmsCalls: 0 },
  send: { invocations: 1, calls: 6, readUnits: 4, writeUnits: 2, s3Calls: 0, kmsCalls: 0 },
  download: { invocations: 1, calls: 6, readUnits: 5, writeUnits: 1, s3Calls: 0, kmsCalls: 0 },
  // of a person whom the environment has not met for 13 minutes: one call of STS more
  firstDownload: { invocations: 1, calls: 7, readUnits: 5, writeUnits: 1, s3Calls: 0, kmsCalls: 0 },
};

/** The same of what happens in parts, and behind: in the functions that each verdict runs. */
const budgetBehind = {
  beginParts: { invocations: 1, calls: 6, readUnits: 2, writeUnits: 3, s3Calls: 1, kmsCalls: 0 },
  permitPart: { invocations: 1, calls: 4, readUnits: 3, writeUnits: 1, s3Calls: 0, kmsCalls: 0 },
  completeParts: { invocations: 1, calls: 10, readUnits: 3, writeUnits: 2, s3Calls: 5, kmsCalls: 0 }, // its first bytes are looked at, too
  scan: { invocations: 1, calls: 5, readUnits: 4, writeUnits: 2, s3Calls: 0, kmsCalls: 0 }, // its record among them
  preview: { invocations: 1, calls: 6, readUnits: 3, writeUnits: 1, s3Calls: 2, kmsCalls: 0 },
};

type Cost = ReturnType<typeof priceOf>;

function withoutBytes<Steps extends Readonly<Record<string, Cost>>>(steps: Steps) {
  const entries = Object.entries(steps).map(([step, { s3Bytes: _, ...counts }]) => [step, counts] as const);
  return Object.fromEntries(entries);
}

/** What the functions called that a verdict runs, for one upload: `begin` puts it, and what it gives completes it. */
async function behindIt(begin: () => Promise<() => Promise<unknown>>) {
  const { meter } = run.stack;
  const doors = { scan: 'RecordScan', preview: 'MakePreview' } as const;
  const calls: CallRecord[] = [];
  const of = (door: string) => calls.filter(({ principal }) => principal?.includes(door));
  const off = meter.on((call) => calls.push(call));
  await (await begin())();
  const done = () =>
    of(doors.preview).some(({ operation }) => operation === 'UpdateItem') && of(doors.scan).length > 0;
  await expect.poll(done, { timeout: 30_000 }).toBe(true);
  await idle();
  off();
  return { scan: priceOf(1, of(doors.scan)), preview: priceOf(1, of(doors.preview)) };
}

/** Once no function is at work. */
async function idle(): Promise<void> {
  const busy = () => run.stack.functions.environments().filter(({ state }) => state === 'busy');
  await expect.poll(busy, { timeout: 30_000 }).toEqual([]);
}

/** S3 as one of our roles, of a door or of what a door assumes, has it. */
function asRole(name: string): S3Client {
  const { resources, account, credentials, awsEndpointUrl: endpoint } = run.stack;
  const role = resources.find(
    ({ type, logicalId }) => type === 'AWS::IAM::Role' && logicalId.startsWith(name),
  );
  const session = sessionOf(role ?? expect.fail(`there is no role ${name}`), resources, account, name);
  const client = new S3Client({ region: account.region, endpoint, credentials: credentials.issue(session) });
  onTestFinished(() => client.destroy());
  return client;
}

async function versionOf(Key: string): Promise<string | undefined> {
  const { client, Bucket } = bucketOf(run);
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
  return Versions[0]?.VersionId;
}

/** What the functions called while something was done, by the front door's own count; of several requests the last one alone, where told so. */
async function costOf(act: () => Promise<void>, which: 'all' | 'last' = 'all') {
  const { traffic, meter } = run.stack;
  const traces: string[] = [];
  const off = traffic.on(({ traceId }) => traces.push(traceId.replace('Root=', '')));
  await act();
  off();
  const counted = which === 'all' ? traces : traces.slice(-1);
  return priceOf(
    counted.length,
    counted.flatMap((trace) => meter.byTrace(trace)),
  );
}

function priceOf(invocations: number, calls: readonly CallRecord[]) {
  const units = (kind: 'read' | 'write') => calls.reduce((sum, call) => sum + call.units[kind], 0);
  const of = (name: string) => calls.filter(({ service }) => service === name);
  const s3Bytes = of('s3').reduce((sum, call) => sum + call.requestBytes + call.responseBytes, 0);
  return {
    ...{ invocations, calls: calls.length },
    ...{ readUnits: units('read'), writeUnits: units('write') },
    ...{ s3Calls: of('s3').length, kmsCalls: of('kms').length, s3Bytes },
  };
}

/** What the trail says of an attachment's scans. */
async function scansOf(attachmentId: string) {
  const records = await recordsOf(run);
  return records
    .filter(({ operation, object }) => operation === 'attachment.scan' && object === attachmentId)
    .map((record) => {
      expect(record).toMatchObject({ person: '-', people: [people.ana.id], purpose: 'operations' });
      return { outcome: record.outcome, ...(record.code !== undefined && { code: record.code }) };
    });
}

/** What the functions logged and counted. */
function told(): readonly Readonly<Record<string, unknown>>[] {
  const { logs } = run.stack;
  const lines = logs.groups().flatMap((group) => logs.read(group).map(({ message }) => message));
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** That whoever administers the account deletes nothing there, and hides nothing: what is hidden, S3's own rules end a day later. */
async function refusedToAdministrators(Prefix: string): Promise<void> {
  const { client, Bucket } = bucketOf(run);
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
  const [{ Key, VersionId } = {}] = Versions;
  for (const version of [{}, { VersionId }]) {
    const deletion = new DeleteObjectCommand({ Bucket, Key, ...version });
    await expect(client.send(deletion)).rejects.toMatchObject({ name: 'AccessDenied' });
  }
  const Objects = [{ Key }, { Key, VersionId }];
  const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(Errors?.map(({ Code }) => Code)).toEqual(['AccessDenied', 'AccessDenied']);
}

interface Room {
  readonly id: string;
  readonly with: ReturnType<typeof attaching>;
}

/** A conversation of Ana and Ben of its own, and what Ana does with files there. */
async function aRoom(ana = people.ana, ben = people.ben): Promise<Room> {
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  const { conversationId: id } = body as { conversationId: string };
  return { id, with: attaching(run, id, ana, await run.socket(ana)) };
}

/** The same people under new sign-ins: the clock has been turned. */
async function again(...given: readonly Person[]): Promise<readonly Person[]> {
  const fresh: Person[] = [];
  for (const person of given) fresh.push(await signInAgain(run, person));
  return fresh;
}

/** What there is once another minute has passed. */
async function swept<T>(look: () => Promise<T>): Promise<T> {
  run.stack.clock.advance(61_000);
  return look();
}
