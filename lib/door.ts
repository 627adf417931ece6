import { Duration } from 'aws-cdk-lib';
import {
  Effect,
  type IManagedPolicy,
  ManagedPolicy,
  PermissionsBoundary,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Architecture, type IFunction, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge, doorFindings } from './acknowledgements.ts';
import { bundle } from './bundle.ts';
import type { Logs } from './logs.ts';

/** Memory in MB, which also buys processor time (1,769 MB is one core), and the longest run in seconds. */
const paces = {
  /** Someone waits for a message: a whole core. */
  message: { memorySize: 1_769, timeoutSeconds: 15 },
  /** Someone waits for a page or a list. */
  page: { memorySize: 1_024, timeoutSeconds: 15 },
  /** Nobody waits: it walks through a table, as long as Lambda lets a function run. */
  chore: { memorySize: 1_024, timeoutSeconds: 900 },
  /**
   * Nobody waits: it decodes a picture. 40 megapixels, the most that it does, take 1.4 GB and 6 s of a core as a JPEG in three colours, and a third
   * more in four; 1 GB as a PNG of 16 bits.
   */
  picture: { memorySize: 3_008, timeoutSeconds: 28 },
  /** Opens or closes a connection, or signs in; Cognito gives a trigger 5 s. */
  gate: { memorySize: 512, timeoutSeconds: 5 },
  /** Nobody waits: runs by the clock, and is over before it runs again. */
  sweep: { memorySize: 512, timeoutSeconds: 55 },
} as const;

export interface DoorProps {
  readonly pace: keyof typeof paces;
  readonly logs: Logs;
}

/** What a door may do on AWS: exact actions on exact resources. */
export interface Ability {
  /** Becomes the statement's Sid: a verb and its object in PascalCase, one meaning per app. */
  readonly name: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Whatever abilities are lent to: a door, or a role that a door assumes. */
export interface Borrower {
  /** Adds an ability; the same name twice is the same ability. */
  lend(ability: Ability): void;
  /** Sets an environment variable of the door. */
  tell(name: string, value: string): void;
}

/**
 * One Lambda function and its role. The construct id names its file: `SendMessage` runs `functions/send-message.ts`.
 * It can do nothing but write its own log until a construct lends it an ability.
 */
export class Door extends Construct implements Borrower {
  readonly function: IFunction;
  /** Of the role that it works in, for who trusts it. */
  readonly roleArn: string;
  private readonly lambda: LambdaFunction;
  private readonly policy: ManagedPolicy;
  private readonly abilities = new Set<string>();

  constructor(scope: Construct, id: string, props: DoorProps) {
    super(scope, id);

    const logGroup = props.logs.group(this, 'Log');
    this.policy = new ManagedPolicy(this, 'Policy', { description: `What the door ${id} may do` });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [this.policy],
      description: `Role of the door ${id}`,
    });

    this.roleArn = role.roleArn;

    const pace = paces[props.pace];
    this.lambda = new LambdaFunction(this, 'Function', {
      description: `Door ${id}`,
      code: bundle(fileOf(id)),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: pace.memorySize,
      timeout: Duration.seconds(pace.timeoutSeconds),
      role: role.withoutPolicyUpdates(), // or CDK would add inline policies of its own
      logGroup,
    });
    this.function = this.lambda;
    acknowledge(this.lambda, doorFindings);

    this.lend({
      name: 'WriteOwnLog',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
  }

  /** Adds an ability to the door's own managed policy; the same name twice is the same ability. */
  lend(ability: Ability): void {
    if (this.abilities.has(ability.name)) return;
    this.abilities.add(ability.name);
    this.policy.addStatements(
      new PolicyStatement({
        sid: ability.name,
        effect: Effect.ALLOW,
        actions: [...ability.actions],
        resources: [...ability.resources],
        conditions: ability.conditions,
      }),
    );
  }

  /** Caps what its own policy can allow. */
  keepWithin(boundary: IManagedPolicy): void {
    PermissionsBoundary.of(this).apply(boundary);
  }

  /** Sets an environment variable. */
  tell(name: string, value: string): void {
    this.lambda.addEnvironment(name, value);
  }
}

function fileOf(id: string): string {
  return `${id.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.ts`;
}
