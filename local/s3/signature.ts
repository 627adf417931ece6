import { createHash, createHmac } from 'node:crypto';
import type { RequestHead } from '../front-door/request-head.ts';

/** What a signature is made over, with whose key and for when. */
export interface Signing {
  /** `AKIA…/20130524/us-east-1/s3/aws4_request` without the key id. */
  readonly scope: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
  readonly signedHeaders: readonly string[];
  /** Hex SHA-256 of the body, or one of the words that stand for it. */
  readonly payloadHash: string;
}

/** A signature and what it was made of, as S3 shows it to whoever signed otherwise. */
export interface Signed {
  readonly signature: string;
  readonly stringToSign: string;
  readonly canonicalRequest: string;
}

/**
 * Signs a request as S3 does (S3 API reference, "Authenticating Requests: Using Query Parameters", "Using the
 * Authorization Header"): the path is encoded once, not twice as for other services, and never normalised. Undefined
 * where path or query are no percent-encoded UTF-8.
 */
export function sign(request: RequestHead, signing: Signing, secretAccessKey: string): Signed | undefined {
  const path = canonicalPath(request.path);
  const query = canonicalQuery(request.query);
  if (path === undefined || query === undefined) return undefined;
  const { signedHeaders, payloadHash, date, scope } = signing;
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name] ?? '')}\n`);
  const canonicalRequest = [
    request.method,
    path,
    query,
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
  const stringToSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonicalRequest)].join('\n');
  const key = scope
    .split('/')
    .reduce((secret: string | Buffer, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  return { signature: hmac(key, stringToSign).toString('hex'), stringToSign, canonicalRequest };
}

function canonicalPath(path: string): string | undefined {
  const decoded = decode(path);
  return decoded?.split('/').map(encode).join('/');
}

function canonicalQuery(query: string): string | undefined {
  const pairs: [string, string][] = [];
  for (const part of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = part.split('=');
    const pair = [decode(name), decode(value.join('='))];
    if (pair[0] === undefined || pair[1] === undefined) return undefined;
    if (pair[0] !== 'X-Amz-Signature') pairs.push([encode(pair[0]), encode(pair[1])]);
  }
  const inOrder = pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  return inOrder.map(([name, value]) => `${name}=${value}`).join('&');
}

function canonicalValue(value: string): string {
  return value.trim().replaceAll(/ +/g, ' ');
}

/** RFC 3986: all but letters, digits, `-`, `.`, `_` and `~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
