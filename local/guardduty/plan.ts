import * as z from 'zod';
import { arn } from '../account.ts';
import type { Identify, Resource } from '../template/resource.ts';

/** A bucket that is scanned, and as whom. */
export interface Plan {
  readonly arn: string;
  readonly roleArn: string;
  readonly bucket: string;
  /** Objects whose names begin with one of these are scanned; empty: all. */
  readonly prefixes: readonly string[];
  readonly tags: boolean;
}

/** `Ref` is the plan's id. */
export const identifyPlan: Identify = ({ account, seed }) => {
  const id = seed.slice(0, 20);
  return {
    ref: id,
    attributes: {
      Arn: arn(account, 'guardduty', `malware-protection-plan/${id}`),
      MalwareProtectionPlanId: id,
      Status: 'ACTIVE',
    },
  };
};

/** Throws, by name, for a property that the local run does not do. */
export function planOf(resource: Resource): Plan {
  const read = Properties.safeParse(resource.properties);
  if (!read.success) {
    throw new Error(
      `${resource.stack}.${resource.logicalId} (${resource.type}): ${z.prettifyError(read.error)}`,
    );
  }
  const { Role, ProtectedResource, Actions } = read.data;
  return {
    arn: resource.attributes.Arn ?? '',
    roleArn: Role,
    bucket: ProtectedResource.S3Bucket.BucketName,
    prefixes: ProtectedResource.S3Bucket.ObjectPrefixes,
    tags: Actions?.Tagging?.Status === 'ENABLED',
  };
}

const Properties = z.strictObject({
  Role: z.string(),
  ProtectedResource: z.strictObject({
    S3Bucket: z.strictObject({
      BucketName: z.string(),
      ObjectPrefixes: z.array(z.string()).max(5).default([]),
    }),
  }),
  Actions: z
    .strictObject({ Tagging: z.strictObject({ Status: z.enum(['ENABLED', 'DISABLED']) }).optional() })
    .optional(),
  Tags: z.unknown().optional(),
});
