import { z } from 'zod';
import type { Resource } from '../template/resource.ts';

/** Where events go and how long it is tried. */
export const Target = z.object({
  /** A function's, a queue's or a topic's. */
  arn: z.string(),
  roleArn: z.string().optional(),
  deadLetterArn: z.string().optional(),
  maximumAgeMs: z.number(),
  /** After the first attempt. */
  maximumRetries: z.number(),
});
export type Target = Readonly<z.infer<typeof Target>>;

/** The members of a target that EventBridge's rules and Scheduler's schedules spell alike, and their bounds. */
export const targetShape = {
  Arn: z.string(),
  RetryPolicy: z
    .strictObject({
      MaximumRetryAttempts: z.coerce.number().int().min(0).max(185).optional(),
      MaximumEventAgeInSeconds: z.coerce.number().int().min(60).max(86_400).optional(),
    })
    .optional(),
  DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
} as const;

const Given = z.object({ ...targetShape, RoleArn: z.string().optional() });

export function targetOf(given: z.infer<typeof Given>): Target {
  const { Arn: arn, RoleArn: roleArn, RetryPolicy: retry, DeadLetterConfig: deadLetters } = given;
  return {
    arn,
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(deadLetters?.Arn === undefined ? {} : { deadLetterArn: deadLetters.Arn }),
    maximumAgeMs: (retry?.MaximumEventAgeInSeconds ?? 86_400) * 1000,
    maximumRetries: retry?.MaximumRetryAttempts ?? 185,
  };
}

/** Throws where a template's target, or its dead-letter queue, is not one that the local run can reach. */
export function requireReachable(target: Target, resources: readonly Resource[], where: string): void {
  const has = (type: string, arn: string) =>
    resources.some((one) => one.type === type && one.attributes.Arn === arn);
  const { arn, deadLetterArn } = target;
  const type = typeOf(arn);
  if (type === undefined) {
    throw new Error(
      `${where}: the target ${arn} is neither a Lambda function nor an SQS queue, and only those are reached here`,
    );
  }
  if (!(type === 'AWS::SNS::Topic' ? resources.some(({ ref }) => ref === arn) : has(type, arn))) {
    throw new Error(`${where}: the target ${arn} is not in the template`);
  }
  if (deadLetterArn !== undefined && !has('AWS::SQS::Queue', deadLetterArn)) {
    throw new Error(`${where}: the dead-letter queue ${deadLetterArn} is not in the template`);
  }
}

function typeOf(arn: string): string | undefined {
  if (isFunction(arn)) return 'AWS::Lambda::Function';
  if (isQueue(arn)) return 'AWS::SQS::Queue';
  return isTopic(arn) ? 'AWS::SNS::Topic' : undefined;
}

/** A topic stands still here: what is sent to it is let go. */
export function isTopic(arn: string): boolean {
  return /^arn:[^:]+:sns:[^:]*:\d{12}:/.test(arn);
}

export function isFunction(arn: string): boolean {
  return /^arn:[^:]+:lambda:[^:]*:\d{12}:function:/.test(arn);
}

export function isQueue(arn: string): boolean {
  return /^arn:[^:]+:sqs:[^:]*:\d{12}:/.test(arn);
}
