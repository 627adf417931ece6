import { type IssuedCredentials, sameSecret } from '../front-door/credentials.ts';
import type { RequestHead } from '../front-door/request-head.ts';
import { AwsError } from '../front-door/service.ts';
import { hasExpired, type SignatureBasis } from '../front-door/signature.ts';
import { refusals } from './errors.ts';
import { type Signed, sign } from './signature.ts';
import { type Claim, claimIn } from './signature-claim.ts';

/** S3 API reference, "RequestTimeTooSkewed": 15 minutes. */
const SKEW_MS = 15 * 60 * 1000;

/** Who signed a request, in headers or in the query; throws what S3 answers where the signature does not hold. */
export function identify(request: RequestHead, basis: SignatureBasis): IssuedCredentials {
  const claim = claimIn(request, basis.account.region);
  checkTime(claim, basis.clock.now());
  const issued = basis.credentials.find(claim.accessKeyId);
  if (!issued) {
    throw new AwsError(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      403,
      { AWSAccessKeyId: claim.accessKeyId },
    );
  }
  checkToken(claim, issued.credentials.sessionToken);
  checkSigned(request, claim);
  const isWhole = claim.signedHeaders.every((name) => request.headers[name] !== undefined);
  const signed = isWhole ? sign(request, claim, issued.credentials.secretAccessKey) : undefined;
  if (!signed || !sameSecret(signed.signature, claim.signature)) throw mismatch(claim, signed);
  if (hasExpired(issued, basis.clock.now()))
    throw new AwsError('ExpiredToken', 'The provided token has expired.');
  return issued;
}

function checkTime(claim: Claim, now: number): void {
  const { signedAt, expiresSeconds } = claim;
  if (expiresSeconds === undefined) {
    if (Math.abs(now - signedAt) <= SKEW_MS) return;
    throw new AwsError(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      403,
      { RequestTime: claim.date, ServerTime: isoSeconds(now), MaxAllowedSkewMilliseconds: SKEW_MS },
    );
  }
  if (signedAt > now + SKEW_MS) throw refusals.accessDenied('Request is not valid yet');
  const endsAt = signedAt + expiresSeconds * 1000;
  if (now < endsAt) return;
  throw new AwsError('AccessDenied', 'Request has expired', 403, {
    'X-Amz-Expires': expiresSeconds,
    Expires: isoSeconds(endsAt),
    ServerTime: isoSeconds(now),
  });
}

function checkToken({ token }: Claim, issued: string | undefined): void {
  if (token === undefined && issued === undefined) return;
  if (token !== undefined && issued !== undefined && sameSecret(token, issued)) return;
  throw new AwsError('InvalidToken', 'The provided token is malformed or otherwise invalid.');
}

/** The host and every `x-amz-*` header must be under the signature. */
function checkSigned(request: RequestHead, claim: Claim): void {
  const unsigned = [
    'host',
    ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-')),
  ].filter((name) => !claim.signedHeaders.includes(name));
  if (unsigned.length === 0) return;
  throw new AwsError('AccessDenied', 'There were headers present in the request which were not signed', 403, {
    HeadersNotSigned: unsigned.join(', '),
  });
}

function mismatch(claim: Claim, signed: Signed | undefined): AwsError {
  return new AwsError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    403,
    {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: signed?.stringToSign,
      SignatureProvided: claim.signature,
      CanonicalRequest: signed?.canonicalRequest,
    },
  );
}

function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}/, '');
}
