import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { delay, fail } from '../../local/front-door/faults.ts';
import { ExportManifest, type PatientExport } from '../../protocol/exports.ts';
import type { DestructionCertificate } from '../../protocol/requests.ts';
import { attaching, bucketOf, get } from '../fixtures/attaching.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { Bundle } from '../fixtures/fhir-r4.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';
import { unzip } from '../fixtures/unzip.ts';
import { isSignedByItsKey } from '../fixtures/verify-receipt.ts';
import { zip } from '../fixtures/zip.ts';

const MINUTE = 60_000;
const NASTY = `<script>alert("1")</script> & 'so on' \u202e`;
const SCAN = randomBytes(300_000);
const LOCKED = { encrypted: true };
/** The test file that every scanner knows (EICAR), in two parts so that none finds it here. */
const EICAR = Buffer.from(
  ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join(''),
);

let run: Run;
let ana: Person;
let ben: Person;
let officer: Person;
let deputy: Person;
let socket: BareSocket;
/** What of the ward's files nobody may open, and why. */
const closed: { attachmentId: string; why: string }[] = [];
const where: Record<'ward' | 'later' | 'left' | 'others' | 'destroyed', string> = {
  ...{ ward: '', later: '', left: '', others: '', destroyed: '' },
};

beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-export', 'clinician');
  ben = await run.person('ben-export', 'patient');
  officer = await run.person('officer-export', 'privacy-officer');
  deputy = await run.person('deputy-export', 'privacy-officer');
  const cleo = await run.person('cleo-export', 'patient');
  socket = await run.socket(ana);
  await socket.ask({ type: 'session.open' });
  where.ward = await group([ben.id], `Ward ${NASTY}`);
  await say(where.ward, NASTY);
  const file = attaching(run, where.ward, ana, socket);
  const seq = await file.sent(await file.uploaded(SCAN));
  await file.opened(seq, ben);
  await sayClosed(file);
  where.later = await group([cleo.id]);
  await say(where.later, 'before Ben came');
  await must('POST', `conversations/${where.later}/members`, { person: ben.id });
  await say(where.later, 'after Ben came');
  where.left = await group([ben.id]);
  await say(where.left, 'while Ben was there');
  await must('DELETE', `conversations/${where.left}/members/${ben.id}`);
  where.others = await group([cleo.id]);
  await say(where.others, 'nothing to do with Ben');
  where.destroyed = await group([ben.id]);
  await say(where.destroyed, 'what was destroyed');
  for (const one of [officer, deputy])
    await run.request(one, 'POST', 'admin/shreds', { conversationId: where.destroyed });
}, 120_000);
afterAll(() => run.close());

async function must(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await run.request(ana, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function group(members: readonly string[], title?: string): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members, ...(title && { title }) };
  return ((await must('POST', 'conversations', proposal)) as { conversationId: string }).conversationId;
}

async function say(conversationId: string, text: string): Promise<void> {
  const body = { kind: 'text', text };
  const frame = { type: 'message.send', ref: randomUUID(), conversationId, since: 0, body };
  const answer = await socket.ask(frame, ({ type }) => type === 'message.accepted' || type === 'refused');
  expect(answer).toMatchObject({ type: 'message.accepted' });
}

/** Sends what is found infected, or not to be looked into, once it is sent: before, nobody could send it. */
async function sayClosed(file: ReturnType<typeof attaching>): Promise<void> {
  const isVerdict = (principal?: { readonly arn: string }) => principal?.arn.includes('RecordScan') ?? false;
  const rule = { service: 'dynamodb', operation: 'UpdateItem', principal: isVerdict, effect: delay(5_000) };
  const off = run.stack.faults.add(rule);
  const found = {
    'malware-found': zip({ 'findings.txt': EICAR }),
    'not-scannable': zip({ a: SCAN }, LOCKED),
  };
  const sent: { seq: number; why: string }[] = [];
  for (const [why, bytes] of Object.entries(found)) {
    const begun = await file.uploaded(bytes, 'application/zip');
    sent.push({ seq: await file.sent(begun), why });
    closed.push({ attachmentId: begun.attachmentId, why });
  }
  off();
  const said = ({ seq }: { seq: number }) => file.download(seq, ben).then(({ body }) => body);
  const isKnown = async () => {
    for (const one of sent) expect(await said(one)).toMatchObject({ code: one.why });
  };
  await vi.waitFor(isKnown, { timeout: 30_000, interval: 100 }); // outside of tests, too
}

