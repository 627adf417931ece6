import type { Answer } from '../front-door/service.ts';
import { AwsError } from '../front-door/service.ts';
import type { Deciding } from './authorizations.ts';
import { retentionOf } from './described.ts';
import { refusals } from './errors.ts';
import { wanted } from './get-object.ts';
import { documentOf } from './intake.ts';
import type { BucketCall } from './object-call.ts';
import { mayBypass } from './object-lock.ts';
import type { Store } from './store.ts';
import type { Retention } from './version.ts';
import { readXml, textOf, xml } from './xml.ts';

export function getRetention(given: BucketCall): Answer {
  requireLock(given);
  const { retention } = wanted(given).described;
  if (!retention) throw noLock();
  const RetainUntilDate = new Date(retention.until).toISOString();
  return { body: xml('Retention', { Mode: retention.mode, RetainUntilDate }) };
}

/** Longer is always possible; shorter, or none, for governance alone and with `s3:BypassGovernanceRetention`. */
export async function putRetention(given: BucketCall, store: Store, parts: Deciding): Promise<Answer> {
  requireLock(given);
  const { Mode, RetainUntilDate } = readXml(await documentOf(given.call, given.headers), 'Retention');
  const [mode, until] = [textOf(Mode), textOf(RetainUntilDate)];
  if ((mode === undefined) !== (until === undefined)) throw refusals.malformedXml();
  const asked = mode === undefined || until === undefined ? undefined : retentionOf(mode, until, store.now());
  const version = wanted(given);
  if (
    weakens(version.described.retention, asked, store.now()) &&
    !mayWeaken(version.described.retention, given, parts)
  ) {
    throw refusals.accessDenied('Access Denied because object protected by object lock.');
  }
  given.bucket.change(version, { retention: asked });
  return {};
}

export function getLegalHold(given: BucketCall): Answer {
  requireLock(given);
  return { body: xml('LegalHold', { Status: wanted(given).described.legalHold ? 'ON' : 'OFF' }) };
}

export async function putLegalHold(given: BucketCall): Promise<Answer> {
  requireLock(given);
  const status = textOf(readXml(await documentOf(given.call, given.headers), 'LegalHold').Status);
  if (status !== 'ON' && status !== 'OFF') throw refusals.malformedXml();
  given.bucket.change(wanted(given), { legalHold: status === 'ON' });
  return {};
}

function weakens(held: Retention | undefined, asked: Retention | undefined, now: number): boolean {
  if (!held || held.until <= now) return false;
  return !asked || asked.until < held.until || (held.mode === 'COMPLIANCE' && asked.mode === 'GOVERNANCE');
}

function mayWeaken(held: Retention | undefined, given: BucketCall, parts: Deciding): boolean {
  return held?.mode === 'GOVERNANCE' && mayBypass(given, parts);
}

function requireLock({ bucket }: BucketCall): void {
  if (!bucket.settings.lock) throw refusals.invalidRequest('Bucket is missing Object Lock Configuration');
}

function noLock(): AwsError {
  return new AwsError(
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
    404,
  );
}
