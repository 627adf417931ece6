import { AwsError } from '../front-door/service.ts';

/** Errors in the sentences of SQS; where the JSON protocol gives a framework's name, that name. */
export function noQueue(): AwsError {
  return new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
}

export function missing(parameter: string): AwsError {
  return new AwsError(
    'com.amazon.coral.service#MissingRequiredParameterException',
    `The request must contain the parameter ${parameter}.`,
  );
}

export function invalid(value: unknown, parameter: string, reason: string): AwsError {
  return invalidValue(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);
}

export function invalidValue(message: string): AwsError {
  return new AwsError('com.amazon.coral.service#InvalidParameterValueException', message);
}

export function invalidReceipt(handle: string): AwsError {
  return new AwsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
  );
}

/**
 * The name that an error has in the older query protocol (SQS developer guide, "Interpreting Amazon SQS JSON API
 * responses").
 */
export function queryErrorHeader({ code }: AwsError): Readonly<Record<string, string>> {
  const known = QUERY_NAMES[code.replace(/^.*#/, '')];
  return known === undefined ? {} : { 'x-amzn-query-error': `${known};Sender` };
}

const QUERY_NAMES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  InvalidAttributeName: 'InvalidAttributeName',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  InvalidMessageContents: 'InvalidMessageContents',
  InvalidParameterValueException: 'InvalidParameterValue',
  KmsDisabled: 'KMS.DisabledException',
  MissingRequiredParameterException: 'MissingParameter',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  ReceiptHandleIsInvalid: 'ReceiptHandleIsInvalid',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
};
