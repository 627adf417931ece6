import * as z from 'zod';
import { arn } from '../account.ts';
import type { Identify, Resource } from '../template/resource.ts';
import {
  AdvancedEventSelectors,
  advanced,
  basic,
  EventSelectors,
  everyManagementEvent,
  type Selects,
} from './event-selectors.ts';

/** A trail as the template has it. */
export interface TrailSettings {
  readonly name: string;
  readonly arn: string;
  readonly bucket: string;
  /** What keys begin with, before `AWSLogs/`. */
  readonly prefix: string;
  /** The key that log files and digests are encrypted under; absent: the bucket's own. */
  readonly keyArn?: string;
  readonly makesDigests: boolean;
  readonly startsLogging: boolean;
  readonly isMultiRegion: boolean;
  readonly includesGlobalEvents: boolean;
  readonly logGroupArn?: string;
  readonly selects: Selects;
  /** As the template gives them, for GetEventSelectors. */
  readonly selectors: { readonly EventSelectors?: unknown; readonly AdvancedEventSelectors?: unknown };
}

const flag = z.boolean().or(z.stringbool());
const Properties = z.strictObject({
  TrailName: z.string().optional(),
  S3BucketName: z.string(),
  S3KeyPrefix: z.string().optional(),
  KMSKeyId: z.string().optional(),
  EnableLogFileValidation: flag.default(false),
  IsLogging: flag,
  IsMultiRegionTrail: flag.default(false),
  IncludeGlobalServiceEvents: flag.default(true),
  CloudWatchLogsLogGroupArn: z.string().optional(),
  CloudWatchLogsRoleArn: z.string().optional(),
  EventSelectors: EventSelectors.optional(),
  AdvancedEventSelectors: AdvancedEventSelectors.optional(),
  Tags: z.unknown().optional(),
});

/** `Ref` is the trail's name. */
export const identifyTrail: Identify = ({ account, stack, logicalId, seed, property }) => {
  const given = property('TrailName');
  const name = typeof given === 'string' ? given : `${stack}-${logicalId}-${seed.slice(0, 12)}`.slice(-128);
  return { ref: name, attributes: { Arn: arn(account, 'cloudtrail', `trail/${name}`) } };
};

/** Throws, by name, for what CloudTrail refuses or the local run does not do. */
export function trailSettings(resource: Resource, keyArnOf: (named: string) => string): TrailSettings {
  const where = `${resource.stack}.${resource.logicalId} (${resource.type})`;
  const read = Properties.safeParse(resource.properties);
  if (!read.success) throw new Error(`${where}: ${z.prettifyError(read.error)}`);
  const properties = read.data;
  const { EventSelectors: plain, AdvancedEventSelectors: fine } = properties;
  if (plain && fine) throw new Error(`${where}: it has both EventSelectors and AdvancedEventSelectors`);
  return {
    name: resource.ref,
    arn: resource.attributes.Arn ?? '',
    bucket: properties.S3BucketName,
    prefix: properties.S3KeyPrefix === undefined ? '' : `${properties.S3KeyPrefix}/`,
    ...(properties.KMSKeyId !== undefined && { keyArn: keyArnOf(properties.KMSKeyId) }),
    makesDigests: properties.EnableLogFileValidation,
    startsLogging: properties.IsLogging,
    isMultiRegion: properties.IsMultiRegionTrail,
    includesGlobalEvents: properties.IncludeGlobalServiceEvents,
    ...(properties.CloudWatchLogsLogGroupArn !== undefined && {
      logGroupArn: properties.CloudWatchLogsLogGroupArn,
    }),
    selects: fine ? advanced(fine, where) : plain ? basic(plain) : everyManagementEvent,
    selectors: {
      ...(plain && { EventSelectors: plain }),
      ...(fine && { AdvancedEventSelectors: fine }),
    },
  };
}