const ask = (person: Person, about = ben.id) =>
  run.request(person, 'POST', 'admin/exports', { person: about });
const download = (person: Person, exportId: string) =>
  run.request(person, 'POST', `admin/exports/${exportId}/download`, {});
async function listed(exportId: string): Promise<PatientExport | undefined> {
  const { body } = await run.request(officer, 'GET', 'admin/exports');
  return (body as { exports: PatientExport[] }).exports.find((one) => one.exportId === exportId);
}

async function madeAgain(): Promise<PatientExport> {
  await ask(officer);
  const { exportId } = (await ask(deputy)).body as PatientExport;
  run.stack.clock.advance(MINUTE);
  await expect.poll(async () => (await listed(exportId))?.state, { timeout: 60_000 }).toBe('ready');
  return (await listed(exportId)) as PatientExport;
}

async function made(): Promise<PatientExport> {
  expect((await ask(officer)).body).toMatchObject({ state: 'awaiting-second-person' });
  expect((await ask(officer)).body).toMatchObject({ state: 'awaiting-second-person' }); // oneself is no second
  const { status, body } = await ask(deputy);
  expect([status, body]).toEqual([200, expect.objectContaining({ state: 'building', person: ben.id })]);
  const { exportId } = body as PatientExport;
  expect((await download(officer, exportId)).body).toMatchObject({ code: 'export-not-ready' });
  run.stack.clock.advance(MINUTE);
  await expect.poll(async () => (await listed(exportId))?.state, { timeout: 30_000 }).toBe('ready');
  const ready = await listed(exportId);
  if (!ready) throw new Error('the export is gone');
  return ready;
}

