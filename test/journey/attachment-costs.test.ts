import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { delay } from '../../local/front-door/faults.ts';
import type { CallRecord } from '../../local/front-door/meter.ts';
import { type Begun, digest, put } from '../fixtures/attaching.ts';
import { report } from '../fixtures/results.ts';
import type { Run } from '../fixtures/running.ts';
import { type Sharing, startSharing } from '../fixtures/sharing.ts';
import { redAndBlue } from '../functions/pictures/drawing.ts';
import { PATIENCE } from './promises/clinic.ts';

let run: Run;
let people: Sharing['people'];
let conversationId: string;
let anas: Sharing['anas'];
beforeAll(async () => {
  ({ run, people, conversationId, anas } = await startSharing());
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
