import type { Account } from '../account.ts';
import { attributesDigest, bodyDigest, systemAttributesOf } from '../sqs/message.ts';
import type { Received } from '../sqs/queue.ts';
import { type Filter, filterOf, memberKind } from './filter.ts';

/** A message in the shape in which Lambda hands it on (Lambda developer guide, "Using Lambda with Amazon SQS"). */
export function queueRecord(
  { message, receiptHandle }: Received,
  queueArn: string,
  account: Account,
): Readonly<Record<string, unknown>> {
  const attributes = Object.entries(message.attributes).map(([name, given]) => [
    name,
    {
      ...(given.StringValue === undefined ? {} : { stringValue: given.StringValue }),
      ...(given.BinaryValue === undefined ? {} : { binaryValue: given.BinaryValue }),
      stringListValues: [],
      binaryListValues: [],
      dataType: given.DataType,
    },
  ]);
  const digest = attributesDigest(message.attributes);
  return {
    messageId: message.id,
    receiptHandle,
    body: message.body,
    attributes: systemAttributesOf(message),
    messageAttributes: Object.fromEntries(attributes),
    ...(digest === undefined ? {} : { md5OfMessageAttributes: digest }),
    md5OfBody: bodyDigest(message.body),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: account.region,
  };
}

/**
 * The filter of a queue's mapping: a pattern that looks into `body` reads it as JSON, and drops what is none, as one that
 * compares `body` as text drops what is a JSON object (same guide, "Using event filtering with an Amazon SQS event source").
 */
export function queueFilter(patterns: readonly string[], where: string): Filter {
  if (patterns.length === 0) return () => true;
  const filters = patterns.map((pattern) => {
    const matches = filterOf([pattern], where);
    const kind = memberKind(pattern, 'body');
    return (record: Readonly<Record<string, unknown>>) => {
      if (kind === undefined) return matches(record);
      const body = jsonObject(String(record.body));
      if ((kind === 'object') !== (body !== undefined)) return false;
      return matches(body === undefined ? record : { ...record, body });
    };
  });
  return (record) => filters.some((fits) => fits(record as Readonly<Record<string, unknown>>));
}

function jsonObject(body: string): object | undefined {
  try {
    const read: unknown = JSON.parse(body);
    return typeof read === 'object' && read !== null ? read : undefined;
  } catch {
    return undefined;
  }
}
