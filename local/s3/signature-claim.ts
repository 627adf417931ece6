import type { RequestHead } from '../front-door/request-head.ts';
import { AwsError } from '../front-door/service.ts';
import { refusals } from './errors.ts';
import type { Signing } from './signature.ts';

/** What a request says of its own signature; nothing of it is proven. */
export interface Claim extends Signing {
  readonly accessKeyId: string;
  readonly signature: string;
  /** Milliseconds since the epoch. */
  readonly signedAt: number;
  /** Of a presigned URL alone. */
  readonly expiresSeconds?: number;
  readonly token?: string;
}

/** Whether a request is presigned: its signature stands in the query. */
export function isPresigned({ query }: RequestHead): boolean {
  return /(^|&)X-Amz-(Signature|Credential|Algorithm)=/.test(query);
}

/** Throws AccessDenied for a request without any signature, and S3's errors for one that is not well formed. */
export function claimIn(request: RequestHead, region: string): Claim {
  const presigned = isPresigned(request);
  if (presigned && request.headers.authorization !== undefined) {
    throw new AwsError(
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      400,
      { ArgumentName: 'Authorization', ArgumentValue: 'Authorization' },
    );
  }
  return presigned ? inQuery(request, region) : inHeaders(request, region);
}

const WEEK_SECONDS = 604_800;
const ALGORITHM = 'AWS4-HMAC-SHA256';
const PARAMETERS = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
];

function inQuery(request: RequestHead, region: string): Claim {
  const query = new URLSearchParams(request.query.replaceAll('+', '%2B'));
  const fault = (message: string) => new AwsError('AuthorizationQueryParametersError', message);
  const [algorithm = '', credential = '', date = '', expires = '', signedHeaders = '', signature = ''] =
    PARAMETERS.map((name) => (query.getAll(name).length === 1 ? (query.get(name) ?? '') : ''));
  if ([algorithm, credential, date, expires, signedHeaders, signature].includes('')) {
    throw fault(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  }
  if (algorithm !== ALGORITHM)
    throw fault('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"');
  if (!/^-?\d+$/.test(expires)) throw fault('X-Amz-Expires should be a number');
  const expiresSeconds = Number(expires);
  if (expiresSeconds < 0) throw fault('X-Amz-Expires must be non-negative');
  if (expiresSeconds > WEEK_SECONDS) {
    throw fault(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  }
  const signedAt = timeOf(date);
  if (signedAt === undefined)
    throw fault("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  const about = (problem: string) => `Error parsing the X-Amz-Credential parameter; ${problem}`;
  const token = query.get('X-Amz-Security-Token') ?? undefined;
  return {
    ...credentialIn(credential, date, region, (problem) => fault(about(problem))),
    date,
    signedAt,
    expiresSeconds,
    signature,
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    payloadHash:
      request.headers['x-amz-content-sha256'] ?? query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
    ...(token === undefined ? {} : { token }),
  };
}

function inHeaders({ headers }: RequestHead, region: string): Claim {
  const header = headers.authorization;
  if (header === undefined) throw refusals.accessDenied();
  const fault = (message: string) =>
    new AwsError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${message}`);
  const [, algorithm, rest = ''] = /^(\S+)\s+(.*)$/.exec(header) ?? [];
  if (algorithm !== ALGORITHM) {
    throw refusals.invalidArgument(
      'Unsupported Authorization Type',
      'Authorization',
      header.split(' ')[0] ?? '',
    );
  }
  const parts = new Map(rest.split(',').map((part) => split(part.trim())));
  const [credential, signedHeaders, signature] = ['Credential', 'SignedHeaders', 'Signature'].map((name) =>
    parts.get(name),
  );
  if (!credential || !signedHeaders || !signature) {
    throw fault(
      'the authorization header requires three components: Credential, SignedHeaders, and Signature.',
    );
  }
  const payloadHash = headers['x-amz-content-sha256'];
  if (payloadHash === undefined) {
    throw refusals.invalidRequest('Missing required header for this request: x-amz-content-sha256');
  }
  const date = headers['x-amz-date'] ?? '';
  const signedAt = timeOf(date);
  if (signedAt === undefined) {
    throw refusals.accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  }
  const token = headers['x-amz-security-token'];
  return {
    ...credentialIn(credential, date, region, fault),
    date,
    signedAt,
    signature,
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    payloadHash,
    ...(token === undefined ? {} : { token }),
  };
}

function credentialIn(
  credential: string,
  date: string,
  expected: string,
  fault: (problem: string) => AwsError,
): { accessKeyId: string; scope: string } {
  const [accessKeyId = '', day, region, service, end, ...more] = credential.split('/');
  if (more.length > 0 || end === undefined) {
    throw fault(
      `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`,
    );
  }
  if (day !== date.slice(0, 8))
    throw fault(`incorrect date "${day}". This date should be "${date.slice(0, 8)}".`);
  if (region !== expected) throw fault(`the region '${region}' is wrong; expecting '${expected}'`);
  if (service !== 's3') throw fault(`incorrect service "${service}". This endpoint belongs to "s3".`);
  if (end !== 'aws4_request') throw fault(`incorrect terminal "${end}". This endpoint uses "aws4_request".`);
  return { accessKeyId, scope: [day, region, service, end].join('/') };
}

function split(part: string): [string, string] {
  const equals = part.indexOf('=');
  return [part.slice(0, equals), part.slice(equals + 1)];
}

/** Milliseconds since the epoch of `YYYYMMDDTHHMMSSZ`. */
function timeOf(date: string): number | undefined {
  if (!/^\d{8}T\d{6}Z$/.test(date)) return undefined;
  const time = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}
