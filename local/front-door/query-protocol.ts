import { XMLBuilder } from 'fast-xml-parser';
import { type Answer, AwsError } from './service.ts';
import type { WireRequest } from './signature.ts';

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@' });

/** The parameters of a call in AWS's Query protocol: a form in the body, or in the query of a GET. */
export function formIn(request: WireRequest): Record<string, string> {
  const form = request.method === 'POST' ? request.body.toString('utf8') : request.query;
  return Object.fromEntries(new URLSearchParams(form));
}

/** The operation that a call names; throws what AWS answers where it names none. */
export function actionIn(request: WireRequest): string {
  const { Action: action = '' } = formIn(request);
  if (/^[A-Za-z]\w*$/.test(action)) return action;
  throw new AwsError('MissingAction', 'The request must contain the parameter Action.');
}

/** An answer: `<OperationResponse><OperationResult>…`, with the request's id beside it. */
export function queryAnswer(
  operation: string,
  namespace: string,
  result: Readonly<Record<string, unknown>>,
  requestId: string,
): Answer {
  const document = {
    [`${operation}Response`]: {
      '@xmlns': namespace,
      [`${operation}Result`]: result,
      ResponseMetadata: { RequestId: requestId },
    },
  };
  return { body: Buffer.from(builder.build(document)) };
}

/** An error, under the name that services of this protocol have for it. */
export function queryError(error: AwsError, requestId: string): Answer {
  const [code, status] = names[error.code] ?? [error.code, error.status];
  const Type = status < 500 ? 'Sender' : 'Receiver';
  const document = {
    ErrorResponse: { Error: { Type, Code: code, Message: error.message }, RequestId: requestId },
  };
  return { status, body: Buffer.from(builder.build(document)) };
}

/** What the front door calls it → the code and status of this protocol (IAM API reference, "Common errors"). */
const names: Readonly<Record<string, readonly [code: string, status: number]>> = {
  AccessDeniedException: ['AccessDenied', 403],
  ExpiredTokenException: ['ExpiredToken', 403],
  IncompleteSignatureException: ['IncompleteSignature', 400],
  InternalFailure: ['InternalFailure', 500],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  UnknownOperationException: ['InvalidAction', 400],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
};
