import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectTaggingCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { type Kept, KeptJobs, type Next } from '../events/kept-jobs.ts';
import type { Credentials } from '../front-door/credentials.ts';
import type { ObjectEvent } from '../s3/store.ts';
import type { Plan } from './plan.ts';
import type { Scanner, Source, Verdict } from './verdict.ts';

const Scanned = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  etag: z.string(),
  size: z.number(),
});
/** One version of an object that is to be scanned. */
export type Scanned = Readonly<z.infer<typeof Scanned>>;

export interface ProtectedBucketParts {
  readonly plan: Plan;
  readonly clock: Clock;
  /** Of a session of the plan's role: what that may not, the scan may not. */
  readonly credentials: Credentials;
  readonly awsEndpointUrl: () => string;
  readonly region: string;
  readonly scanner: Scanner;
  readonly tell: (plan: Plan, scanned: Scanned, verdict: Verdict, isTagged: boolean) => void;
  readonly stateFile: string;
  readonly onFault: (error: unknown) => void;
}

/**
 * Scans each new object of a plan's bucket as the plan's role, through the front door like everybody, tags it with the
 * verdict and tells of it. What a run ended in the midst of is scanned by the next.
 */
export class ProtectedBucket {
  private readonly parts: ProtectedBucketParts;
  private readonly jobs: KeptJobs<Scanned>;
  private s3: S3Client | undefined;
  private closed = false;

  constructor(parts: ProtectedBucketParts) {
    this.parts = parts;
    const { clock, stateFile, onFault } = parts;
    this.jobs = new KeptJobs({
      clock,
      stateFile,
      schema: Scanned,
      onFault,
      attempt: (job) => this.attempt(job),
    });
  }

  start(): void {
    this.jobs.start();
  }

  /** Takes up what happened in the bucket, where it is for a scan. */
  hear({ kind, bucket, version }: ObjectEvent): void {
    const { plan } = this.parts;
    const isCovered =
      plan.prefixes.length === 0 || plan.prefixes.some((prefix) => version.key.startsWith(prefix));
    if (kind !== 'Object Created' || bucket.settings.name !== plan.bucket || !isCovered) return;
    const { key, versionId, etag, size } = version;
    this.jobs.add({ job: { bucket: plan.bucket, key, versionId, etag, size } });
  }

  close(): void {
    this.closed = true;
    this.jobs.close();
    this.s3?.destroy();
  }

  private async attempt({ job }: Kept<Scanned>): Promise<Next<Scanned>> {
    const verdict = await this.verdictOn(job);
    if (!verdict || this.closed) return 'over';
    const { plan, tell } = this.parts;
    const isTagged = plan.tags ? await this.tag(job, verdict) : true;
    if (!this.closed) tell(plan, job, verdict, isTagged);
    return 'over';
  }

  /** Undefined where the object is gone. */
  private async verdictOn(job: Scanned): Promise<Verdict | undefined> {
    try {
      return await this.parts.scanner(this.source(job));
    } catch (error) {
      if (error instanceof S3ServiceException) {
        if (isGone(error)) return undefined;
        if (error.name === 'AccessDenied' || error.name.startsWith('KMS.'))
          return { status: 'ACCESS_DENIED', threats: [] };
      } else if (!this.closed) this.parts.onFault(error); // the scanner's own; what the bucket answers is a verdict
      return { status: 'FAILED', threats: [] };
    }
  }

  private source({ bucket: Bucket, key: Key, versionId, size }: Scanned): Source {
    const VersionId = versionId === 'null' ? undefined : versionId;
    return {
      size,
      read: async (start, end) => {
        const Range = start === 0 && end === size - 1 ? undefined : `bytes=${start}-${end}`;
        const { Body } = await this.client().send(new GetObjectCommand({ Bucket, Key, VersionId, Range }));
        return (Body ?? []) as AsyncIterable<Buffer>;
      },
    };
  }

  /** Adds the verdict to the tags that are there; false where the role may not. */
  private async tag({ bucket: Bucket, key: Key, versionId }: Scanned, { status }: Verdict): Promise<boolean> {
    const of = { Bucket, Key, ...(versionId === 'null' ? {} : { VersionId: versionId }) };
    try {
      const { TagSet = [] } = await this.client().send(new GetObjectTaggingCommand(of));
      const others = TagSet.filter((tag) => tag.Key !== TAG);
      const tags = [...others, { Key: TAG, Value: status }];
      await this.client().send(new PutObjectTaggingCommand({ ...of, Tagging: { TagSet: tags } }));
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException) return isGone(error);
      throw error;
    }
  }

  private client(): S3Client {
    const { awsEndpointUrl, region, credentials, clock } = this.parts;
    this.s3 ??= new S3Client({
      region,
      endpoint: awsEndpointUrl(),
      credentials,
      forcePathStyle: true,
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    this.s3.config.systemClockOffset = clock.ahead;
    return this.s3;
  }
}

/** GuardDuty user guide, "Using tag-based access control". */
const TAG = 'GuardDutyMalwareScanStatus';

function isGone({ name }: S3ServiceException): boolean {
  return name === 'NoSuchKey' || name === 'NoSuchVersion' || name === 'NoSuchBucket';
}
