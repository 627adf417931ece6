import type { Account } from '../account.ts';
import type { Authorization, NamedPolicy } from '../iam/policy.ts';
import type { QueueSettings } from './queue-settings.ts';

export type KeyPolicyOf = (keyArn: string) => { readonly policy: NamedPolicy; readonly usable: boolean };

/**
 * One action on one queue and, where the queue has a key of its own, that key for the same caller: who sends makes and
 * opens data keys, who receives opens them (SQS developer guide, "Key management", "Configuring AWS KMS permissions").
 */
export function queueAuthorizations(
  action: string,
  settings: QueueSettings,
  parts: { account: Account; policy: NamedPolicy | undefined; keyPolicyOf: KeyPolicyOf },
): readonly Authorization[] {
  const onQueue: Authorization = {
    action: `sqs:${action}`,
    resource: settings.arn,
    ...(parts.policy ? { resourcePolicy: parts.policy } : {}),
  };
  const { customerKey } = settings;
  if (customerKey === undefined) return [onQueue];
  const { account } = parts;
  const onKey = (KEY_ACTIONS[action] ?? []).map(
    (keyAction): Authorization => ({
      action: keyAction,
      resource: customerKey,
      context: {
        'kms:ViaService': `sqs.${account.region}.${account.urlSuffix}`,
        'kms:CallerAccount': account.accountId,
        'kms:EncryptionContext:aws:sqs:arn': settings.arn,
        'kms:EncryptionContextKeys': ['aws:sqs:arn'],
      },
      resourcePolicy: parts.keyPolicyOf(customerKey).policy,
      resourcePolicyDecides: true,
    }),
  );
  return [onQueue, ...onKey];
}

const KEY_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  SendMessage: ['kms:GenerateDataKey', 'kms:Decrypt'],
  ReceiveMessage: ['kms:Decrypt'],
};
