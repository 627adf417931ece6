import * as z from 'zod';

/** One enabled rule of a bucket's lifecycle; days are whole days of the Clock. */
export interface LifecycleRule {
  readonly id: string;
  readonly prefix: string;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly expireAfterDays?: number;
  readonly expireDeleteMarkers: boolean;
  readonly noncurrent?: { readonly days: number; readonly keepNewest: number };
  readonly abortUploadsAfterDays?: number;
}

const days = z.coerce.number().int().positive();
const Tag = z.strictObject({ Key: z.string(), Value: z.string() });

const Rule = z.strictObject({
  Id: z.string().optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  Prefix: z.string().optional(),
  TagFilters: z.array(Tag).optional(),
  ExpirationInDays: days.optional(),
  ExpiredObjectDeleteMarker: z.union([z.boolean(), z.stringbool()]).optional(),
  NoncurrentVersionExpirationInDays: days.optional(),
  NoncurrentVersionExpiration: z
    .strictObject({ NoncurrentDays: days, NewerNoncurrentVersions: days.optional() })
    .optional(),
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: days }).optional(),
});

/** The part of AWS::S3::Bucket's LifecycleConfiguration that is served; anything else stops the start by its name. */
export const LifecycleConfiguration = z.strictObject({
  Rules: z.array(Rule),
  TransitionDefaultMinimumObjectSize: z.unknown().optional(),
});

export function lifecycleRules(
  given: z.infer<typeof LifecycleConfiguration> | undefined,
): readonly LifecycleRule[] {
  const enabled = (given?.Rules ?? []).filter(({ Status }) => Status === 'Enabled');
  return enabled.map((rule, place): LifecycleRule => {
    const noncurrentDays =
      rule.NoncurrentVersionExpiration?.NoncurrentDays ?? rule.NoncurrentVersionExpirationInDays;
    const abortDays = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    return {
      id: rule.Id ?? `rule-${place}`,
      prefix: rule.Prefix ?? '',
      tags: rule.TagFilters ?? [],
      ...(rule.ExpirationInDays === undefined ? {} : { expireAfterDays: rule.ExpirationInDays }),
      expireDeleteMarkers: rule.ExpiredObjectDeleteMarker ?? false,
      ...(noncurrentDays === undefined
        ? {}
        : {
            noncurrent: {
              days: noncurrentDays,
              keepNewest: rule.NoncurrentVersionExpiration?.NewerNoncurrentVersions ?? 0,
            },
          }),
      ...(abortDays === undefined ? {} : { abortUploadsAfterDays: abortDays }),
    };
  });
}
