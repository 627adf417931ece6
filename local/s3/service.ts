import { join } from 'node:path';
import type { Account } from '../account.ts';
import { arn } from '../account.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { CredentialStore, IssuedCredentials } from '../front-door/credentials.ts';
import type { RequestHead } from '../front-door/request-head.ts';
import {
  type Answer,
  AwsError,
  type Call,
  type StreamingService,
  type TrailFacts,
} from '../front-door/service.ts';
import { claimedService } from '../front-door/signature.ts';
import { checkPolicy } from '../iam/check-policy.ts';
import type { Authorization, NamedPolicy, PolicyDocument } from '../iam/policy.ts';
import { Listeners } from '../listeners.ts';
import type { KeyPolicyOf } from '../sqs/authorizations.ts';
import type { Resource } from '../template/resource.ts';
import { addressOf, isHostOfS3 } from './address.ts';
import { authorizationsFor, type Deciding } from './authorizations.ts';
import { Bucket } from './bucket.ts';
import { bucketSettings } from './bucket-settings.ts';
import { corsHeaders, preflight } from './cors.ts';
import { errorAnswer } from './error-answer.ts';
import { refusals } from './errors.ts';
import { identify } from './identify.ts';
import { identifyBucket, identifyBucketPolicy } from './identities.ts';
import { Journal } from './journal.ts';
import { applyLifecycle } from './lifecycle.ts';
import { type BucketCall, headersOf } from './object-call.ts';
import { ObjectFiles } from './object-files.ts';
import { operationOf } from './operation.ts';
import { operations } from './operations.ts';
import { isPresigned } from './signature-claim.ts';
import { type ObjectEvent, Store } from './store.ts';
import { hostIdOf, trailOf } from './trail.ts';
import { Part, Upload, Uploads } from './uploads.ts';
import { Version } from './version.ts';
import { xml } from './xml.ts';

export interface S3Options {
  readonly account: Account;
  readonly clock: Clock;
  readonly credentials: Pick<CredentialStore, 'find'>;
  /** Where objects lie between runs: see {@link ObjectFiles} for what that means. */
  readonly directory: string;
  readonly keyPolicyOf: KeyPolicyOf;
}

/** Amazon S3: buckets, which come from the template alone, and the objects in them. */
export class S3Service implements StreamingService {
  static readonly identifyBucket = identifyBucket;
  static readonly identifyBucketPolicy = identifyBucketPolicy;

  readonly name = 's3';
  readonly protocol = 'rest-xml';
  /** What happens to objects, after it has happened and before its call is answered. */
  readonly events = new Listeners<ObjectEvent>();

  /** Properties of the template's buckets that stand still here, and what that means. */
  readonly inert: { readonly type: string; readonly meaning: string }[] = [];

  private readonly options: S3Options;
  private readonly deciding: Deciding;
  private readonly store: Store;
  private readonly journal: Journal<Version>;
  private readonly uploadJournals: { readonly uploads: Journal<Upload>; readonly parts: Journal<Part> };
  private nextLifecycle: CancelTimer | undefined;
  private readonly buckets = new Map<string, Bucket>();
  private readonly policies = new Map<string, NamedPolicy>();

  constructor(options: S3Options) {
    this.options = options;
    const { account, clock, keyPolicyOf, directory } = options;
    const now = () => clock.now();
    const keyArnOf = (named: string) =>
      named.startsWith('arn:') ? named : arn(account, 'kms', `key/${named}`);
    this.journal = new Journal(join(directory, 'versions.jsonl'), Version);
    this.uploadJournals = {
      uploads: new Journal(join(directory, 'uploads.jsonl'), Upload),
      parts: new Journal(join(directory, 'parts.jsonl'), Part),
    };
    const uploads = new Uploads(this.uploadJournals);
    this.deciding = {
      account,
      keyPolicyOf,
      keyArnOf,
      now,
      uploads,
      policyOf: (bucket) => this.policies.get(bucket),
    };
    this.store = new Store({
      ...{ now, keyPolicyOf, keyArnOf, uploads, files: new ObjectFiles(directory) },
      tell: (event) => this.events.tell(event),
    });
  }

  addBucket(resource: Resource): void {
    if (resource.properties.LoggingConfiguration !== undefined) this.inert.push(NO_ACCESS_LOG);
    this.buckets.set(resource.ref, new Bucket(bucketSettings(resource), this.journal));
  }

  /** A bucket's resource policy, of which it has one. */
  addPolicy({ stack, logicalId, properties }: Resource): void {
    const name = String(properties.Bucket);
    const policy = { name: logicalId, document: properties.PolicyDocument as PolicyDocument };
    checkPolicy(policy, 'resource');
    if (!this.buckets.has(name)) throw new Error(`${stack}.${logicalId}: no bucket ${name} in the template`);
    if (this.policies.has(name))
      throw new Error(`${stack}.${logicalId}: the bucket ${name} has a policy already`);
    this.policies.set(name, policy);
  }

