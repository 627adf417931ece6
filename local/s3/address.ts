import type { RequestHead } from '../front-door/request-head.ts';
import { AwsError } from '../front-door/service.ts';
import { refusals } from './errors.ts';

/** What a request speaks of: nothing (the account), a bucket, or an object in it. */
export interface Address {
  readonly bucket?: string;
  readonly key?: string;
}

/**
 * Reads bucket and key from host and path: `<bucket>.s3.<region>.amazonaws.com/<key>`, or `/<bucket>/<key>` at any other
 * host (S3 user guide, "Virtual hosting of buckets"). Throws InvalidURI for a path that is not percent-encoded UTF-8.
 */
export function addressOf({ headers, path }: RequestHead): Address {
  const decoded = decode(path);
  const bucket = bucketOfHost(headers.host ?? '');
  const [first = '', ...rest] =
    bucket === undefined ? decoded.slice(1).split('/') : [bucket, decoded.slice(1)];
  const key = rest.join('/');
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) throw refusals.keyTooLong(Buffer.byteLength(key));
  return { ...(first === '' ? {} : { bucket: first }), ...(key === '' ? {} : { key }) };
}

/** Whether the host is one of S3's own: `s3.<region>.amazonaws.com`, `s3.amazonaws.com`, or a bucket's under it. */
export function isHostOfS3(host: string): boolean {
  return HOST.test(host);
}

const LONGEST_KEY_BYTES = 1024;
const HOST = /^(?:(.+)\.)?s3[.-](?:[a-z]{2}(?:-[a-z]+)+-\d\.)?amazonaws\.com(?::\d+)?$/i;

function bucketOfHost(host: string): string | undefined {
  return HOST.exec(host)?.[1]?.toLowerCase();
}

function decode(path: string): string {
  try {
    if (path.startsWith('/')) return decodeURIComponent(path);
  } catch {
    // answered below, like a request for another host
  }
  throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
}
