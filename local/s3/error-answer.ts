import type { RequestHead } from '../front-door/request-head.ts';
import { type Answer, AwsError } from '../front-door/service.ts';
import { refusals, S3Error } from './errors.ts';
import { hostIdOf } from './trail.ts';
import { errorXml } from './xml.ts';

/** An error as S3 writes it (S3 API reference, "Error responses"): a document, and to HEAD nothing but the status. */
export function errorAnswer(error: AwsError, request: RequestHead, requestId: string): Answer {
  const told = TOLD[error.code]?.(error) ?? error;
  const headers = told instanceof S3Error ? told.headers : {};
  if (request.method === 'HEAD') return { status: told.status, headers };
  const ids = { RequestId: requestId, HostId: hostIdOf(requestId) };
  const resource = RESOURCELESS.has(told.code) ? {} : { Resource: request.path };
  const body = errorXml({ Code: told.code, Message: told.message, ...told.members, ...resource, ...ids });
  return { status: told.status, headers, body };
}

/** What AWS publishes or users show without a `Resource`. */
const RESOURCELESS = new Set([
  'AccessDenied',
  'SignatureDoesNotMatch',
  'InvalidAccessKeyId',
  'NoSuchKey',
  'NoSuchBucket',
]);

/** What the front door says in its own words, in S3's. */
const TOLD: Readonly<Record<string, (error: AwsError) => AwsError>> = {
  AccessDeniedException: ({ message }) => refusals.accessDenied(message),
  NotFoundException: ({ message }) => new AwsError('KMS.NotFoundException', message), // KMS's own, of a key that a request names
  InternalFailure: internalError,
  InternalServerError: internalError,
};

function internalError(): AwsError {
  return new AwsError('InternalError', 'We encountered an internal error. Please try again.', 500);
}