test('two privacy officers have everything made into one file that a patient may see, and nothing else; it is there for a week', async () => {
  const ready = await made();
  const { url, until } = (await download(deputy, ready.exportId)).body as { url: string; until: string };
  expect(Date.parse(until) - run.stack.clock.now()).toBeLessThanOrEqual(MINUTE);
  expect(url).not.toContain(ben.id);
  const { bytes } = await get(url);
  const fetched = run.stack.trail.events().findLast(({ eventName }) => eventName === 'GetObject');
  expect(fetched?.userIdentity).toMatchObject({ sessionContext: { sourceIdentity: deputy.id } });
  expect([bytes.length, sha256(bytes)]).toEqual([ready.bytes, ready.sha256]);

  const files = unzip(bytes);
  const manifest = ExportManifest.parse(JSON.parse(String(files.get('manifest.json'))));
  const others = [...files].filter(([path]) => path !== 'manifest.json');
  const summed = others.map(([path, one]) => ({ path, bytes: one.length, sha256: sha256(one) }));
  expect(manifest.files).toEqual(summed);
  expect(manifest.conversations).toEqual(
    expect.arrayContaining([
      { conversationId: where.ward, floor: 0, entries: 4 },
      { conversationId: where.later, floor: 1, entries: 2 },
      expect.objectContaining({ conversationId: where.destroyed, entries: 0 }),
    ]),
  );
  expect(manifest.conversations).toHaveLength(3);
  expect(manifest.omitted).toEqual(closed.map((one) => ({ conversationId: where.ward, ...one })));
  expect(manifest.omitted.map(({ why }) => why)).toEqual(['malware-found', 'not-scannable']);
  const ofClosed = (path: string) =>
    path.endsWith('.zip') || closed.some(({ attachmentId }) => path.includes(attachmentId));
  expect([...files.keys()].filter(ofClosed)).toEqual([]);
  const whole = others.map(([, one]) => one.toString('utf8')).join('\n');
  expect(whole).not.toContain(String(EICAR));
  for (const hidden of [
    'before Ben came',
    'while Ben was there',
    'nothing to do with Ben',
    'what was destroyed',
  ])
    expect(whole, hidden).not.toContain(hidden);
  for (const shown of ['after Ben came', 'alert("1")'.replaceAll('"', '\\"')]) expect(whole).toContain(shown);
  const scan = [...files].find(([path]) => path.endsWith('/findings.pdf'));
  expect(scan?.[1].equals(SCAN)).toBe(true);

  const page = String(files.get(`conversations/${where.ward}/messages.html`));
  expect(page).not.toContain('<script');
  expect(page).toContain(`&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;so on&#39;`);
  expect(page).toContain("default-src 'none'");
  const link = /href="(attachments[^"]*)"/.exec(page)?.[1];
  expect(files.has(`conversations/${where.ward}/${link}`)).toBe(true);
  const index = String(files.get('index.html'));
  expect([...index.matchAll(/href="([^"]+)"/g)].every(([, path = '']) => files.has(path))).toBe(true);

  const bundle = Bundle.parse(JSON.parse(String(files.get('fhir/bundle.json'))));
  const types = bundle.entry.map(({ resource }) => resource.resourceType);
  const count = (type: string) => types.filter((one) => one === type).length;
  expect(['Patient', 'Communication', 'DocumentReference', 'Practitioner'].map(count)).toEqual([1, 5, 3, 1]);
  const document = bundle.entry.find(({ resource }) => resource.resourceType === 'DocumentReference');
  const withFile = bundle.entry.filter(({ resource }) => JSON.stringify(resource).includes('"url":"../'));
  expect(withFile.filter(({ resource }) => resource.resourceType === 'DocumentReference')).toHaveLength(1); // what is closed is told of alone
  const to = /"url":"\.\.\/([^"]+)"/.exec(JSON.stringify(document))?.[1] ?? '';
  expect(files.get(to)?.equals(SCAN)).toBe(true);

  run.stack.clock.advance(MINUTE + 1);
  expect((await get(url)).status).toBe(403); // the permit lived for its minute
  run.stack.clock.advance(Date.parse(ready.until ?? '') - run.stack.clock.now() - 2 * MINUTE);
  officer = await signInAgain(run, officer); // a minute before the end of its week
  expect((await download(officer, ready.exportId)).status).toBe(200);
  run.stack.clock.advance(MINUTE);
  expect((await download(officer, ready.exportId)).body).toMatchObject({ code: 'export-gone' });
  await expect.poll(async () => (await listed(ready.exportId))?.state, { timeout: 30_000 }).toBe('gone');
  const stored = await bucketOf(run).versions();
  expect(stored.some((key) => key.startsWith('files/'))).toBe(true);
  expect(stored.filter((key) => key.startsWith('exports/'))).toEqual([]);
  expect(recorded()).toEqual(['export.approve', 'export.ask', 'export.download']);
}, 120_000);

test('nobody else asks for one, alone or of somebody who is no patient, and what fails is made at the next attempt', async () => {
  deputy = await signInAgain(run, deputy);
  ana = await signInAgain(run, ana);
  expect((await ask(ana)).body).toMatchObject({ code: 'not-allowed' });
  expect((await ask(deputy, ana.id)).body).toMatchObject({ code: 'unknown-person' });
  expect((await download(deputy, 'a'.repeat(26))).body).toMatchObject({ code: 'unknown-export' });

  const off = run.stack.faults.add({ service: 's3', operation: 'UploadPart', effect: fail() });
  officer = await signInAgain(run, officer);
  await ask(officer);
  const { exportId } = (await ask(deputy)).body as PatientExport;
  run.stack.clock.advance(MINUTE);
  const failures = () =>
    run.stack.logs
      .groups()
      .flatMap((name) => run.stack.logs.read(name))
      .filter(({ message }) => message.includes('"export-failed"'));
  await expect.poll(() => failures().length, { timeout: 60_000 }).toBeGreaterThan(0);
  off();
  run.stack.clock.advance(17 * MINUTE); // its claim is over
  officer = await signInAgain(run, officer);
  await expect.poll(async () => (await listed(exportId))?.state, { timeout: 60_000 }).toBe('ready');
}, 180_000);

