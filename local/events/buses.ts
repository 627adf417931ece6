import { z } from 'zod';
import { type Account, arn } from '../account.ts';
import { checkPolicy } from '../iam/check-policy.ts';
import type { NamedPolicy, Statement } from '../iam/policy.ts';
import type { Resource } from '../template/resource.ts';
import { busNameOf } from './rule.ts';

const EventBus = z.strictObject({
  Name: z.string(),
  Description: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

const EventBusPolicy = z.strictObject({
  EventBusName: z.string().default('default'),
  StatementId: z.string(),
  Statement: z.record(z.string(), z.unknown()),
});

/** The event buses of the account: `default`, and those of the template, each with its policy. */
export class Buses {
  private readonly account: Account;
  private readonly statements = new Map<string, Statement[]>([['default', []]]);

  constructor(account: Account) {
    this.account = account;
  }

  /** Throws, by name, for a property that the local run does not do. */
  addBus(resource: Resource): void {
    const { Name } = read(resource, EventBus);
    this.statements.set(Name, []);
  }

  addPolicy(resource: Resource): void {
    const { EventBusName, StatementId, Statement } = read(resource, EventBusPolicy);
    const known = this.statements.get(busNameOf(EventBusName));
    if (!known)
      throw new Error(
        `${resource.stack}.${resource.logicalId}: no event bus ${EventBusName} in the template`,
      );
    const statement = { Sid: StatementId, ...Statement } as unknown as Statement;
    checkPolicy(
      { name: resource.logicalId, document: { Version: '2012-10-17', Statement: statement } },
      'resource',
    );
    known.push(statement);
  }

  has(name: string): boolean {
    return this.statements.has(name);
  }

  arnOf(name: string): string {
    return arn(this.account, 'events', `event-bus/${name}`);
  }

  policyOf(name: string): NamedPolicy | undefined {
    const statements = this.statements.get(name) ?? [];
    if (statements.length === 0) return undefined;
    return {
      name: `policy of the event bus ${name}`,
      document: { Version: '2012-10-17', Statement: statements },
    };
  }
}

function read<T>(resource: Resource, schema: z.ZodType<T>): T {
  const properties = schema.safeParse(resource.properties);
  if (properties.success) return properties.data;
  const where = `${resource.stack}.${resource.logicalId} (${resource.type})`;
  throw new Error(`${where}: ${z.prettifyError(properties.error)}`);
}
