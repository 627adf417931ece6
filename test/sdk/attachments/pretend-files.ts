import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import {
  attachments,
  type ChatOptions,
  type KeptUpload,
  type OutboxStorage,
  type UploadStorage,
} from '../../../sdk/index.ts';
import type { HandClock } from '../hand-clock.ts';
import { start } from '../pretend-chat.ts';
import type { PretendDeployment } from '../pretend-deployment.ts';
import { PretendBucket } from './pretend-bucket.ts';

/** Seventy mebibytes: nine parts, the last of six. */
export const LARGE = Buffer.alloc(70 * 1024 * 1024, 'a lung, breathing');
export const SMALL = Buffer.from('%PDF-1.7 a letter');

/** A chat that sends files, on a deployment and with a bucket in memory. */
export async function withFiles(
  given: {
    readonly storage?: UploadStorage;
    readonly outbox?: OutboxStorage;
    readonly bucket?: PretendBucket;
    readonly deployment?: PretendDeployment;
    readonly clock?: HandClock;
  } = {},
) {
  const { storage, outbox } = given;
  let bucket = given.bucket as PretendBucket;
  const options: Partial<ChatOptions> = {
    fetch: (url, init) => bucket.fetch(url, init),
    attachments: attachments({ newHash: () => createHash('sha256'), ...(storage && { storage }) }),
    random: () => 0.5,
    ...(outbox && { outbox }),
    ...(given.clock && { clock: given.clock }),
    ...(given.deployment && { WebSocket: given.deployment.WebSocket }),
  };
  const started = start(options);
  const clock = given.clock ?? started.clock;
  bucket ??= new PretendBucket(clock);
  started.chat.connect().catch(() => {});
  await clock.turn(1000);
  expect(started.chat.state).toBe('live');
  return { ...started, clock, bucket, deployment: given.deployment ?? started.deployment };
}

/** Turns the clock a little at a time until it is so: files are really read meanwhile. */
export async function until(clock: HandClock, isSo: () => boolean): Promise<void> {
  const turned = async () => {
    await clock.turn(100);
    return isSo();
  };
  await expect.poll(turned, { interval: 3 }).toBe(true);
}

/** The same for a promise: what it resolves with, or the code that it rejects with. */
export async function outcome<Value>(clock: HandClock, promise: Promise<Value>): Promise<Value | string> {
  let end: { value: Value | string } | undefined;
  promise.then(
    (value) => {
      end = { value };
    },
    (error) => {
      end = { value: error.code ?? error };
    },
  );
  await until(clock, () => end !== undefined);
  return end?.value as Value | string;
}

/** A storage that outlives chats, of uploads or of an outbox. */
export function storageOf<Kept extends { readonly ref: string } = KeptUpload>() {
  const kept = new Map<string, Kept>();
  return {
    kept,
    load: async () => [...kept.values()],
    put: async (one: Kept) => void kept.set(one.ref, one),
    remove: async (ref: string) => void kept.delete(ref),
  };
}
