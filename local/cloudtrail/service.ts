import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Authorization } from '../iam/policy.ts';
import { StateFile } from '../state-file.ts';
import { type DigestKey, newDigestKey, publicHalf } from './digest-key.ts';
import type { RunningTrail } from './running-trail.ts';
import type { TrailSettings } from './trail-settings.ts';

const Keys = z.array(z.object({ privateKey: z.string(), validFrom: z.number() }));
const YEAR_MS = 365 * 24 * 3600 * 1000;

export interface CloudTrailOptions {
  readonly clock: Clock;
  readonly region: string;
  /** Where the key pair that signs digests is kept. */
  readonly keyFile: string;
}

/** AWS CloudTrail: the template's trails, and what of its API one asks of them. Trails come from the template alone. */
export class CloudTrailService implements AwsService {
  readonly name = 'cloudtrail';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'CloudTrail_20131101';
  readonly otherTargetPrefix = 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101';
  private readonly options: CloudTrailOptions;
  private readonly keys: StateFile<z.infer<typeof Keys>>;
  private readonly trails = new Map<string, RunningTrail>();

  constructor(options: CloudTrailOptions) {
    this.options = options;
    this.keys = new StateFile(options.keyFile, Keys);
  }

  add(trail: RunningTrail): void {
    this.trails.set(trail.settings.name, trail);
  }

  /** The key pair with which digests are signed; one for good. */
  readonly digestKey = (): DigestKey => {
    const [kept] = this.keys.read() ?? [];
    if (kept) return kept;
    const made = newDigestKey(this.options.clock.now());
    this.keys.write([made]);
    return made;
  };

  /** Delivers what waits of every trail, and a digest of it: what AWS does in its own time, for who cannot wait. */
  async deliver(): Promise<void> {
    for (const trail of this.trails.values()) await trail.digest();
  }

  running(): readonly RunningTrail[] {
    return [...this.trails.values()];
  }

  start(): void {
    for (const trail of this.trails.values()) trail.start();
  }

  async close(): Promise<void> {
    for (const trail of this.trails.values()) await trail.close();
  }

  authorizations(call: Call): readonly Authorization[] {
    this.workOf(call);
    const action = `cloudtrail:${call.operation}`;
    if (OF_ALL.has(call.operation)) return [{ action, resource: '*' }];
    return [{ action, resource: this.named(call).settings.arn }];
  }

  async handle(call: Call): Promise<Answer> {
    return { body: await this.workOf(call)(call) };
  }

  trail({ operation, input }: Call): TrailFacts {
    const trail = [...this.trails.values()].find(({ settings }) => isNamed(settings, input));
    const requestParameters = Object.fromEntries(
      Object.entries(input).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
    );
    return {
      category: 'Management',
      readOnly: !/^(Start|Stop)/.test(operation),
      resources: trail ? [{ type: 'AWS::CloudTrail::Trail', arn: trail.settings.arn }] : [],
      requestParameters,
    };
  }

  private workOf(call: Call): (call: Call) => unknown {
    const work = this.operations[call.operation];
    if (work) return work;
    throw new AwsError('UnsupportedOperationException', `this run does not serve ${call.operation}`);
  }

  private readonly operations: Readonly<Record<string, (call: Call) => unknown>> = {
    DescribeTrails: ({ input }) => {
      const names = Array.isArray(input.trailNameList) ? input.trailNameList : [];
      const all = [...this.trails.values()].filter(
        ({ settings: { name, arn } }) => names.length === 0 || names.includes(name) || names.includes(arn),
      );
      return { trailList: all.map(({ settings }) => this.described(settings)) };
    },
    GetTrail: (call) => ({ Trail: this.described(this.named(call).settings) }),
    GetTrailStatus: (call) => statusOf(this.named(call)),
    GetEventSelectors: (call) => {
      const { settings } = this.named(call);
      return { TrailARN: settings.arn, ...settings.selectors };
    },
    StartLogging: async (call) => {
      await this.named(call).startLogging();
      return {};
    },
    StopLogging: async (call) => {
      await this.named(call).stopLogging();
      return {};
    },
    ListPublicKeys: () => {
      const key = this.digestKey();
      const { value, fingerprint } = publicHalf(key);
      return {
        PublicKeyList: [
          {
            Value: value.toString('base64'),
            ValidityStartTime: Math.floor(key.validFrom / 1000),
            ValidityEndTime: Math.floor((this.options.clock.now() + YEAR_MS) / 1000),
            Fingerprint: fingerprint,
          },
        ],
      };
    },
  };

  private described(settings: TrailSettings): Readonly<Record<string, unknown>> {
    return {
      ...{ Name: settings.name, TrailARN: settings.arn, HomeRegion: this.options.region },
      ...{ S3BucketName: settings.bucket, IsMultiRegionTrail: settings.isMultiRegion },
      ...(settings.prefix !== '' && { S3KeyPrefix: settings.prefix.replace(/\/$/, '') }),
      ...(settings.keyArn && { KmsKeyId: settings.keyArn }),
      ...(settings.logGroupArn && { CloudWatchLogsLogGroupArn: settings.logGroupArn }),
      LogFileValidationEnabled: settings.makesDigests,
      IncludeGlobalServiceEvents: settings.includesGlobalEvents,
      ...{ IsOrganizationTrail: false, HasInsightSelectors: false },
      HasCustomEventSelectors: Object.keys(settings.selectors).length > 0,
    };
  }

  private named({ input }: Call): RunningTrail {
    const found = [...this.trails.values()].find(({ settings }) => isNamed(settings, input));
    if (found) return found;
    throw new AwsError('TrailNotFoundException', `Unknown trail: ${String(input.Name ?? input.TrailName)}`);
  }
}

/** Operations on no trail of a name. */
const OF_ALL = new Set(['DescribeTrails', 'ListPublicKeys']);

function isNamed({ name, arn }: TrailSettings, input: Call['input']): boolean {
  return [name, arn].includes(String(input.Name ?? input.TrailName));
}

/** Times are seconds since 1970. */
function statusOf({ state }: RunningTrail): Readonly<Record<string, unknown>> {
  const seconds = (time: number | undefined) => (time === undefined ? undefined : Math.floor(time / 1000));
  return {
    IsLogging: state.isLogging,
    StartLoggingTime: seconds(state.startedAt),
    StopLoggingTime: seconds(state.stoppedAt),
    LatestDeliveryTime: seconds(state.deliveredAt),
    LatestDeliveryError: state.deliveryError,
    LatestDigestDeliveryTime: seconds(state.digestedAt),
    LatestDigestDeliveryError: state.digestError,
  };
}