  /** A bucket's resource policy; undefined where it has none. */
  policyOf(bucket: string): NamedPolicy | undefined {
    return this.policies.get(bucket);
  }

  /** Takes up what the last run left, and follows the buckets' lifecycles: at once, and at each midnight UTC. */
  start(): void {
    const kept = [...this.journal.values()].flatMap(({ pieces }) => pieces.map(({ file }) => file));
    this.store.files.keepOnly(new Set([...kept, ...this.store.uploads.files()]));
    this.applyLifecycles();
  }

  close(): void {
    this.nextLifecycle?.();
    this.journal.close();
    this.uploadJournals.uploads.close();
    this.uploadJournals.parts.close();
  }

  isFor(request: RequestHead): boolean {
    const { headers, path } = request;
    const claimed = claimedService(headers);
    if (claimed !== undefined) return claimed === 's3';
    if (isHostOfS3(headers.host ?? '') || isPresigned(request)) return true;
    return headers['x-amz-target'] === undefined && this.buckets.has(path.split('/')[1] ?? '');
  }

  answerToAnybody(request: RequestHead): Answer | undefined {
    if (request.method !== 'OPTIONS') return undefined;
    const { bucket } = addressOf(request);
    const found = bucket === undefined ? undefined : this.buckets.get(bucket);
    if (!found) throw refusals.noSuchBucket(bucket ?? '');
    return preflight(request, found.settings.cors);
  }

  operationIn(request: RequestHead): string {
    const query = new URLSearchParams(request.query.replaceAll('+', '%2B'));
    const operation = operationOf(addressOf(request), request.method, query, headersOf(request));
    if (operation === undefined) throw refusals.unserved(`${request.method} with these parameters`);
    return operation;
  }

  identify(request: RequestHead): IssuedCredentials {
    return identify(request, this.options);
  }

  decidesByItem(operation: string): boolean {
    return operation === 'DeleteObjects';
  }

  authorizations(call: Call): readonly Authorization[] {
    if (call.operation === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
    const given = this.bucketCall(call);
    return this.decidesByItem(call.operation) ? [] : authorizationsFor(given, this.deciding);
  }

  async handle(call: Call): Promise<Answer> {
    if (call.operation === 'ListBuckets') return this.listBuckets();
    const work = operations[call.operation];
    if (!work) throw refusals.unserved(call.operation);
    return work(this.bucketCall(call), this.store, this.deciding);
  }

  trail(call: Call): TrailFacts {
    const length = Number(call.headers['content-length'] ?? 0);
    return trailOf(call, addressOf(headOf(call)), { in: length });
  }

  answerTo(error: AwsError, request: RequestHead, requestId: string): Answer {
    return errorAnswer(error, request, requestId);
  }

  headersFor(request: RequestHead, requestId: string): Record<string, string> {
    const bucket = this.buckets.get(bucketIn(request));
    return {
      'x-amz-request-id': requestId,
      'x-amz-id-2': hostIdOf(requestId),
      server: 'AmazonS3',
      ...(bucket ? corsHeaders(request, bucket.settings.cors) : {}),
    };
  }

  private applyLifecycles(): void {
    const { clock } = this.options;
    for (const bucket of this.buckets.values()) applyLifecycle(bucket, this.store);
    this.nextLifecycle = clock.at((Math.floor(clock.now() / DAY_MS) + 1) * DAY_MS, () =>
      this.applyLifecycles(),
    );
  }

  private bucketCall(call: Call): BucketCall {
    const head = headOf(call);
    const { bucket: name = '', key = '' } = addressOf(head);
    const bucket = this.buckets.get(name);
    if (!bucket) throw refusals.noSuchBucket(name);
    return { call, bucket, key, headers: headersOf(head), query: call.query };
  }

  private listBuckets(): Answer {
    const { accountId } = this.options.account;
    const Bucket = [...this.buckets.keys()].sort().map((Name) => ({ Name }));
    return { body: xml('ListAllMyBucketsResult', { Owner: { ID: accountId }, Buckets: { Bucket } }) };
  }
}

function headOf({ streamed }: Call): RequestHead {
  if (!streamed) throw new Error('S3 takes calls that flow');
  return streamed.head;
}

function bucketIn(request: RequestHead): string {
  try {
    return addressOf(request).bucket ?? '';
  } catch (error) {
    if (error instanceof AwsError) return '';
    throw error;
  }
}

const DAY_MS = 24 * 3600 * 1000;
const NO_ACCESS_LOG = {
  type: 'AWS::S3::Bucket LoggingConfiguration',
  meaning: 'no server access log is written; the trail has every call',
};
