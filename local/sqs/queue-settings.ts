import { type Account, arn } from '../account.ts';
import type { Resource } from '../template/resource.ts';

/** A queue as the template asks for it. */
export interface QueueSettings {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly delaySeconds: number;
  readonly maximumMessageBytes: number;
  readonly retentionSeconds: number;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  readonly redrive?: { readonly deadLetterArn: string; readonly maxReceiveCount: number };
  /** `RedriveAllowPolicy` where there is one. */
  readonly redriveAllow?: Readonly<Record<string, unknown>>;
  /** What `KmsMasterKeyId` says. */
  readonly keyName?: string;
  /** The customer managed key's ARN; absent for keys that SQS owns or AWS manages. */
  readonly customerKey?: string;
  readonly keyReuseSeconds: number;
}

/**
 * Reads an AWS::SQS::Queue with the defaults and bounds of the SQS API reference, SetQueueAttributes; throws for a FIFO
 * queue and for properties that are not done here.
 */
export function queueSettings(resource: Resource, account: Account): QueueSettings {
  const { properties } = resource;
  const where = `${resource.stack}.${resource.logicalId} (${resource.type})`;
  const refuse = (what: string): never => {
    throw new Error(`${where} ${what}`);
  };
  if (String(properties.FifoQueue) === 'true' || resource.ref.endsWith('.fifo')) {
    refuse('is a FIFO queue, which the local queues do not do');
  }
  for (const name of Object.keys(properties)) {
    if (!HEEDED.has(name) && !WITHOUT_EFFECT.has(name)) {
      refuse(`sets ${name}, which the local queues do not do`);
    }
  }
  const whole = (name: string, fallback: number, least: number, most: number): number => {
    const value = Number(properties[name] ?? fallback);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    return refuse(`sets ${name} to ${String(properties[name])}, which must be from ${least} to ${most}`);
  };
  const keyName = properties.KmsMasterKeyId === undefined ? undefined : String(properties.KmsMasterKeyId);
  const redrive = policy(properties.RedrivePolicy, refuse);
  const redriveAllow = policy(properties.RedriveAllowPolicy, refuse);

  return {
    name: resource.attributes.QueueName ?? '',
    arn: resource.attributes.Arn ?? '',
    url: resource.ref,
    delaySeconds: whole('DelaySeconds', 0, 0, 900),
    maximumMessageBytes: whole('MaximumMessageSize', 1_048_576, 1024, 1_048_576),
    retentionSeconds: whole('MessageRetentionPeriod', 345_600, 60, 1_209_600),
    waitSeconds: whole('ReceiveMessageWaitTimeSeconds', 0, 0, 20),
    visibilitySeconds: whole('VisibilityTimeout', 30, 0, 43_200),
    keyReuseSeconds: whole('KmsDataKeyReusePeriodSeconds', 300, 60, 86_400),
    ...(redrive ? { redrive: redriveOf(redrive, refuse) } : {}),
    ...(redriveAllow ? { redriveAllow } : {}),
    ...(keyName === undefined ? {} : { keyName }),
    ...(keyName === undefined || /(^|:)alias\/aws\/sqs$/.test(keyName)
      ? {}
      : { customerKey: keyArn(keyName, account, refuse) }),
  };
}

/** True where the dead-letter queue lets this one move messages to it; `RedriveAllowPolicy`, by default all. */
export function admitsRedrive(deadLetters: QueueSettings, source: QueueSettings): boolean {
  const { redrivePermission = 'allowAll', sourceQueueArns } = deadLetters.redriveAllow ?? {};
  if (redrivePermission === 'allowAll') return true;
  return (
    redrivePermission === 'byQueue' && Array.isArray(sourceQueueArns) && sourceQueueArns.includes(source.arn)
  );
}

const HEEDED = new Set([
  'QueueName',
  'FifoQueue',
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
]);

/** Encryption under a key that SQS owns asks nobody for anything. */
const WITHOUT_EFFECT = new Set(['SqsManagedSseEnabled', 'Tags']);

function policy(
  value: unknown,
  refuse: (what: string) => never,
): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined) return undefined;
  const given: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    return given as Record<string, unknown>;
  return refuse(`has a redrive policy that is no object: ${JSON.stringify(value)}`);
}

function redriveOf(
  { deadLetterTargetArn, maxReceiveCount }: Readonly<Record<string, unknown>>,
  refuse: (what: string) => never,
): { deadLetterArn: string; maxReceiveCount: number } {
  const count = Number(maxReceiveCount);
  if (typeof deadLetterTargetArn !== 'string' || !Number.isInteger(count) || count < 1 || count > 1000) {
    return refuse(
      'has a RedrivePolicy without deadLetterTargetArn or with a maxReceiveCount not in 1 to 1000',
    );
  }
  return { deadLetterArn: deadLetterTargetArn, maxReceiveCount: count };
}

function keyArn(named: string, account: Account, refuse: (what: string) => never): string {
  if (/(^|:)alias\//.test(named))
    return refuse(`names its key by the alias ${named}; name it by the key's ARN`);
  if (named.startsWith('arn:')) return named;
  return arn(account, 'kms', `key/${named}`);
}
