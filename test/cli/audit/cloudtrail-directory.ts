import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { newDigestKey, publicHalf, signatureOf } from '../../../local/cloudtrail/digest-key.ts';
import {
  type DeliveredFile,
  digestFile,
  entryOf,
  logFile,
  type Previous,
  signedText,
} from '../../../local/cloudtrail/files.ts';
import type { TrailSettings } from '../../../local/cloudtrail/trail-settings.ts';
import type { TrailEvent } from '../../../local/front-door/trail.ts';

const trail = { name: 'Clinic', bucket: 'trails', prefix: '' } as TrailSettings;
const HOUR = 3_600_000;
const begin = Date.parse('2026-05-04T08:00:00Z');
const key = newDigestKey(begin); // a quarter of a second: one for all

export interface Directory {
  readonly path: string;
  readonly logs: readonly string[];
  readonly digests: readonly string[];
  place(key: string): string;
}

/**
 * What a trail delivers in so many hours, two log files each, and one more after the last digest; gone with the test. Each of
 * `stops` is an hour in which logging stood still, so that the digest after it begins a chain.
 */
export function trailDirectory(hours: number, stops: readonly number[] = []): Directory {
  const path = mkdtempSync(join(tmpdir(), 'trail-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const signatures: Record<string, string> = {};
  const logs: string[] = [];
  const place = (name: string) => join(path, ...name.split('/'));
  const put = ({ key: name, body }: DeliveredFile) => {
    mkdirSync(dirname(place(name)), { recursive: true });
    writeFileSync(place(name), body);
  };
  const log = (at: number) => {
    const events = [event(at)];
    const file = logFile(events, trail, localAccount, at);
    put(file);
    logs.push(file.key);
    return entryOf(file, trail.bucket, events);
  };
  let previous: Previous | undefined;
  for (let hour = 0; hour < hours; hour += 1) {
    if (stops.includes(hour)) previous = undefined;
    if (stops.includes(hour)) continue;
    const from = begin + hour * HOUR;
    const to = from + HOUR;
    const logFiles = [log(from + 600_000), log(from + 1_800_000)];
    const file = digestFile(
      { from, to, logFiles, previous },
      publicHalf(key).fingerprint,
      trail,
      localAccount,
    );
    const signature = signatureOf(signedText(file, trail.bucket, to, previous), key);
    put(file);
    signatures[file.key] = signature;
    previous = { s3Bucket: trail.bucket, s3Object: file.key, hashValue: file.hash, signature };
  }
  log(begin + hours * HOUR + 600_000);
  const { value, fingerprint } = publicHalf(key);
  const PublicKeyList = [{ Value: value.toString('base64'), Fingerprint: fingerprint }];
  writeFileSync(join(path, 'public-keys.json'), JSON.stringify({ PublicKeyList }));
  writeFileSync(join(path, 'signatures.json'), JSON.stringify(signatures));
  return { path, logs, digests: Object.keys(signatures), place };
}

/** A log file of one event, delivered at such a time, that no digest names. */
export function strayLog(at: string): DeliveredFile {
  const time = Date.parse(at);
  return logFile([event(time)], trail, localAccount, time);
}

function event(at: number): TrailEvent {
  return {
    eventTime: new Date(at).toISOString().replace(/\.\d{3}/, ''),
    ...{ eventSource: 's3.amazonaws.com', eventName: 'GetObject', eventID: `event-${at}`, readOnly: true },
    sourceIPAddress: '192.0.2.1',
    userIdentity: {
      ...{ type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/AsPerson/nina' },
      sessionContext: { sessionIssuer: { userName: 'AsPerson' }, sourceIdentity: 'nina' },
    },
    requestParameters: { bucketName: 'files', key: 'files/c1/a1' },
  } as unknown as TrailEvent;
}
