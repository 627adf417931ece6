import { AwsError } from '../front-door/service.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { Queue } from './queue.ts';

/** GetQueueAttributes: those asked for, every value as text; throws for a name that no queue has. */
export function queueAttributes(
  queue: Queue,
  asked: readonly string[],
  policy: PolicyDocument | undefined,
): Record<string, string> {
  const { settings } = queue;
  const { visible, inFlight, delayed } = queue.counts();
  const all: Record<string, string | undefined> = {
    QueueArn: settings.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    VisibilityTimeout: String(settings.visibilitySeconds),
    MaximumMessageSize: String(settings.maximumMessageBytes),
    MessageRetentionPeriod: String(settings.retentionSeconds),
    DelaySeconds: String(settings.delaySeconds),
    ReceiveMessageWaitTimeSeconds: String(settings.waitSeconds),
    Policy: policy && JSON.stringify(policy),
    RedrivePolicy:
      settings.redrive &&
      JSON.stringify({
        deadLetterTargetArn: settings.redrive.deadLetterArn,
        maxReceiveCount: settings.redrive.maxReceiveCount,
      }),
    RedriveAllowPolicy: settings.redriveAllow && JSON.stringify(settings.redriveAllow),
    KmsMasterKeyId: settings.keyName,
    KmsDataKeyReusePeriodSeconds:
      settings.keyName === undefined ? undefined : String(settings.keyReuseSeconds),
    SqsManagedSseEnabled: String(settings.keyName === undefined),
  };
  const unknown = asked.find((name) => name !== 'All' && !Object.hasOwn(all, name));
  if (unknown !== undefined) throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  const wanted = Object.entries(all).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (asked.includes('All') || asked.includes(entry[0])),
  );
  return Object.fromEntries(wanted);
}
