import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { CredentialStore } from '../front-door/credentials.ts';
import { queryAnswer } from '../front-door/query-protocol.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import { identityOf } from '../iam/identity.ts';
import type { Authorization, Principal } from '../iam/policy.ts';
import { sessionOf, trustOf } from '../template/principals.ts';
import type { Resource } from '../template/resource.ts';
import { type Assumption, checkLength, readAssumption } from './assume-role.ts';
import { type Issued, userIdOf } from './issued.ts';
import { trailOfAssumption } from './trail.ts';

export interface StsOptions {
  readonly account: Account;
  readonly clock: Clock;
  readonly credentials: CredentialStore;
  readonly resources: readonly Resource[];
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const DEFAULT_LONGEST_SECONDS = 3600;

/** AWS Security Token Service: sessions of the template's roles, for whom their trust policies let in. */
export class StsService implements AwsService {
  readonly name = 'sts';
  readonly protocol = 'query';
  private readonly options: StsOptions;
  private readonly issued = new WeakMap<Call, Issued>();

  constructor(options: StsOptions) {
    this.options = options;
  }

  needsNoPermission(operation: string): boolean {
    return operation === 'GetCallerIdentity';
  }

  authorizations(call: Call): readonly Authorization[] {
    return call.operation === 'AssumeRole' && call.principal
      ? this.toAssume(readAssumption(call.input), call.principal)
      : [];
  }

  async handle(call: Call): Promise<Answer> {
    if (!call.principal) throw new Error('STS serves nobody unsigned');
    const answer = (result: Readonly<Record<string, unknown>>) =>
      queryAnswer(call.operation, NAMESPACE, result, call.requestId);
    if (call.operation === 'GetCallerIdentity') return answer(identityIn(call.principal));
    if (call.operation !== 'AssumeRole')
      throw new AwsError(
        'InvalidAction',
        `Could not find operation ${call.operation} for version 2011-06-15`,
      );
    const issued = this.assume(readAssumption(call.input), call.principal);
    this.issued.set(call, issued);
    return answer(resultOf(issued));
  }

  trail(call: Call): TrailFacts {
    if (call.operation === 'AssumeRole') return trailOfAssumption(call.input, this.issued.get(call));
    return { category: 'Management', readOnly: true, resources: [], requestParameters: null };
  }

  /**
   * IAM user guide, "Monitor and control actions taken with assumed roles": setting or carrying on a source identity needs
   * `sts:SetSourceIdentity` in the role's trust policy, and in role chaining in the caller's own policy too.
   */
  private toAssume(asked: Assumption, caller: Principal): readonly Authorization[] {
    const role = this.roleOf(asked.roleArn);
    const trust = {
      resource: asked.roleArn,
      context: {
        'sts:RoleSessionName': asked.sessionName,
        ...(asked.sourceIdentity === undefined ? {} : { 'sts:SourceIdentity': asked.sourceIdentity }),
        ...(asked.externalId === undefined ? {} : { 'sts:ExternalId': asked.externalId }),
      },
      ...(role && { resourcePolicy: trustOf(role) }),
      resourcePolicyDecides: true,
      resourcePolicyKind: 'role trust policy',
    } as const;
    const assuming = { ...trust, action: 'sts:AssumeRole' };
    if ((asked.sourceIdentity ?? caller.sourceIdentity) === undefined) return [assuming];
    const action = 'sts:SetSourceIdentity';
    const { resource, context } = trust;
    return [assuming, { ...trust, action }, ...(isSession(caller) ? [{ action, resource, context }] : [])];
  }

  private assume(asked: Assumption, caller: Principal): Issued {
    const { account, clock, credentials, resources } = this.options;
    const role = this.roleOf(asked.roleArn);
    if (!role) throw new Error(`${asked.roleArn} was allowed and is not there`);
    const longest = Number(role.properties.MaxSessionDuration ?? DEFAULT_LONGEST_SECONDS);
    checkLength(asked.seconds, { longest, isChained: isSession(caller) });
    const sourceIdentity = kept(asked, caller);
    const session = sessionOf(role, resources, account, asked.sessionName);
    const principal = { ...session, ...(sourceIdentity === undefined ? {} : { sourceIdentity }) };
    const expiresAt = clock.now() + asked.seconds * 1000;
    return { principal, expiresAt, credentials: credentials.issue(principal, { expiresAt }) };
  }

  private roleOf(roleArn: string): Resource | undefined {
    return this.options.resources.find(
      ({ type, attributes }) => type === 'AWS::IAM::Role' && attributes.Arn === roleArn,
    );
  }
}

function isSession(caller: Principal): boolean {
  return identityOf(caller).type === 'AssumedRole';
}

/** A source identity is carried on and never changed. */
function kept(asked: Assumption, caller: Principal): string | undefined {
  const before = caller.sourceIdentity;
  if (before === undefined || asked.sourceIdentity === undefined || asked.sourceIdentity === before)
    return before ?? asked.sourceIdentity;
  throw new AwsError(
    'AccessDenied',
    `User: ${caller.arn} is not authorized to perform: sts:SetSourceIdentity on resource: ${asked.roleArn}`,
    403,
  );
}

function resultOf({ principal, credentials, expiresAt }: Issued): Readonly<Record<string, unknown>> {
  return {
    ...(principal.sourceIdentity === undefined ? {} : { SourceIdentity: principal.sourceIdentity }),
    AssumedRoleUser: { AssumedRoleId: userIdOf(principal), Arn: principal.arn },
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      SessionToken: credentials.sessionToken,
      Expiration: new Date(expiresAt).toISOString().replace(/\.\d{3}/, ''),
    },
  };
}

function identityIn(principal: Principal): Readonly<Record<string, unknown>> {
  return { Arn: principal.arn, UserId: userIdOf(principal), Account: principal.accountId };
}
