import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { NOTHING_YET, type Reached, type SealedHead } from '../../../functions/audit/head.ts';
import { readLine } from '../../../functions/audit/lines.ts';
import {
  inTwelveDigits,
  type SealedBatches,
  type SealingRooms,
} from '../../../functions/audit/seal-records.ts';
import type { Signer } from '../../../functions/domain/receipt.ts';

/** What is thrown where a sealer is ended from outside, before or after a step has had its effect. */
export class Crash extends Error {}

/** Runs one step of a sealer; may end the sealer before or after it, or have others go first. */
export type Step = <T>(name: string, effect: () => T | Promise<T>) => Promise<T>;

const straight: Step = async (_name, effect) => effect();

/** A signing key that lives in this process. */
export interface TestKey {
  readonly signer: Signer;
  readonly publicKey: KeyObject;
  readonly pem: string;
}

export const KEY_ID = 'arn:aws:kms:us-east-1:111122223333:key/mrk-0123456789abcdef';

export function testKey(keyId = KEY_ID): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const signer: Signer = {
    keyId,
    algorithm: 'ECDSA_SHA_256',
    sign: async (bytes) => sign('sha256', bytes, key),
  };
  return { signer, publicKey, pem };
}

/** A bucket whose names are written once, and the item that says how far the trail is sealed: as many sealers as are wanted share them. */
export class SealedPlace {
  readonly objects = new Map<string, Buffer>();
  signatures = 0;
  now = Date.parse('2030-01-31T23:59:50.000Z');
  private reached: Reached = NOTHING_YET;
  private lastPath: string | undefined;
  private nextDay: string | undefined;
  readonly key: TestKey;

  constructor(key = testKey()) {
    this.key = key;
  }

  /** The rooms of one sealer, each step of which goes through `step`. */
  rooms(step: Step = straight): SealingRooms {
    return {
      batches: this.batches(step),
      seals: {
        next: (day) =>
          step('next', () => {
            this.nextDay ??= day;
            const { reached, lastPath } = this;
            return { reached, day: this.nextDay, ...(lastPath !== undefined && { lastPath }) };
          }),
        reach: (reached, path) =>
          step('reach', () => {
            if (reached.number !== this.reached.number + 1) return;
            [this.reached, this.lastPath, this.nextDay] = [reached, path, undefined];
          }),
      },
      signer: {
        ...this.key.signer,
        sign: (bytes) =>
          step('sign', () => {
            this.signatures += 1;
            return this.key.signer.sign(bytes);
          }),
      },
      now: () => this.now,
      pause: () => step('pause', () => {}),
    };
  }

  /** Takes the item back to what it was, as a restored table does. */
  restore(to: Reached = NOTHING_YET, path?: string): void {
    [this.reached, this.lastPath, this.nextDay] = [to, path, undefined];
  }

  private batches(step: Step): SealedBatches {
    const put = (path: string, body: Buffer) => {
      if (this.objects.has(path)) return false;
      this.objects.set(path, body);
      return true;
    };
    const read = (path: string) => {
      const found = this.objects.get(path);
      if (!found) throw new Error(`there is no ${path}`);
      return found;
    };
    const headPath = (number: number) => `sealed/heads/${inTwelveDigits(number)}.json`;
    return {
      putRecords: (path, lines) =>
        step('putRecords', () => put(path, gzipSync(lines.map(({ text }) => `${text}\n`).join('')))),
      records: (path) =>
        step('records', () => gunzipSync(read(path)).toString().split('\n').slice(0, -1).map(readLine)),
      putHead: (head) => step('putHead', () => put(headPath(head.number), Buffer.from(JSON.stringify(head)))),
      head: (number) =>
        step('head', () => {
          const found = this.objects.get(headPath(number));
          return found && (JSON.parse(found.toString()) as SealedHead);
        }),
    };
  }
}
