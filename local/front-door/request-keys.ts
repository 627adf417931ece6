import type { Account } from '../account.ts';
import { identityOf } from '../iam/identity.ts';
import type { IssuedCredentials } from './credentials.ts';
import type { Call } from './service.ts';

/** The condition keys that every request has (IAM user guide, "AWS global condition context keys"). */
export function requestKeys(
  call: Call,
  caller: IssuedCredentials,
  account: Account,
  now: number,
): Readonly<Record<string, string>> {
  const isSession = identityOf(caller.principal).type === 'AssumedRole';
  return {
    'aws:CurrentTime': isoSeconds(now),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:RequestedRegion': account.region,
    'aws:SecureTransport': 'true', // in an account it is; that one machine speaks to itself without TLS is no refusal
    'aws:SourceIp': call.sourceIp,
    'aws:UserAgent': call.headers['user-agent'] ?? '',
    'aws:ViaAWSService': 'false',
    ...(isSession ? { 'aws:TokenIssueTime': isoSeconds(caller.issuedAt) } : {}),
  };
}

function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}/, '');
}
