import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { type CredentialStore, type IssuedCredentials, sameSecret } from './credentials.ts';
import type { RequestHead } from './request-head.ts';
import { AwsError } from './service.ts';

/** A request as it came over the wire. */
export interface WireRequest extends RequestHead {
  readonly body: Buffer;
}

/** What a signature is checked against. */
export interface SignatureBasis {
  readonly account: Account;
  readonly clock: Clock;
  readonly credentials: Pick<CredentialStore, 'find'>;
}

const algorithm = 'AWS4-HMAC-SHA256';
const skewMs = 5 * 60 * 1000;

/**
 * Finds out who signed a request (Signature Version 4, in headers), by signing it again with the AWS SDK's own signer.
 * Throws what AWS answers where it does not hold; the order of the checks is DynamoDB's.
 */
export async function verifySignature(
  request: WireRequest,
  service: string,
  basis: SignatureBasis,
): Promise<IssuedCredentials> {
  const claim = readAuthorization(request.headers);
  checkTime(claim.date, basis.clock.now());
  checkSignedHeaders(request, claim);
  if (claim.algorithm !== algorithm) {
    throw incomplete(`Unsupported AWS 'algorithm': '${claim.algorithm}' (only ${algorithm} for now). `);
  }
  const accessKeyId = checkScope(claim, service, basis.account.region);
  const issued = basis.credentials.find(accessKeyId);
  if (!issued) throw unrecognized();
  const expected = await sign(request, claim, service, basis.account.region, issued);
  if (expected === undefined || !sameSecret(expected, claim.signature)) throw mismatch();
  checkToken(request.headers['x-amz-security-token'], issued.credentials.sessionToken);
  if (hasExpired(issued, basis.clock.now())) {
    throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
  }
  return issued;
}

/** Whether a session is over. */
export function hasExpired({ expiresAt }: IssuedCredentials, now: number): boolean {
  return expiresAt !== undefined && now >= expiresAt;
}

/** Whether a request carries a Signature Version 4 at all. */
export function isSigned(headers: WireRequest['headers']): boolean {
  return headers.authorization?.startsWith('AWS4-') ?? false;
}

