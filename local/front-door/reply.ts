import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Answer, AwsError, type AwsService } from './service.ts';

/** An answer as it goes over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable;
  /** Bytes of the body. */
  readonly length: number;
}

/** A service's answer in the form of its protocol. */
export function replyWith(answer: Answer, service: AwsService | undefined): Reply {
  const { status = 200, headers = {}, body } = answer;
  if (body instanceof Readable) return { status, headers, body, length: Number(headers['content-length']) };
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const typed = bytes.length > 0 || !service?.protocol.startsWith('rest');
  return {
    status,
    headers: {
      ...(typed ? { 'content-type': contentType(service) } : {}),
      ...(service?.name === 'dynamodb' ? { 'x-amz-crc32': String(crc32(bytes)) } : {}),
      ...headers,
    },
    body: bytes,
    length: bytes.length,
  };
}

/** An error in the form of the service's protocol: JSON names it in `__type`, rest in a header. */
export function replyWithError(error: AwsError, service: AwsService | undefined): Reply {
  // Refusals of AWS's own front door spell it with a capital; both are read by every SDK.
  const message = error.code === 'AccessDeniedException' ? 'Message' : 'message';
  if (service?.protocol === 'rest') {
    const said = { ...(error.message && { [message]: error.message }), ...error.members };
    // an error with nothing to say has no body: aws-sdk-js 2 shows a GoneException's status for want of one
    const body = Object.keys(said).length > 0 ? said : undefined;
    const headers = { 'x-amzn-errortype': error.code };
    return replyWith({ status: restStatus(error), headers, body }, service);
  }
  const body = { __type: typeName(error.code, service), ...error.members };
  const said = error.message === '' ? body : { ...body, [message]: error.message };
  const headers = service?.errorHeaders?.(error) ?? {};
  return replyWith({ status: error.status, headers, body: said }, service);
}

/** What a caller hears of a fault in a service: that there was one. */
export function internalFailure(): AwsError {
  return new AwsError('InternalFailure', '', 500);
}

/** DynamoDB's are 52 capitals and digits, S3's 16; the others' are UUIDs. */
export function requestIdFor(service: AwsService | undefined): string {
  const length = service?.name === 'dynamodb' ? 52 : service?.name === 's3' ? 16 : undefined;
  if (length === undefined) return randomUUID();
  return Array.from(randomBytes(length), (byte) => CAPITALS_AND_DIGITS.charAt(byte % 36)).join('');
}

const CAPITALS_AND_DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

const namespaces: Readonly<Record<string, string>> = {
  dynamodb: 'com.amazonaws.dynamodb.v20120810#',
  sqs: 'com.amazonaws.sqs#',
};

/** What every service takes from AWS's own service framework, under its namespace where a service uses namespaces. */
const frameworkCodes = new Set([
  'AccessDeniedException',
  'IncompleteSignatureException',
  'InternalFailure',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'SerializationException',
  'UnknownOperationException',
  'UnrecognizedClientException',
]);

function typeName(code: string, service: AwsService | undefined): string {
  if (code.includes('#')) return code;
  const namespace = service ? namespaces[service.name] : 'com.amazon.coral.service#';
  if (!namespace) return code;
  if (frameworkCodes.has(code)) return `com.amazon.coral.service#${code}`;
  if (service?.name === 'dynamodb' && code === 'ValidationException')
    return `com.amazon.coral.validate#${code}`;
  return namespace + code;
}

/** Services with REST paths answer 403 for want of identity or permission, where the JSON protocols answer 400. */
function restStatus(error: AwsError): number {
  const isAboutAccess =
    error.code === 'AccessDeniedException' || /Signature|Authentication|UnrecognizedClient/.test(error.code);
  return isAboutAccess ? 403 : error.status;
}

function contentType(service: AwsService | undefined): string {
  if (service?.protocol === 'json-1.0') return 'application/x-amz-json-1.0';
  if (service?.protocol === 'rest-xml') return 'application/xml';
  if (service?.protocol === 'query') return 'text/xml';
  return service?.protocol === 'rest' ? 'application/json' : 'application/x-amz-json-1.1';
}