test('what is destroyed goes from every export, and what expires by a policy that changed meanwhile, at once', async () => {
  await officersAgain();
  await madeAgain();
  await officersAgain();
  const ready = (await exportsNow()).filter(({ state }) => state === 'ready');
  const [held] = ready;
  const permit = (await download(deputy, held?.exportId ?? '')).body as { url: string };
  const certificate = await shredded(where.later);
  expect(certificate.exportsDeleted).toBe(ready.length);
  expect(await isSignedByItsKey(run, certificate)).toBe(true);
  expect((await get(permit.url)).status).toBe(403); // what is not there, to who may not look
  const left = (await bucketOf(run).versions()).filter((key) => key.startsWith('exports/'));
  expect(left).toEqual([]);
  expect(await listed(held?.exportId ?? '')).toMatchObject({ state: 'gone', endedBy: 'destruction' });
  expect(await download(deputy, held?.exportId ?? '')).toMatchObject({
    ...{ status: 410, body: { code: 'export-withdrawn' } },
  });

  run.stack.clock.advance(2 * 24 * 60 * MINUTE);
  await officersAgain();
  const { exportId } = await madeAgain();
  await officersAgain();
  const files = unzip((await get(((await download(deputy, exportId)).body as { url: string }).url)).bytes);
  const whole = [...files.values()].map((one) => one.toString('utf8')).join('\n');
  expect(whole).not.toContain('after Ben came');
  expect(whole).toContain('alert');
  for (const one of [officer, deputy]) {
    const { status } = await run.request(one, 'POST', 'admin/retention', { kind: 'group', days: 1 });
    expect(status).toBe(200);
  }
  expect((await download(deputy, exportId)).body).toMatchObject({ code: 'export-withdrawn' }); // its messages are older than a day
  run.stack.clock.advance(MINUTE);
  await expect
    .poll(() => listed(exportId), { timeout: 30_000 })
    .toMatchObject({ state: 'gone', endedBy: 'retention' });
}, 180_000);

async function officersAgain(): Promise<void> {
  officer = await signInAgain(run, officer);
  deputy = await signInAgain(run, deputy);
}

async function exportsNow(): Promise<PatientExport[]> {
  const { body } = await run.request(officer, 'GET', 'admin/exports');
  return (body as { exports: PatientExport[] }).exports;
}

async function shredded(conversationId: string): Promise<DestructionCertificate> {
  await run.request(officer, 'POST', 'admin/shreds', { conversationId });
  const { body } = await run.request(deputy, 'POST', 'admin/shreds', { conversationId });
  return (body as { certificate: DestructionCertificate }).certificate;
}

/** Operations about exports that were allowed, each once, by the log of decisions. */
function recorded(): unknown[] {
  const { logs } = run.stack;
  const lines = logs.groups().flatMap((name) => logs.read(name));
  const decisions = lines
    .filter(({ message }) => message.includes('"export.'))
    .map(({ message }) => JSON.parse(message));
  const allowed = decisions.filter(
    ({ outcome, operation }) => outcome === 'allowed' && operation !== 'export.list',
  );
  expect(allowed.every(({ people }) => people.includes(ben.id))).toBe(true);
  const downloads = allowed.filter(({ operation }) => operation === 'export.download');
  expect(downloads.every(({ opened }) => opened.includes(where.ward) && !opened.includes(where.left))).toBe(
    true,
  );
  return [...new Set(allowed.map(({ operation }) => operation))].sort();
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
