import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJimp } from '@jimp/core';
import jpeg from '@jimp/js-jpeg';
import png from '@jimp/js-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { trafficLine } from '../../cli/traffic-line.ts';
import { parsing } from '../../functions/wiring/parse.ts';
import { delay, dropBefore, type Effect, refuse, throttle } from '../../local/front-door/faults.ts';
import { AwsError } from '../../local/front-door/service.ts';
import { AskAmendment, DecideAmendment } from '../../protocol/amendments.ts';
import { BeginUpload, DownloadAttachment, UploadPart } from '../../protocol/attachments.ts';
import { OpenEmergency, ReviewEmergency } from '../../protocol/emergencies.ts';
import { AskExport } from '../../protocol/exports.ts';
import { clientFrames } from '../../protocol/frames.ts';
import { ChangeRoles, CreatePerson, RestrictPatient, SignOff } from '../../protocol/people.ts';
import {
  AddMember,
  ChangeRetention,
  CreateConversation,
  PlaceHold,
  RevokeSession,
  ShredConversation,
} from '../../protocol/requests.ts';
import { attachments } from '../../sdk/index.ts';
import { attaching, put } from '../fixtures/attaching.ts';
import { BareSocket } from '../fixtures/bare-socket.ts';
import { type Field, textOf } from '../fixtures/broken-json.ts';
import { framesOf, requestsOf } from '../fixtures/broken-requests.ts';
import { Canaries, hitsIn, planted, written } from '../fixtures/canaries.ts';
import type { Person } from '../fixtures/deployed.ts';
import { httpRoutes } from '../fixtures/every-door.ts';
import { strayLines } from '../fixtures/log-lines.ts';
import { rawRequest } from '../fixtures/raw-wire.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { directorySink, type Sink, sinksOf } from '../fixtures/sinks.ts';
import { dicomOf } from '../functions/pictures/dicom-file.ts';
import { dressedJpeg, dressedPng, exif, exifSegment } from '../sdk/attachments/dressed-pictures.ts';
import { devicesOf } from '../sdk/devices.ts';

const Picture = createJimp({ formats: [jpeg, png] });

const BUCKETS = 'the buckets, with what is in their objects';

/** Canaries in one query, path or set of headers. */
const EACH = 10;

const canaries = new Canaries();
/** What stands in the header of a file that is kept as it is, encrypted: in that one object, and nowhere else. */
const inside = new Canaries();
/** What the terminal shows of each frame, and what was answered where something was refused. */
const terminal: string[] = [];
const refusals: string[] = [];

