import type { AwsError } from '../front-door/service.ts';
import { authorizationsFor, type Deciding } from './authorizations.ts';
import { refusals } from './errors.ts';
import type { BucketCall } from './object-call.ts';
import type { Version } from './version.ts';

/**
 * Why a version may not go now: a legal hold, or a retention that is not over. Governance retention gives way to
 * `x-amz-bypass-governance-retention` of somebody who may do so (S3 user guide, "How S3 Object Lock works").
 */
export function protection(
  { described: { retention, legalHold } }: Version,
  given: BucketCall,
  parts: Deciding,
  now: number,
): AwsError | undefined {
  const isLocked = legalHold || (retention !== undefined && retention.until > now);
  if (!isLocked) return undefined;
  if (!legalHold && retention?.mode === 'GOVERNANCE' && mayBypass(given, parts)) return undefined;
  return refusals.accessDenied('Access Denied because object protected by object lock.');
}

/** Whether the request asks to pass governance retention and its caller may. */
export function mayBypass(given: BucketCall, parts: Deciding): boolean {
  if (given.headers['x-amz-bypass-governance-retention'] !== 'true') return false;
  const asked = { ...given, call: { ...given.call, operation: 'BypassGovernanceRetention' } };
  const query = new URLSearchParams();
  return authorizationsFor({ ...asked, query }, parts).every(
    (authorization) => given.call.streamed?.judge(authorization).allowed ?? false,
  );
}
