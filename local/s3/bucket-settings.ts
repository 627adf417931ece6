import * as z from 'zod';
import type { Resource } from '../template/resource.ts';
import { LifecycleConfiguration, type LifecycleRule, lifecycleRules } from './lifecycle-rules.ts';

/** A bucket as the template has it. */
export interface BucketSettings {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  /** Versions are kept; otherwise each object has one, whose id is `null`. */
  readonly isVersioned: boolean;
  /** ARN of the customer managed key that objects are encrypted under unless a request says otherwise. */
  readonly defaultKey?: string;
  readonly usesBucketKey: boolean;
  readonly cors: readonly CorsRule[];
  readonly lifecycle: readonly LifecycleRule[];
  /** Whether what happens to objects is told to the account's default event bus. */
  readonly tellsEventBridge: boolean;
  /** Undefined where the bucket has no Object Lock. */
  readonly lock?: { readonly defaultRetention?: DefaultRetention };
}

export interface CorsRule {
  readonly AllowedMethods: readonly string[];
  readonly AllowedOrigins: readonly string[];
  readonly AllowedHeaders?: readonly string[] | undefined;
  readonly ExposedHeaders?: readonly string[] | undefined;
  readonly MaxAge?: number | undefined;
}

export interface DefaultRetention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly days: number;
}

/** Throws, by name, for a property that the local run does not do. */
export function bucketSettings(resource: Resource): BucketSettings {
  const read = Properties.safeParse(resource.properties);
  const where = `${resource.stack}.${resource.logicalId} (${resource.type})`;
  if (!read.success) throw new Error(`${where}: ${z.prettifyError(read.error)}`);
  const properties = read.data;
  const encryption = properties.BucketEncryption?.ServerSideEncryptionConfiguration[0];
  const byDefault = encryption?.ServerSideEncryptionByDefault;
  const isVersioned =
    properties.VersioningConfiguration?.Status === 'Enabled' || properties.ObjectLockEnabled === true;
  const retention = properties.ObjectLockConfiguration?.Rule?.DefaultRetention;
  if (retention && !properties.ObjectLockEnabled)
    throw new Error(`${where}: Object Lock needs ObjectLockEnabled`);
  return {
    name: resource.ref,
    arn: resource.attributes.Arn ?? '',
    logicalId: resource.logicalId,
    isVersioned,
    ...(byDefault?.SSEAlgorithm === 'aws:kms' && { defaultKey: keyOf(byDefault.KMSMasterKeyID, where) }),
    usesBucketKey: encryption?.BucketKeyEnabled === true,
    cors: properties.CorsConfiguration?.CorsRules ?? [],
    lifecycle: lifecycleRules(properties.LifecycleConfiguration),
    tellsEventBridge:
      properties.NotificationConfiguration?.EventBridgeConfiguration?.EventBridgeEnabled ?? false,
    ...(properties.ObjectLockEnabled && {
      lock: retention
        ? { defaultRetention: { mode: retention.Mode, days: retention.Days ?? (retention.Years ?? 0) * 365 } }
        : {},
    }),
  };
}

const flag = z.union([z.boolean(), z.stringbool()]);
const texts = z.array(z.string());

const Cors = z.strictObject({
  Id: z.string().optional(),
  AllowedMethods: texts,
  AllowedOrigins: texts,
  AllowedHeaders: texts.optional(),
  ExposedHeaders: texts.optional(),
  MaxAge: z.coerce.number().optional(),
});

const Encryption = z.strictObject({
  ServerSideEncryptionByDefault: z
    .strictObject({ SSEAlgorithm: z.enum(['AES256', 'aws:kms']), KMSMasterKeyID: z.string().optional() })
    .optional(),
  BucketKeyEnabled: flag.optional(),
});

const Retention = z
  .strictObject({
    Mode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
    Days: z.coerce.number().int().positive().optional(),
    Years: z.coerce.number().int().positive().optional(),
  })
  .refine(
    ({ Days, Years }) => (Days === undefined) !== (Years === undefined),
    'names days or years, and not both',
  );

const Properties = z.strictObject({
  BucketName: z.string().optional(),
  BucketEncryption: z
    .strictObject({ ServerSideEncryptionConfiguration: z.array(Encryption).length(1) })
    .optional(),
  VersioningConfiguration: z.strictObject({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  // Nothing here is ever public: no request without a signature is let in, and there are no ACLs
  PublicAccessBlockConfiguration: z.unknown().optional(),
  OwnershipControls: z
    .strictObject({ Rules: z.array(z.strictObject({ ObjectOwnership: z.literal('BucketOwnerEnforced') })) })
    .optional(),
  CorsConfiguration: z.strictObject({ CorsRules: z.array(Cors) }).optional(),
  LifecycleConfiguration: LifecycleConfiguration.optional(),
  NotificationConfiguration: z
    .strictObject({
      EventBridgeConfiguration: z.strictObject({ EventBridgeEnabled: flag.default(true) }).optional(),
    })
    .optional(),
  ObjectLockEnabled: flag.optional(),
  ObjectLockConfiguration: z
    .strictObject({
      ObjectLockEnabled: z.literal('Enabled').optional(),
      Rule: z.strictObject({ DefaultRetention: Retention.optional() }).optional(),
    })
    .optional(),
  LoggingConfiguration: z.unknown().optional(), // access logs are not written: the trail has every call
  Tags: z.unknown().optional(),
});

function keyOf(named: string | undefined, where: string): string {
  if (named?.startsWith('arn:')) return named;
  throw new Error(
    `${where}: aws:kms here needs the ARN of a key of the template, not ${named ?? 'the AWS managed key'}`,
  );
}
