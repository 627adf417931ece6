/** One IAM policy statement as it stands in a template, its intrinsics already resolved. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly NotPrincipal?: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  /** Operator → condition key → accepted values, e.g. `{ StringEquals: { 'kms:ViaService': '…' } }`. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, ConditionValue>>>>;
}

export type ConditionValue = string | number | boolean | readonly (string | number | boolean)[];

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: Statement | readonly Statement[];
}

/** A policy with the name under which a refusal can speak of it. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: PolicyDocument;
}

/** Who calls: a role session of one function, or the account's administrator. */
export interface Principal {
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>`, or an IAM user's ARN. */
  readonly arn: string;
  /** What policies name: the role's or user's own ARN. */
  readonly identityArn: string;
  readonly accountId: string;
  readonly policies: readonly NamedPolicy[];
  /** Who a session says that it is for; set when its role is assumed, and never changed. */
  readonly sourceIdentity?: string;
  /** Of an AWS service: what it works for. */
  readonly sourceArn?: string;
  /** The most that `policies` can allow; grants nothing itself (IAM user guide, "Permissions boundaries for IAM entities"). */
  readonly permissionsBoundary?: NamedPolicy;
}

/** One thing a call asks to do; a call is allowed when each of its authorizations is. */
export interface Authorization {
  /** `service:Action`, in AWS's own casing. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request and their values; the front door adds the global `aws:*` ones. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** The resource's own policy, where it has one. */
  readonly resourcePolicy?: NamedPolicy;
  /**
   * True for KMS keys: without a statement of the resource's policy nobody may do anything, and
   * identity policies count only where that policy names the account's root (KMS developer guide, "Key policies").
   */
  readonly resourcePolicyDecides?: boolean;
  /** What a refusal calls the resource's policy. @default 'resource-based policy' */
  readonly resourcePolicyKind?: 'resource-based policy' | 'role trust policy';
}

export type Verdict =
  | { readonly allowed: true; readonly by: StatementName }
  | {
      readonly allowed: false;
      /** An explicit Deny, or no statement that allows. */
      readonly kind: 'explicit-deny' | 'implicit-deny';
      /** In an explicit deny: the statement. */
      readonly by?: StatementName;
      /** The access-denied sentence in AWS's own format: who, action, resource, and why. */
      readonly message: string;
    };

/** How an authorization is decided: `evaluate`, or that and somebody who keeps count. */
export type Judge = (principal: Principal, authorization: Authorization) => Verdict;

/** Where a statement stands: the policy's name, and its Sid or its place (`#0`). */
export interface StatementName {
  readonly policy: string;
  readonly statement: string;
}
