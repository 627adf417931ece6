import { AwsError, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Keyring } from './keyring.ts';
import { usesOf } from './uses.ts';

/** The call as CloudTrail logs it (KMS developer guide, "Logging AWS KMS API calls"): contexts shown, no plaintext. */
export function trailOf(call: Call, keyring: Keyring): TrailFacts {
  const keys = call.operation === 'GenerateRandom' ? [] : keysOf(call, keyring);
  return {
    category: 'Management',
    readOnly: !CHANGING.has(call.operation),
    resources: keys.map((arn) => ({ type: 'AWS::KMS::Key', arn })),
    requestParameters: parametersOf(call),
  };
}

const CHANGING = new Set([
  'EnableKey',
  'DisableKey',
  'ScheduleKeyDeletion',
  'CancelKeyDeletion',
  'RotateKeyOnDemand',
]);

/** Of a request's parameters, those that CloudTrail shows. */
const SHOWN = [
  'KeyId',
  'SourceKeyId',
  'DestinationKeyId',
  'EncryptionContext',
  'SourceEncryptionContext',
  'DestinationEncryptionContext',
  'EncryptionAlgorithm',
  'SigningAlgorithm',
  'MessageType',
  'KeySpec',
  'NumberOfBytes',
  'PendingWindowInDays',
];

function parametersOf({ operation, input }: Call): Record<string, unknown> {
  const present = SHOWN.filter((name) => input[name] !== undefined);
  const shown = present.map((name) => [name.charAt(0).toLowerCase() + name.slice(1), input[name]]);
  const algorithm = ['Encrypt', 'Decrypt'].includes(operation)
    ? { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
    : {};
  return { ...algorithm, ...Object.fromEntries(shown) };
}

/** A refused call may name no key at all. */
function keysOf(call: Call, keyring: Keyring): string[] {
  try {
    return usesOf(call, keyring).map((use) => use.key.arn);
  } catch (error) {
    if (error instanceof AwsError) return [];
    throw error;
  }
}
