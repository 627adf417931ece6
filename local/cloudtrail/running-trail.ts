import { setImmediate as immediate } from 'node:timers/promises';
import * as z from 'zod';
import type { Account } from '../account.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import { StateFile } from '../state-file.ts';
import type { Delivery } from './delivery.ts';
import { type DigestKey, publicHalf, signatureOf } from './digest-key.ts';
import { digestFile, entryOf, logFile, signedText } from './files.ts';
import type { TrailSettings } from './trail-settings.ts';
import { endOf, readNext } from './unread-events.ts';

const DELIVERY_MS = 5 * 60 * 1000;
const DIGEST_MS = 60 * 60 * 1000;

const time = z.string().nullable();
const State = z.object({
  isLogging: z.boolean(),
  startedAt: z.number().optional(),
  stoppedAt: z.number().optional(),
  /** How far the front door's trail has been delivered, in bytes. */
  offset: z.number(),
  /** When the digest under way began. */
  digestFrom: z.number(),
  pending: z.array(
    z.object({
      ...{ s3Bucket: z.string(), s3Object: z.string(), hashValue: z.string(), hashAlgorithm: z.string() },
      ...{ newestEventTime: time, oldestEventTime: time },
    }),
  ),
  previous: z
    .object({ s3Bucket: z.string(), s3Object: z.string(), hashValue: z.string(), signature: z.string() })
    .optional(),
  deliveredAt: z.number().optional(),
  digestedAt: z.number().optional(),
  deliveryError: z.string().optional(),
  digestError: z.string().optional(),
});
type State = z.infer<typeof State>;

export interface RunningTrailParts {
  readonly settings: TrailSettings;
  readonly account: Account;
  readonly clock: Clock;
  /** Where the front door writes every event of the account. */
  readonly eventsFile: string;
  readonly stateFile: string;
  readonly delivery: Delivery;
  readonly digestKey: () => DigestKey;
  readonly onFault: (error: unknown) => void;
}

/**
 * One trail at work: what its selectors take of the account's events is delivered every five minutes, and what was delivered is
 * told in a digest each hour. Where the clock jumps or the run was off, one digest is of the longer time: the chain has no gap.
 */
export class RunningTrail {
  readonly settings: TrailSettings;
  private readonly parts: RunningTrailParts;
  private readonly file: StateFile<State>;
  private kept: State;
  private timer: CancelTimer | undefined;
  private work: Promise<void> = Promise.resolve();

  constructor(parts: RunningTrailParts) {
    this.parts = parts;
    this.settings = parts.settings;
    this.file = new StateFile(parts.stateFile, State);
    const now = parts.clock.now();
    this.kept = this.file.read() ?? {
      isLogging: parts.settings.startsLogging,
      ...(parts.settings.startsLogging && { startedAt: now }),
      ...{ offset: endOf(parts.eventsFile), digestFrom: now, pending: [] },
    };
  }

  get state(): Readonly<State> {
    return this.kept;
  }

  start(): void {
    this.timer = this.parts.clock.after(DELIVERY_MS, () => {
      void this.follow().catch(this.parts.onFault);
      this.start();
    });
  }

  /** Waits for what is under way, and delivers no more; what waits is the next run's. */
  async close(): Promise<void> {
    this.timer?.();
    await this.work.catch(() => {});
    this.parts.delivery.close();
  }

  /** Delivers what waits, now. */
  deliver(): Promise<void> {
    return this.inTurn(async () => {
      if (this.kept.isLogging) await this.deliverAll();
    });
  }

  /** Delivers what waits and a digest of it, before its hour. */
  digest(): Promise<void> {
    return this.inTurn(async () => {
      if (!this.kept.isLogging) return;
      await this.deliverAll();
      await this.deliverDigest();
    });
  }

  async startLogging(): Promise<void> {
    await this.inTurn(async () => {
      if (this.kept.isLogging) return;
      const now = this.parts.clock.now();
      const { previous: _ends, stoppedAt: _over, ...kept } = this.kept;
      const offset = endOf(this.parts.eventsFile);
      this.keep({ ...kept, isLogging: true, startedAt: now, digestFrom: now, pending: [], offset }, true);
    });
  }

  /** Delivers, behind the answer, what happened until then, the call itself included, and a last digest. */
  async stopLogging(): Promise<void> {
    await this.work.catch(() => {});
    if (!this.kept.isLogging) return;
    this.keep({ isLogging: false, stoppedAt: this.parts.clock.now() });
    const last = this.inTurn(async () => {
      await immediate(); // by then the call's own event is written
      await this.deliverAll();
      await this.deliverDigest();
    });
    void last.catch(this.parts.onFault);
  }

  private follow(): Promise<void> {
    return this.inTurn(async () => {
      if (!this.kept.isLogging) return;
      await this.deliverAll();
      if (this.parts.clock.now() >= this.kept.digestFrom + DIGEST_MS) await this.deliverDigest();
    });
  }

  private async deliverAll(): Promise<void> {
    const { settings, account, clock, delivery, eventsFile } = this.parts;
    const end = endOf(eventsFile); // what delivering itself writes is for the next time
    while (this.kept.offset < end) {
      const { events, offset } = await readNext({ file: eventsFile, offset: this.kept.offset });
      const taken = events.filter(settings.selects);
      if (taken.length === 0) {
        this.keep({ offset });
        continue;
      }
      const now = clock.now();
      const file = logFile(taken, settings, account, now);
      const refusal = await delivery.put(file);
      if (refusal !== undefined) return this.keep({ deliveryError: refusal }); // and tried again in five minutes
      const entry = entryOf(file, settings.bucket, taken);
      const { deliveryError: _gone, ...kept } = this.kept;
      this.keep({ ...kept, offset, deliveredAt: now, pending: [...this.kept.pending, entry] }, true);
    }
  }

  private async deliverDigest(): Promise<void> {
    const { settings, account, clock, delivery, digestKey } = this.parts;
    if (!settings.makesDigests) return;
    const { digestFrom: from, pending: logFiles, previous } = this.kept;
    const to = clock.now();
    if (Math.floor(to / 1000) === Math.floor(from / 1000)) return; // its name would be that of the one before
    const key = digestKey();
    const file = digestFile({ from, to, logFiles, previous }, publicHalf(key).fingerprint, settings, account);
    const signature = signatureOf(signedText(file, settings.bucket, to, previous), key);
    const refusal = await delivery.put(file, { signature, 'signature-algorithm': 'SHA256withRSA' });
    if (refusal !== undefined) return this.keep({ digestError: refusal });
    const { digestError: _gone, ...kept } = this.kept;
    const next = { s3Bucket: settings.bucket, s3Object: file.key, hashValue: file.hash, signature };
    this.keep({ ...kept, digestFrom: to, pending: [], previous: next, digestedAt: to }, true);
  }

  private keep(change: Partial<State>, isWhole = false): void {
    this.kept = isWhole ? (change as State) : { ...this.kept, ...change };
    this.file.write(this.kept);
  }

  /** One after the other: two deliveries at once would deliver the same events twice. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    this.work = this.work.catch(() => {}).then(work);
    return this.work;
  }
}
