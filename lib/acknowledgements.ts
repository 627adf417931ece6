import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** A finding of a rule pack that stands, and why that is safe. An auditor reads these. */
export interface Acknowledgement {
  /** The rule, as the pack names it. */
  readonly rule: string;
  readonly reason: string;
  /** What protects instead. */
  readonly control: string;
  /** The test that shows the control, from the root of the repository. */
  readonly test: string;
}

/** Records the acknowledgements on a construct and all within it. A test fails on one that no finding needs. */
export function acknowledge(construct: IConstruct, acknowledgements: readonly Acknowledgement[]): void {
  for (const { rule, reason, control, test } of acknowledgements) {
    Validations.of(construct).acknowledge({
      id: rule,
      reason: `${reason} Instead: ${control} Shown by ${test}.`,
    });
  }
}

/** What holds for each Lambda function behind an API or a sign-in. */
export const doorFindings: readonly Acknowledgement[] = [
  {
    rule: 'HIPAA.Security-LambdaDLQ',
    reason:
      'API Gateway and Cognito invoke it and wait for its answer, or a destination is told of its failures, which the pack does not see; Lambda uses a dead-letter queue for asynchronous events only.',
    control:
      'a daily run that failed three times is noted in a queue; any other failure reaches the caller as a refusal, and a message is acknowledged only after it is stored, so the client sends again.',
    test: 'test/lib/hardening.test.ts',
  },
  {
    rule: 'HIPAA.Security-LambdaConcurrency',
    reason:
      'reserving concurrency is refused in an account whose quota is still 10, and starves the doors that share the rest.',
    control: 'both APIs are throttled at their stage.',
    test: 'test/lib/hardening.test.ts',
  },
  {
    rule: 'HIPAA.Security-LambdaInsideVPC',
    reason:
      '@connections is a public endpoint that no VPC endpoint reaches, so a function that pushes cannot sit in a VPC without a way out, and one without network of its own gains nothing there.',
    control:
      'nothing can connect to a function but its API; each role names exact actions on its own tables and keys.',
    test: 'test/lib/hardening.test.ts',
  },
];

/** What holds for the bucket of attachments. */
export const bucketFindings: readonly Acknowledgement[] = [
  {
    rule: 'HIPAA.Security-S3BucketLoggingEnabled',
    reason:
      'S3 delivers access logs when it can, to a bucket that cannot be encrypted under a key of ours (S3 user guide, "Enabling Amazon S3 server access logging"), and writes whole request lines, those of presigned requests with their signatures.',
    control:
      'nobody reads an object but a door, the scanner and AWS Backup; whoever else would, an administrator too, has to change the bucket policy first, which CloudTrail shows.',
    test: 'test/lib/attachment-policy.test.ts',
  },
  {
    rule: 'HIPAA.Security-S3BucketReplicationEnabled',
    reason:
      'a deployment has one Region, and a replica would be one more copy that destruction must reach behind its lag.',
    control: 'versions, and a daily backup in a locked vault from which a lost bucket is restored.',
    test: 'test/lib/hardening.test.ts',
  },
];

/** What holds for a bucket with Object Lock. */
export const lockedBucketFindings: readonly Acknowledgement[] = [
  {
    rule: 'HIPAA.Security-S3BucketLoggingEnabled',
    reason:
      'S3 delivers access logs when it can, to a bucket without Object Lock and under no key of ours (S3 user guide, "Enabling Amazon S3 server access logging").',
    control:
      'nothing is changed or deleted before its time, who reads needs the audit key, whose use CloudTrail records, and the bucket refuses everyone deletion.',
    test: 'test/lib/locked-bucket.test.ts',
  },
  {
    rule: 'HIPAA.Security-S3BucketReplicationEnabled',
    reason:
      'a deployment has one Region, and what is copied elsewhere would need the same lock, key and policy there.',
    control:
      'versions under Object Lock, which nobody deletes; `wardline audit export` makes a copy that proves itself wherever it is kept.',
    test: 'test/lib/locked-bucket.test.ts',
  },
];
