import { createHash } from 'node:crypto';
import type { Principal } from './policy.ts';

/** What kind of caller a principal is, and its parts as IAM and CloudTrail name them. */
export type Identity =
  | { readonly type: 'AssumedRole'; readonly name: string; readonly session: string; readonly id: string }
  | { readonly type: 'User'; readonly name: string; readonly id: string }
  | { readonly type: 'Account'; readonly name: string; readonly id: string }
  | { readonly type: 'Service'; readonly name: string; readonly id: string };

/** Reads a principal's ARN. A principal whose `identityArn` is no ARN is an AWS service (`events.amazonaws.com`). */
export function identityOf(principal: Principal): Identity {
  const { identityArn } = principal;
  if (!identityArn.startsWith('arn:')) return { type: 'Service', name: identityArn, id: identityArn };
  const path = identityArn.split(':').slice(5).join(':');
  const name = path.split('/').at(-1) ?? '';
  if (path === 'root') return { type: 'Account', name: 'root', id: principal.accountId };
  if (!path.startsWith('role/')) return { type: 'User', name, id: uniqueId('AIDA', identityArn) };
  const session = principal.arn.split('/').at(-1) ?? '';
  return { type: 'AssumedRole', name, session, id: uniqueId('AROA', identityArn) };
}

/** The condition keys that follow from who calls (IAM user guide, "Properties of the principal"). */
export function principalKeys(principal: Principal): Readonly<Record<string, string>> {
  const identity = identityOf(principal);
  if (identity.type === 'Service') {
    return {
      ...{ 'aws:PrincipalIsAWSService': 'true', 'aws:PrincipalServiceName': identity.name },
      ...(principal.sourceArn !== undefined && {
        ...{ 'aws:SourceArn': principal.sourceArn, 'aws:SourceAccount': principal.accountId },
      }),
    };
  }
  return {
    'aws:PrincipalArn': principal.identityArn,
    'aws:PrincipalAccount': principal.accountId,
    'aws:PrincipalType': identity.type,
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': identity.type === 'AssumedRole' ? `${identity.id}:${identity.session}` : identity.id,
    ...(identity.type === 'User' ? { 'aws:username': identity.name } : {}),
    ...(principal.sourceIdentity === undefined ? {} : { 'aws:SourceIdentity': principal.sourceIdentity }),
  };
}

/** An id in the form of IAM's unique identifiers, always the same for the same ARN. */
function uniqueId(prefix: string, identityArn: string): string {
  let id = ids.get(identityArn);
  if (id === undefined) {
    const digits = createHash('sha256').update(identityArn).digest('hex').slice(0, 26);
    id = BigInt(`0x${digits}`).toString(36).toUpperCase().padStart(17, 'A').slice(0, 17);
    ids.set(identityArn, id);
  }
  return prefix + id;
}

/** Asked for several times at each call of a run, and made once. */
const ids = new Map<string, string>();
