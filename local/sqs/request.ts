import type { Call } from '../front-door/service.ts';
import { AwsError } from '../front-door/service.ts';
import { invalid, invalidValue, missing } from './errors.ts';
import { Message, type MessageAttribute } from './message.ts';

type Input = Call['input'];

/** A text member that must be there. */
export function text(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw missing(name);
}

/** A whole number within bounds, or undefined where the request says nothing. */
export function whole(input: Input, name: string, least: number, most: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(value, name, `Must be between ${least} and ${most}, if provided.`);
}

/** Names asked for in any of these members. */
export function names(input: Input, ...members: string[]): string[] {
  return members.flatMap((member) => {
    const value = input[member];
    return Array.isArray(value) ? value.map(String) : [];
  });
}

/** The entries of a batch: one to ten, each with an id of its own (SQS API reference, SendMessageBatch). */
export function entries(input: Input): { readonly id: string; readonly entry: Input }[] {
  const given = Array.isArray(input.Entries) ? input.Entries.filter(isObject) : [];
  if (given.length === 0) {
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (given.length > LARGEST_BATCH) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${LARGEST_BATCH}. You have sent ${given.length}.`,
    );
  }
  const read = given.map((entry) => ({ id: text(entry, 'Id'), entry }));
  for (const { id } of read) {
    if (/^[\w-]{1,80}$/.test(id)) continue;
    throw new AwsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  }
  const twice = read.find(({ id }, place) => read.findIndex((other) => other.id === id) !== place);
  if (twice) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${twice.id} repeated.`);
  return read;
}

/** The body of a message, in the characters that SQS takes. */
export function body(input: Input): string {
  const given = text(input, 'MessageBody');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what SQS refuses
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(given)) {
    throw new AwsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    );
  }
  return given;
}

/** Up to ten message attributes, each with a value of the kind that its type names. */
export function messageAttributes(input: Input): Message['attributes'] {
  const read = Message.shape.attributes.safeParse(input.MessageAttributes ?? {});
  if (!read.success) throw invalidValue('The message attributes are not of the form name, type, value.');
  const all = Object.entries(read.data);
  if (all.length > MOST_ATTRIBUTES) {
    throw invalidValue(
      `Number of message attributes [${all.length}] exceeds the allowed maximum [${MOST_ATTRIBUTES}].`,
    );
  }
  for (const [name, attribute] of all) checkAttribute(name, attribute);
  return read.data;
}

/** The X-Ray header that travels with a message. */
export function traceHeader(input: Input): string | undefined {
  const system = isObject(input.MessageSystemAttributes) ? input.MessageSystemAttributes : {};
  const header = system.AWSTraceHeader;
  return isObject(header) && typeof header.StringValue === 'string' ? header.StringValue : undefined;
}

function checkAttribute(name: string, { DataType, StringValue, BinaryValue }: MessageAttribute): void {
  if (!/^[\w.-]{1,256}$/.test(name) || /^\.|\.$|\.\.|^(aws|amazon)\./i.test(name)) {
    throw invalidValue(`The message attribute name '${name}' is invalid.`);
  }
  if (!/^(String|Number|Binary)(\..+)?$/.test(DataType)) {
    throw invalidValue(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  }
  const value = DataType.startsWith('Binary') ? BinaryValue : StringValue;
  if (!value) {
    throw invalidValue(
      `The message (user) attribute '${name}' must contain a non-empty value of type '${DataType.split('.')[0]}'.`,
    );
  }
  if (DataType.startsWith('Number') && Number.isNaN(Number(value))) {
    throw invalidValue(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
}

const LARGEST_BATCH = 10;
const MOST_ATTRIBUTES = 10;

function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
