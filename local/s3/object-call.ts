import type { RequestHead } from '../front-door/request-head.ts';
import type { Call } from '../front-door/service.ts';
import type { Bucket } from './bucket.ts';
import { isPresigned } from './signature-claim.ts';

/** A call on a bucket, with what each operation asks of it. */
export interface BucketCall {
  readonly call: Call;
  readonly bucket: Bucket;
  /** Empty for an operation on the bucket itself. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/**
 * A request's headers; in a presigned URL, `X-Amz-*` parameters beside those of the signature stand for headers of the
 * same name, as SDKs "hoist" them into the query.
 */
export function headersOf(head: RequestHead): Readonly<Record<string, string>> {
  if (!isPresigned(head)) return head.headers;
  const query = new URLSearchParams(head.query.replaceAll('+', '%2B'));
  const hoisted = [...query]
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => name.startsWith('x-amz-') && !OF_SIGNATURE.has(name));
  return { ...Object.fromEntries(hoisted), ...head.headers };
}

const OF_SIGNATURE = new Set([
  ...['x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-expires', 'x-amz-security-token'],
  ...['x-amz-signature', 'x-amz-signedheaders'],
]);