let run: Run;
let directory: string;
let ana: Person;
let ben: Person;
let socket: BareSocket;
let conversationId: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'leaks-'));
  run = await startRun({ dataDirectory: directory });
  run.stack.traffic.on((record) =>
    terminal.push(trafficLine(record, run.stack.meter.byTrace(record.traceId.replace('Root=', '')), 0)),
  );
  ana = await run.person(`ana-${canaries.word('user name')}`, 'clinician');
  ben = await run.person(`ben-${canaries.word('user name')}`, 'patient');
  socket = await run.socket(ana);
  const title = canaries.one('title');
  const { body } = await run.request(ana, 'POST', 'conversations', {
    ref: randomUUID(),
    kind: 'group',
    members: [ben.id],
    title,
  });
  conversationId = (body as { conversationId: string }).conversationId;
});
afterAll(async () => {
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

const sinks = (): readonly Sink[] => [
  ...sinksOf(run),
  directorySink(BUCKETS, join(directory, 's3')),
  kept('the terminal', terminal),
  kept('answers that refuse', refusals),
];
const requests = () => requestsOf(conversationId, { self: ana.id, member: ben.id, stranger: ben.id });

test('the canaries know every frame, route and field there is, and which of them people fill', () => {
  const frames = framesOf(conversationId);
  expect(frames.map(({ type }) => type).sort()).toEqual(Object.keys(clientFrames).sort());
  expect(
    requests()
      .map(({ route }) => route)
      .sort(),
  ).toEqual(httpRoutes(run.stack).sort());
  const schemas = {
    ...clientFrames,
    'POST /conversations': CreateConversation,
    'POST /conversations/{conversationId}/attachments': z
      .strictObject(BeginUpload.shape)
      .omit({ conversationId: true }),
    'POST /conversations/{conversationId}/attachments/{attachmentId}/parts': UploadPart.pick({ part: true }),
    'POST /conversations/{conversationId}/messages/{seq}/downloads': DownloadAttachment.pick({
      rendition: true,
    }),
    'POST /conversations/{conversationId}/members': AddMember.omit({ conversationId: true }),
    'POST /admin/revocations': RevokeSession,
    'POST /admin/people': CreatePerson,
    'POST /admin/people/{person}/roles': z.strictObject(ChangeRoles.shape).omit({ person: true }),
    'POST /admin/recertifications/{quarter}/people/{person}': SignOff.omit({ quarter: true, person: true }),
    'POST /conversations/{conversationId}/emergency': OpenEmergency.omit({ conversationId: true }),
    'POST /admin/emergencies/{emergencyId}/review': ReviewEmergency.omit({ emergencyId: true }),
    'POST /admin/people/{person}/restrictions': RestrictPatient.omit({ person: true }),
    'POST /me/amendments': AskAmendment,
    'POST /admin/amendments/{amendmentId}/decision': DecideAmendment.omit({ amendmentId: true }),
    'POST /admin/exports': AskExport,
    'POST /admin/shreds': ShredConversation,
    'POST /admin/retention': ChangeRetention,
    'POST /admin/holds': PlaceHold,
  };
  const bodies = requests().filter(({ fields }) => fields.length > 0);
  const all = [
    ...frames.map(({ type, fields }) => ({ name: type, fields })),
    ...bodies.map(({ route, fields }) => ({ name: route, fields })),
  ];
  expect(all.map(({ name }) => name).sort()).toEqual(Object.keys(schemas).sort());
  for (const { name, fields } of all) {
    const schema = schemas[name as keyof typeof schemas];
    expect(namesOf(fields), name).toEqual(Object.keys(schema.shape).sort());
    const people = symbolsIn(parsing(schema)(JSON.parse(textOf(fields))));
    expect(
      people.filter((field) => written[field] === undefined),
      name,
    ).toEqual([]);
  }
});

test('thousands of values, in every place that a person could fill, stand in no sink, whatever was refused or went wrong', async () => {
  await inFrames();
  await inRequests();
  await inFiles();
  await inHandshakes();
  await whileItBreaks();

  expect(run.stack.trail.events().length).toBeLessThan(10_000); // or the first of them would be forgotten by now
  const searched = await Promise.all(
    sinks().map(async (sink) => {
      const parts = await sink.read();
      const kept = hitsIn(parts, inside.mark);
      return { sink: sink.name, parts: parts.length, hits: hitsIn(parts, canaries.mark), kept };
    }),
  );
  const sum = (of: 'parts' | 'hits') => searched.reduce((total, one) => total + one[of], 0);
  report('canaries', {
    valuesPlanted: canaries.planted,
    placesPlanted: canaries.places.size,
    sinksSearched: searched.length,
    partsSearched: sum('parts'),
    hits: sum('hits'),
  });
  expect(searched.filter(({ hits }) => hits > 0)).toEqual([]);
  expect(searched.filter(({ kept }) => kept > 0)).toMatchObject([{ sink: BUCKETS, kept: 1 }]); // the original; no preview
  expect(canaries.planted).toBeGreaterThan(3_000);
  expect(sum('parts')).toBeGreaterThan(2_000);
  expect(refusals.length).toBeGreaterThan(100);
  expect(strayLines(run)).toEqual([]);
  expect(await readBy(ben)).toContain(canaries.mark); // what was well-formed was stored, and opens for who may read it
}, 480_000);

test('a leak into any one of these sinks is found, in whatever way it is written', async () => {
  for (const sink of sinks()) {
    for (const [way, encoded] of Object.entries(ways)) {
      const leaked = new Canaries();
      expect(hitsIn(await sink.read(), leaked.mark)).toBe(0);
      await sink.plant(encoded(`x${leaked.one('a leak')}`));
      expect(hitsIn(await sink.read(), leaked.mark), `${sink.name} ${way}`).toBeGreaterThan(0);
    }
  }
});

const ways: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  escaped: (text) => JSON.stringify(JSON.stringify({ text })),
  'as a part of a URL': encodeURIComponent,
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in hex': (text) => Buffer.from(text).toString('hex'),
};

async function readBy(member: Person): Promise<string> {
  const { body } = await run.request(member, 'GET', `conversations/${conversationId}/messages`);
  return JSON.stringify(body);
}

async function inFrames(): Promise<void> {
  for (const { type, fields } of framesOf(conversationId)) {
    for (const text of planted(canaries, type, fields)) noted(await socket.ask(text));
  }
  for (const text of [
    canaries.one('no JSON'),
    `"${canaries.one('no object')}"`,
    `{"type":"${canaries.one('unknown type')}"}`,
  ]) {
    noted(await socket.ask(text));
  }
}

async function inRequests(): Promise<void> {
  for (const { route, method, target, fields } of requests()) {
    const bodies =
      fields.length > 0 ? planted(canaries, route, fields) : [canaries.one(`${route}, stray body`)];
    for (const body of bodies) await ask(method, target, { body });
    const query = new URLSearchParams(canaries.object(`${route}, query`, EACH));
    await ask(method, `${target}?${query}`, {});
    for (const name of ['after', 'before', 'limit']) {
      await ask(method, `${target}?${name}=${encodeURIComponent(canaries.one(`${route}, ${name}`))}`, {});
    }
    for (const id of [conversationId, ben.id].filter((one) => target.includes(one))) {
      await ask(method, target.replace(id, encodeURIComponent(canaries.one(`${route}, path`))), {});
    }
    await ask(method, target, {
      headers: headersWith(`${route}, header`),
      body: canaries.one(`${route}, stray body`),
    });
    await ask(method, target, { headers: { authorization: `Bearer ${canaries.word(`${route}, token`)}` } });
  }
  await ask('GET', `/${encodeURIComponent(canaries.one('no route'))}`, {});
  await ask(canaries.word('method').toUpperCase(), '/me', {});
}

/** In names, words and what a clinical photograph says; and in pictures' metadata, with the SDK, which takes it out, and without. */
async function inFiles(): Promise<void> {
  const hers = attaching(run, conversationId, ana, socket);
  const words = () => canaries.many('text beside a file', EACH).join(' ');
  for (let nth = 0; nth < 3; nth += 1) {
    const file = await hers.uploaded(randomBytes(100));
    const name = `${canaries.one('name of a file')}.pdf`;
    for (const wrong of [`${name}/..`, `${name}\u202e`, canaries.one('name of a file').repeat(20)]) {
      noted(await hers.say(file, { name: wrong, text: words() }));
    }
    expect(await hers.say(file, { name, text: words() })).toMatchObject({ type: 'message.accepted' });
  }
  const bare = await new Picture({ width: 32, height: 24, color: 0x336699ff }).getBuffer('image/jpeg');
  const photo = {
    ...{ kind: 'clinical-photo', name: `${canaries.one('name of a photograph')}.jpg`, text: words() },
    ...{ bodySite: canaries.one('body site'), laterality: 'left', patient: ben.id },
    consent: { by: 'patient', at: new Date(run.stack.clock.now()).toISOString() },
  };
  const shown = await hers.uploaded(bare, 'image/jpeg');
  expect(await hers.say(shown, photo)).toMatchObject({ type: 'message.accepted' });

  const nurse = await devicesOf(run).online(ana, { attachments: attachments() });
  for (const [type, dressed] of await dressedPictures(bare, words)) {
    const refused = await hers.begin(dressed, type);
    expect(await put(refused.upload, dressed)).toEqual({ status: 200 });
    const answer = await hers.complete(refused);
    expect(answer, type).toMatchObject({ status: 422 });
    refusals.push(JSON.stringify(answer.body));
    const file = new File([dressed], `${canaries.one('name of a picture')}.jpg`, { type });
    await nurse.chat.conversation(conversationId).sendFile(file, { text: words() }).acknowledged;
  }
  nurse.chat.close();

  const seq = await hers.sent(await hers.uploaded(scanned(), 'application/dicom'));
  const preview = () => hers.download(seq, ben, { rendition: 'preview' });
  await expect.poll(async () => (await preview()).status, { timeout: 30_000 }).toBe(200);
}

/** Pictures with words in every place of them that a camera or a program writes into: EXIF, XMP, comments, texts, and behind the end. */
async function dressedPictures(bare: Buffer, words: () => string) {
  const xmp = (text: string) =>
    Buffer.from(`http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/">${text}</x:xmpmeta>`);
  const drawn = await new Picture({ width: 32, height: 24, color: 0x336699ff }).getBuffer('image/png');
  const behind = () => Buffer.from(words());
  const worn = (as: number | string, content: Buffer) => ({ as, content });
  const text = (keyword: string, gap = '\0') => Buffer.from(`${keyword}${gap}${words()}`);
  return [
    ['image/jpeg', dressedJpeg(bare, [exifSegment(1, words())], [], behind())],
    ['image/jpeg', dressedJpeg(bare, [worn(0xe1, xmp(words()))], [], Buffer.alloc(0))],
    ['image/jpeg', dressedJpeg(bare, [], [worn(0xfe, behind())], Buffer.alloc(0))],
    ['image/png', dressedPng(drawn, [worn('tEXt', text('Author'))], [], Buffer.alloc(0))],
    ['image/png', dressedPng(drawn, [], [worn('iTXt', text('XML:com.adobe.xmp', '\0\0\0\0\0'))], behind())],
    ['image/png', dressedPng(drawn, [worn('eXIf', Buffer.from(exif(1, words())))], [], Buffer.alloc(0))],
  ] as const;
}

/** An image of a scanner, with the patient's name, number and date of birth in its header, which stays in it: whoever treats them needs it. */
function scanned(): Buffer {
  const said = (place: string) => inside.many(place, EACH).join(' ');
  return dicomOf([
    ['0008,0060', 'CS', 'CT'],
    ['0008,0080', 'LO', said('DICOM InstitutionName')],
    ['0010,0010', 'PN', said('DICOM PatientName')],
    ['0010,0020', 'LO', said('DICOM PatientID')],
    ['0010,4000', 'LT', said('DICOM PatientComments')],
    ['0028,0002', 'US', 1],
    ['0028,0004', 'CS', 'MONOCHROME2'],
    ['0028,0010', 'US', 2],
    ['0028,0011', 'US', 4],
    ['0028,0100', 'US', 8],
    ['0028,0101', 'US', 8],
    ['0028,0102', 'US', 7],
    ['0028,0103', 'US', 0],
    ['7fe0,0010', 'OW', Buffer.from([0, 30, 60, 90, 120, 150, 180, 210])],
  ]);
}

async function inHandshakes(): Promise<void> {
  const { webSocketUrl } = run.deployment;
  const { accessToken } = ana.tokens;
  const attempts = [
    BareSocket.open(webSocketUrl, canaries.word('handshake, token')),
    BareSocket.open(webSocketUrl, accessToken, {
      protocols: [canaries.word('handshake, subprotocol'), `bearer.${accessToken}`],
    }),
    BareSocket.open(webSocketUrl, accessToken, {
      origin: `https://${canaries.word('handshake, origin')}.example`,
    }),
    BareSocket.open(
      `${webSocketUrl}?${new URLSearchParams(canaries.object('handshake, query', EACH))}`,
      'forged',
    ),
    BareSocket.open(webSocketUrl, 'forged', { headers: headersWith('handshake, header') }),
  ];
  for (const attempt of await Promise.allSettled(attempts)) expect(attempt.status).toBe('rejected');
  const open = await BareSocket.open(webSocketUrl, accessToken, {
    headers: headersWith('handshake, header of an open socket'),
  });
  open.close();
}

/** What breaks: tables, keys and pushes that fail, quote what they were given, or are gone; a function that dies in the middle. */
async function whileItBreaks(): Promise<void> {
  const quoting = (what: string) => {
    const quoted = Array.from({ length: EACH }, () => canaries.word(what)).join(' '); // in letters that any field of the log takes
    return refuse(new AwsError('ValidationException', `1 validation error detected: ${quoted}`));
  };
  const broken: [service: string, operation: string, effects: readonly Effect[]][] = [
    ['dynamodb', 'PutItem', [quoting('error of PutItem'), throttle(), dropBefore()]],
    ['dynamodb', 'Query', [quoting('error of Query'), throttle()]],
    ['dynamodb', 'GetItem', [quoting('error of GetItem')]],
    ['dynamodb', 'BatchGetItem', [quoting('error of BatchGetItem')]],
    ['dynamodb', 'TransactWriteItems', [quoting('error of TransactWriteItems'), throttle()]],
    ['execute-api', 'PostToConnection', [quoting('error of PostToConnection')]],
  ];
  for (const [service, operation, effects] of broken) {
    for (const effect of effects) {
      const off = run.stack.faults.add({ service, operation, effect });
      noted(await send(`while ${operation} fails`));
      await ask('POST', '/conversations', { body: JSON.stringify(group(`while ${operation} fails`)) });
      await ask('GET', `/conversations/${conversationId}/messages`, {});
      off();
    }
  }
  await crashInTheMiddle();
}

async function crashInTheMiddle(): Promise<void> {
  const { faults, functions, resources } = run.stack;
  const sending = resources.find(
    ({ type, logicalId }) => type.endsWith('Function') && logicalId.startsWith('SendMessage'),
  );
  const off = faults.add({ service: 'dynamodb', operation: 'PutItem', effect: delay(2_000) });
  const answer = send('while the function dies');
  const busy = () =>
    functions.environments().filter(({ function: of, state }) => of === sending?.ref && state === 'busy');
  await expect.poll(() => busy().length).toBeGreaterThan(0);
  await functions.crash(sending?.ref ?? '');
  off();
  expect(await answer).toMatchObject({ message: 'Internal server error' });
}

function send(place: string) {
  const text = canaries.many(`text ${place}`, written.text ?? 0).join(' ');
  return socket.ask({
    type: 'message.send',
    ref: randomUUID(),
    conversationId,
    since: 0,
    body: { kind: 'text', text },
  });
}

function group(place: string) {
  const title = canaries.many(`title ${place}`, written.title ?? 0).join(' ');
  return { ref: randomUUID(), kind: 'group', members: [ben.id], title };
}

function headersWith(place: string): Record<string, string> {
  const usual = ['user-agent', 'referer', 'cookie', 'x-forwarded-for', 'x-amzn-trace-id', 'accept-language'];
  const names = [...usual, `x-${canaries.word(`${place}’s name`)}`];
  return Object.fromEntries(names.map((name) => [name, canaries.word(place)]));
}

async function ask(
  method: string,
  target: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string },
): Promise<void> {
  const sent = {
    authorization: `Bearer ${ana.tokens.accessToken}`,
    'content-type': 'application/json',
    ...headers,
  };
  const answer = await rawRequest(run.deployment.httpApiUrl, {
    method,
    target,
    headers: sent,
    ...(body !== undefined && { body }),
  });
  if (answer.status >= 400) refusals.push(answer.body);
}

/** Keeps an answer that tells of a refusal or a fault; any other may hold what its reader may read. */
function noted(answer: Readonly<Record<string, unknown>>): void {
  if (answer.type === 'refused' || answer.type === undefined) refusals.push(JSON.stringify(answer));
}

function kept(name: string, lines: string[]): Sink {
  return {
    name,
    read: async () => lines.map((line) => Buffer.from(line)),
    plant: async (text) => void lines.push(text),
  };
}

function namesOf(fields: readonly Field[]): string[] {
  return fields.map(({ name }) => name).sort();
}

function symbolsIn(value: unknown): string[] {
  return Object.entries(value ?? {}).flatMap(([name, one]) => {
    if (typeof one === 'symbol') return [name];
    return typeof one === 'object' ? symbolsIn(one) : [];
  });
}
