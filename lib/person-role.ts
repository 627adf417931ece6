import { Aws, Stack } from 'aws-cdk-lib';
import {
  ArnPrincipal,
  Effect,
  type IManagedPolicy,
  ManagedPolicy,
  PermissionsBoundary,
  PolicyStatement,
  Role,
} from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Ability, Borrower, Door } from './door.ts';

export interface PersonRoleProps {
  /** The one door that may assume it, for the person whom it answers. */
  readonly door: Door;
  /** The environment variable by which the door knows the role. */
  readonly variable: string;
  /** For whom it reads IAM: what the role is for. */
  readonly description: string;
}

/** What the ids of these constructs begin with: by it the doors' boundary knows the roles, whose names begin with the stack's. */
export const AS_PERSON = 'AsPerson';

/**
 * What one door may do in a person's name and in no other way: a role whose sessions must say for whom they work (STS's source
 * identity), so that CloudTrail names the person at each call, without believing this app's own record. Abilities are lent to it
 * as to a door; whoever lends them lends them to the door no more.
 */
export class PersonRole extends Construct implements Borrower {
  private readonly role: Role;
  private readonly policy: ManagedPolicy;
  private readonly door: Door;
  private readonly abilities = new Set<string>();

  /** @param id begins with `AsPerson` */
  constructor(scope: Construct, id: string, { door, variable, description }: PersonRoleProps) {
    super(scope, id);
    if (!id.startsWith(AS_PERSON))
      throw new Error(`${id} must begin with ${AS_PERSON}: the doors' boundary knows it by that`);
    this.door = door;
    this.policy = new ManagedPolicy(this, 'Policy', { description });
    const asking = { StringLike: { 'sts:SourceIdentity': '*' } }; // whoever names nobody is not let in
    const caller = new ArnPrincipal(door.roleArn);
    this.role = new Role(this, 'Role', {
      description,
      assumedBy: caller.withConditions(asking),
      managedPolicies: [this.policy],
    });
    this.role.assumeRolePolicy?.addStatements(
      new PolicyStatement({ actions: ['sts:SetSourceIdentity'], principals: [caller], conditions: asking }),
    );
    door.lend({
      name: `Assume${id}`,
      actions: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
      // by the beginning of its name: the role's trust names the door, and CloudFormation makes no circles
      resources: [`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${Stack.of(this).stackName}-${id}*`],
    });
    door.tell(variable, this.role.roleArn);
  }

  /** The role's ARN, for policies of what it reaches. */
  get roleArn(): string {
    return this.role.roleArn;
  }

  /** Adds an ability to the role's own managed policy; the same name twice is the same ability. */
  lend(ability: Ability): void {
    if (this.abilities.has(ability.name)) return;
    this.abilities.add(ability.name);
    const { name: sid, actions, resources, conditions } = ability;
    this.policy.addStatements(
      new PolicyStatement({
        ...{ sid, effect: Effect.ALLOW, actions: [...actions], resources: [...resources], conditions },
      }),
    );
  }

  /** Sets an environment variable of the door that assumes the role. */
  tell(name: string, value: string): void {
    this.door.tell(name, value);
  }

  /** Caps what its own policy can allow. */
  keepWithin(boundary: IManagedPolicy): void {
    PermissionsBoundary.of(this).apply(boundary);
  }
}
