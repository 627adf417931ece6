import { AwsError } from '../front-door/service.ts';
import type { EncryptionContext } from './ciphertext.ts';

type Input = Readonly<Record<string, unknown>>;

/** The name or ARN of the key in a request. */
export function keyIdIn(input: Input, member = 'KeyId'): string {
  const value = input[member];
  if (typeof value === 'string' && value.length > 0) return value;
  throw invalid(member.charAt(0).toLowerCase() + member.slice(1), 'Member must not be null');
}

export function contextIn(input: Input, member = 'EncryptionContext'): EncryptionContext {
  const given = input[member] ?? {};
  const isContext =
    typeof given === 'object' &&
    !Array.isArray(given) &&
    Object.values(given ?? {}).every((v) => typeof v === 'string');
  if (!isContext)
    throw new AwsError('SerializationException', 'EncryptionContext must map strings to strings');
  return given as EncryptionContext;
}

/** The bytes of a base64 member, between 1 and `longest`. */
export function bytesIn(input: Input, member: string, longest: number): Buffer {
  const value = input[member];
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (bytes.length >= 1 && bytes.length <= longest) return bytes;
  const bound = bytes.length < 1 ? 'greater than or equal to 1' : `less than or equal to ${longest}`;
  throw invalid(member.charAt(0).toLowerCase() + member.slice(1), `Member must have length ${bound}`);
}

/** The length of the data key asked for: by KeySpec or by NumberOfBytes, never both. */
export function dataKeyLength(input: Input): number {
  const { KeySpec, NumberOfBytes } = input;
  if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
    throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
  }
  if (KeySpec === undefined) return byteCount(NumberOfBytes);
  const length = KeySpec === 'AES_256' ? 32 : KeySpec === 'AES_128' ? 16 : undefined;
  if (length === undefined)
    throw invalid('keySpec', 'Member must satisfy enum value set: [AES_256, AES_128]');
  return length;
}

export function byteCount(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1024) return value;
  throw invalid('numberOfBytes', 'Member must have value between 1 and 1024');
}

/** Days that a key waits before it is deleted: 7 to 30, 30 where nothing is said. */
export function pendingDays(value: unknown): number {
  const days = value ?? 30;
  if (typeof days === 'number' && Number.isInteger(days) && days >= 7 && days <= 30) return days;
  throw invalid('pendingWindowInDays', 'Member must have value between 7 and 30');
}

/** What KMS says of a member that breaks its constraint. */
export function invalid(member: string, constraint: string): AwsError {
  return new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}
