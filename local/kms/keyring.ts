import { type Account, arn } from '../account.ts';
import { AwsError } from '../front-door/service.ts';
import { checkPolicy } from '../iam/check-policy.ts';
import type { NamedPolicy, PolicyDocument } from '../iam/policy.ts';
import type { Resource } from '../template/resource.ts';
import { type KeySpec, keySpecOf } from './key-spec.ts';

/** A key of the template: what stays the same while its state changes. */
export interface Key {
  readonly id: string;
  readonly arn: string;
  readonly policy: NamedPolicy;
  readonly description: string;
  readonly spec: KeySpec;
  readonly isMultiRegion: boolean;
  readonly startsEnabled: boolean;
}

/** The keys and aliases of the template, and the four ways in which a request may name one. */
export class Keyring {
  private readonly account: Account;
  private readonly keys = new Map<string, Key>();
  private readonly aliases = new Map<string, string>();

  constructor(account: Account) {
    this.account = account;
  }

  addKey(resource: Resource): Key {
    const key = keyOf(resource, this.account);
    this.keys.set(key.id, key);
    return key;
  }

  addAlias(resource: Resource): void {
    this.aliases.set(resource.ref, idIn(String(resource.properties.TargetKeyId)));
  }

  /** By key id, key ARN, alias name or alias ARN. */
  find(named: string): Key {
    const { partition, region, accountId } = this.account;
    if (named.startsWith('arn:') && !named.startsWith(`arn:${partition}:kms:${region}:${accountId}:`)) {
      throw new AwsError('NotFoundException', `Invalid arn ${region}`);
    }
    const alias = aliasIn(named);
    if (alias !== undefined && !this.aliases.has(alias)) {
      throw new AwsError('NotFoundException', `Alias ${arn(this.account, 'kms', alias)} is not found.`);
    }
    const keyId = alias === undefined ? idIn(named) : (this.aliases.get(alias) ?? '');
    const key = this.keys.get(keyId);
    if (key === undefined) {
      throw new AwsError(
        'NotFoundException',
        `Key '${arn(this.account, 'kms', `key/${keyId}`)}' does not exist`,
      );
    }
    return key;
  }

  has(keyId: string): boolean {
    return this.keys.has(keyId);
  }

  aliasesOf(key: Key): string[] {
    return [...this.aliases].filter(([, keyId]) => keyId === key.id).map(([name]) => name);
  }
}

/** `alias/…` where the name is an alias's name or ARN. */
export function aliasIn(named: string): string | undefined {
  return /(?:^|:)(alias\/.+)$/.exec(named)?.[1];
}

function idIn(named: string): string {
  return named.replace(/^arn:.*:key\//, '');
}

const INERT = ['Description', 'EnableKeyRotation', 'RotationPeriodInDays', 'PendingWindowInDays', 'Tags'];
const ENFORCED = [
  ...['KeyPolicy', 'Enabled', 'MultiRegion', 'BypassPolicyLockoutSafetyCheck'],
  ...['KeySpec', 'KeyUsage'],
];
const ONLY: Readonly<Record<string, string>> = { Origin: 'AWS_KMS' };

function keyOf(resource: Resource, account: Account): Key {
  const { properties } = resource;
  for (const [name, value] of Object.entries(properties)) {
    const served = INERT.includes(name) || ENFORCED.includes(name) || ONLY[name] === value;
    if (!served) {
      throw new Error(
        `${resource.stack}.${resource.logicalId} (${resource.type}) sets ${name} to ${JSON.stringify(value)}, which the local keys do not do`,
      );
    }
  }
  const document = (properties.KeyPolicy as PolicyDocument | undefined) ?? defaultPolicy(account);
  const policy = { name: `${resource.logicalId} key policy`, document };
  checkPolicy(policy, 'resource');
  return {
    id: resource.ref,
    arn: arn(account, 'kms', `key/${resource.ref}`),
    policy,
    description: typeof properties.Description === 'string' ? properties.Description : '',
    spec: keySpecOf(properties, `${resource.stack}.${resource.logicalId} (${resource.type})`),
    isMultiRegion: resource.ref.startsWith('mrk-'),
    startsEnabled: String(properties.Enabled) !== 'false',
  };
}

/** KMS developer guide, "Default key policy". */
function defaultPolicy(account: Account): PolicyDocument {
  const AWS = `arn:${account.partition}:iam::${account.accountId}:root`;
  return { Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' }] };
}