/** The service that a request says it is signed for; proves nothing by itself. */
export function claimedService(headers: WireRequest['headers']): string | undefined {
  return /Credential=[^/,\s]+\/\d+\/[^/,\s]+\/([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
}

interface Claim {
  readonly algorithm: string;
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
}

function readAuthorization(headers: WireRequest['headers']): Claim {
  const header = headers.authorization ?? '';
  if (!isSigned(headers)) {
    throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  }
  const space = header.indexOf(' ');
  const parameters = new Map<string, string>();
  for (const pair of space < 0 ? [] : header.slice(space + 1).split(/, */)) {
    const equals = pair.indexOf('=');
    if (equals < 0) {
      throw incomplete(
        `'${pair}' not a valid key=value pair (missing equal-sign) in Authorization header: '${header}'.`,
      );
    }
    parameters.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const lacks = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !parameters.get(name))
    .map((name) => `Authorization header requires '${name}' parameter. `);
  const date = headers['x-amz-date'];
  if (!date)
    lacks.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
  if (lacks.length > 0 || !date) throw incomplete(`${lacks.join('')}Authorization=${header}`);
  return {
    algorithm: space < 0 ? header : header.slice(0, space),
    credential: parameters.get('Credential') ?? '',
    signedHeaders: (parameters.get('SignedHeaders') ?? '').split(';'),
    signature: parameters.get('Signature') ?? '',
    date,
  };
}

function checkTime(date: string, now: number): void {
  const signedAt = timeOf(date);
  if (signedAt === undefined) {
    throw incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  if (signedAt < now - skewMs) {
    throw invalid(
      `Signature expired: ${date} is now earlier than ${basic(now - skewMs)} (${basic(now)} - 5 min.)`,
    );
  }
  if (signedAt > now + skewMs) {
    throw invalid(
      `Signature not yet current: ${date} is still later than ${basic(now + skewMs)} (${basic(now)} + 5 min.)`,
    );
  }
}

/** Host and every `x-amz-*` header must be under the signature (SigV4 guide, "Create a canonical request"). */
function checkSignedHeaders(request: WireRequest, claim: Claim): void {
  const required = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = required.find((name) => !claim.signedHeaders.includes(name));
  if (unsigned === undefined) return;
  const spelled = unsigned.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
  throw invalid(`'${spelled}' must be a 'SignedHeader' in the AWS Authorization.`);
}

/** Checks the credential's scope and gives its access key id. */
function checkScope(claim: Claim, service: string, accountRegion: string): string {
  const elements = claim.credential.split('/');
  const [accessKeyId = '', day = '', region = '', signedFor = '', term = ''] = elements;
  if (elements.length !== 5) {
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${claim.credential}'`,
    );
  }
  const signedOn = claim.date.slice(0, 8);
  const faults = [
    region !== accountRegion && `Credential should be scoped to a valid region, not '${region}'. `,
    signedFor !== service && `Credential should be scoped to correct service: '${service}'. `,
    term !== 'aws4_request' &&
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${term}'. `,
    day !== signedOn &&
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${signedOn}', from '${claim.date}'.`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw invalid(faults.join(''));
  return accessKeyId;
}

/** The signature that the claimed key makes of this request; undefined where the request cannot have been signed. */
async function sign(
  request: WireRequest,
  claim: Claim,
  service: string,
  region: string,
  { credentials }: IssuedCredentials,
): Promise<string | undefined> {
  const declaredHash = request.headers['x-amz-content-sha256'];
  if (
    declaredHash !== undefined &&
    declaredHash !== createHash('sha256').update(request.body).digest('hex')
  ) {
    return undefined;
  }
  // The canonical path leaves dot segments out: what was signed and what is asked for must not differ by them.
  if (!request.path.startsWith('/') || (service !== 's3' && /\/\.\.?(\/|$)/.test(request.path)))
    return undefined;
  const query = decodeQuery(request.query);
  if (!query || claim.signedHeaders.some((name) => request.headers[name] === undefined)) return undefined;
  const { accessKeyId, secretAccessKey } = credentials;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region,
    service,
    sha256: Sha256,
    uriEscapePath: service !== 's3', // S3 alone signs the path as it is sent
    applyChecksum: false,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: request.headers.host ?? '',
      path: request.path,
      query,
      headers: Object.fromEntries(claim.signedHeaders.map((name) => [name, request.headers[name] ?? ''])),
      body: request.body,
    },
    { signingDate: new Date(timeOf(claim.date) ?? 0), signableHeaders: new Set(claim.signedHeaders) },
  );
  const answer = signed.headers.authorization ?? '';
  const sameHeaders = answer.includes(` SignedHeaders=${claim.signedHeaders.join(';')},`);
  return sameHeaders ? answer.slice(answer.indexOf('Signature=') + 'Signature='.length) : undefined;
}

function checkToken(sent: string | undefined, issued: string | undefined): void {
  if (sent === undefined && issued === undefined) return;
  if (sent === undefined || issued === undefined || !sameSecret(sent, issued)) throw unrecognized();
}

/** Undefined where the query cannot be put in canonical form whole, or carries a second signature. */
function decodeQuery(query: string): Record<string, string[]> | undefined {
  const decoded: Record<string, string[]> = {};
  for (const part of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = part.split('=');
    try {
      const key = decodeURIComponent(name);
      if (key === '__proto__' || key.toLowerCase() === 'x-amz-signature') return undefined;
      decoded[key] = [...(decoded[key] ?? []), decodeURIComponent(value.join('='))];
    } catch {
      return undefined;
    }
  }
  return decoded;
}

/** Milliseconds since the epoch of `YYYYMMDDTHHMMSSZ`. */
function timeOf(date: string): number | undefined {
  if (!/^\d{8}T\d{6}Z$/.test(date)) return undefined;
  const time = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}

function basic(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function incomplete(message: string): AwsError {
  return new AwsError('IncompleteSignatureException', message);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidSignatureException', message);
}

function mismatch(): AwsError {
  return invalid(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  );
}

function unrecognized(): AwsError {
  return new AwsError(
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  );
}

/** node:crypto in the shape that the signer asks for. */
class Sha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error('a signature needs each hash once, and none is reset');
  }
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof secret === 'string') return Buffer.from(secret, 'utf8');
  return ArrayBuffer.isView(secret)
    ? Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
    : Buffer.from(secret);
}
