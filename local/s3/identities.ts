import type { Identify } from '../template/resource.ts';

/** `Ref` is the bucket's name: the template's, or `<stack>-<logical id>-<12 letters and digits>` in lower case, 63 characters at most. */
export const identifyBucket: Identify = ({ account, stack, logicalId, seed, property }) => {
  const given = property('BucketName');
  const name = typeof given === 'string' ? given : generatedName(stack, logicalId, seed);
  const { partition, region, urlSuffix } = account;
  return {
    ref: name,
    attributes: {
      Arn: `arn:${partition}:s3:::${name}`,
      DomainName: `${name}.s3.${urlSuffix}`,
      RegionalDomainName: `${name}.s3.${region}.${urlSuffix}`,
      DualStackDomainName: `${name}.s3.dualstack.${region}.${urlSuffix}`,
    },
  };
};

/** `Ref` is the name of the bucket that the policy is of. */
export const identifyBucketPolicy: Identify = ({ property }) => ({
  ref: String(property('Bucket')),
  attributes: {},
});

function generatedName(stack: string, logicalId: string, seed: string): string {
  const suffix = seed.slice(0, 12);
  const room = 63 - suffix.length - 2;
  const ofId = logicalId.slice(0, Math.max(Math.ceil(room / 2), room - stack.length));
  return `${stack.slice(0, room - ofId.length)}-${ofId}-${suffix}`.toLowerCase();
}
