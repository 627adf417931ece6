import type { Account } from '../account.ts';

/** A resource of a synthesized template, its properties resolved to plain values. */
export interface Resource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives, by attribute name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** How a resource type gets its names: pure, so that templates resolve without anything running. */
export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Gives a resource the names that CloudFormation would. `seed` is stable for the stack and logical id (26 lower-case
 * letters and digits), so names stay the same over restarts. `property` resolves one property, or gives undefined.
 */
export type Identify = (given: {
  readonly account: Account;
  readonly stack: string;
  readonly logicalId: string;
  readonly seed: string;
  readonly property: (name: string) => unknown;
}) => Identity;
