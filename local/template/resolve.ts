import { createHash } from 'node:crypto';
import { type Account, arn } from '../account.ts';
import type { Assembly, Stack, TemplateResource } from './assembly.ts';
import { decide, evaluate, NO_VALUE, type Scope } from './intrinsics.ts';
import type { Identify, Identity, Resource } from './resource.ts';

export interface ResolvedStacks {
  /** Stack by stack in the assembly's order; those whose Condition does not hold are left out. */
  readonly resources: readonly Resource[];
  /** By stack, then by output key, as `cdk deploy --outputs-file` writes them. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly exports: Readonly<Record<string, string>>;
}

/** Resolves every template to plain values. `identify` names each type that may stand in them. */
export function resolveStacks(
  assembly: Assembly,
  account: Account,
  identify: Readonly<Record<string, Identify>>,
): ResolvedStacks {
  const run: Run = { account, identify, exports: new Map(), underWay: [] };
  const stacks = assembly.stacks.map((stack) => new StackScope(stack, run));
  refuseUnknownTypes(stacks, identify);
  for (const stack of stacks) stack.declareExports();

  const resources = stacks.flatMap((stack) => stack.resources());
  const outputs = Object.fromEntries(stacks.map((stack) => [stack.name, stack.outputs()]));
  const exports = Object.fromEntries([...run.exports].map(([name, value]) => [name, value()]));
  return { resources, outputs, exports };
}

interface Run {
  readonly account: Account;
  readonly identify: Readonly<Record<string, Identify>>;
  readonly exports: Map<string, () => string>;
  /** What is being named at this moment, to notice a circle. */
  readonly underWay: string[];
}

function refuseUnknownTypes(
  stacks: readonly StackScope[],
  identify: Readonly<Record<string, Identify>>,
): void {
  const unknown = stacks.flatMap((stack) =>
    stack
      .present()
      .filter(([, resource]) => !Object.hasOwn(identify, resource.Type))
      .map(([logicalId, resource]) => `${resource.Type} (${stack.name}.${logicalId})`),
  );
  if (unknown.length > 0) {
    throw new Error(`resource types that the local run does not know: ${unknown.join(', ')}`);
  }
}

class StackScope implements Scope {
  readonly name: string;
  private readonly stack: Stack;
  private readonly run: Run;
  private readonly identities = new Map<string, Identity>();

  constructor(stack: Stack, run: Run) {
    const { accountId = run.account.accountId, region = run.account.region } = stack;
    if (accountId !== run.account.accountId || region !== run.account.region) {
      throw new Error(
        `stack ${stack.name} is pinned to account ${accountId} in ${region}, but the local run stands for ${run.account.accountId} in ${run.account.region}`,
      );
    }
    this.name = stack.name;
    this.stack = stack;
    this.run = run;
  }

  present(): [string, TemplateResource][] {
    return Object.entries(this.stack.template.Resources).filter(([logicalId, resource]) =>
      this.holds(resource.Condition, `${this.name}.${logicalId}.Condition`),
    );
  }

  declareExports(): void {
    for (const [key, output] of Object.entries(this.stack.template.Outputs)) {
      const at = `${this.name}.Outputs.${key}`;
      if (output.Export === undefined || !this.holds(output.Condition, at)) continue;
      const exportName = String(evaluate(output.Export.Name, this, at));
      if (this.run.exports.has(exportName)) throw new Error(`${at}: the export ${exportName} exists already`);
      this.run.exports.set(exportName, () => asText(evaluate(output.Value, this, at)));
    }
  }

  resources(): Resource[] {
    return this.present().map(([logicalId, { Type: type, Properties }]) => ({
      stack: this.name,
      logicalId,
      type,
      properties: evaluate(Properties, this, `${this.name}.${logicalId}`) as Resource['properties'],
      ...this.identity(logicalId, `${this.name}.${logicalId}`),
    }));
  }

  outputs(): Record<string, string> {
    const held = Object.entries(this.stack.template.Outputs).filter(([key, output]) =>
      this.holds(output.Condition, `${this.name}.Outputs.${key}`),
    );
    return Object.fromEntries(
      held.map(([key, output]) => [key, asText(evaluate(output.Value, this, `${this.name}.Outputs.${key}`))]),
    );
  }

  ref(name: string, at: string): unknown {
    const pseudo = this.pseudoParameter(name);
    if (pseudo !== undefined) return pseudo;
    if (Object.hasOwn(this.stack.template.Parameters, name)) return this.parameter(name, at);
    return this.identity(name, at).ref;
  }

  attribute(logicalId: string, attribute: string, at: string): string {
    const { attributes } = this.identity(logicalId, at);
    const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    if (value !== undefined) return value;
    const type = this.stack.template.Resources[logicalId]?.Type;
    const known = Object.keys(attributes).join(', ') || 'none';
    throw new Error(`${at}: ${logicalId} (${type}) has no attribute ${attribute}; it has ${known}`);
  }

  condition(name: string, at: string): boolean {
    const { Conditions } = this.stack.template;
    if (!Object.hasOwn(Conditions, name))
      throw new Error(`${at}: no condition ${name} in stack ${this.name}`);
    const where = `${this.name}.Conditions.${name}`;
    return this.onlyOnce(where, () => decide(Conditions[name], this, where));
  }

  mapped(map: string, top: string, second: string): unknown {
    return [map, top, second].reduce<unknown>(
      (found, key) =>
        typeof found === 'object' && found !== null && Object.hasOwn(found, key)
          ? (found as Record<string, unknown>)[key]
          : undefined,
      this.stack.template.Mappings,
    );
  }

  imported(exportName: string, at: string): unknown {
    const value = this.run.exports.get(exportName);
    if (value === undefined) throw new Error(`${at}: no stack exports ${exportName}`);
    return this.onlyOnce(`export ${exportName}`, value);
  }

  zones(region: string): readonly string[] {
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  }

  private holds(condition: string | undefined, at: string): boolean {
    return condition === undefined || this.condition(condition, at);
  }

  private pseudoParameter(name: string): unknown {
    const { account } = this.run;
    switch (name) {
      case 'AWS::Region':
        return account.region;
      case 'AWS::AccountId':
        return account.accountId;
      case 'AWS::Partition':
        return account.partition;
      case 'AWS::URLSuffix':
        return account.urlSuffix;
      case 'AWS::StackName':
        return this.name;
      case 'AWS::StackId':
        return arn(account, 'cloudformation', `stack/${this.name}/${seedOf(this.name, '')}`);
      case 'AWS::NotificationARNs':
        return [];
      case 'AWS::NoValue':
        return NO_VALUE;
      default:
        return undefined;
    }
  }

  private parameter(name: string, at: string): unknown {
    const { Type = '', Default } = this.stack.template.Parameters[name] ?? {};
    if (Default === undefined)
      throw new Error(`${at}: the parameter ${name} has no default, and a local run sets none`);
    // The default of such a parameter is the name of a stored value. CDK's own is looked at by its Rules alone.
    if (Type.startsWith('AWS::SSM::') && name !== 'BootstrapVersion') {
      throw new Error(`${at}: the parameter ${name} is stored in Systems Manager, which a local run has not`);
    }
    const isList = Type === 'CommaDelimitedList' || Type.startsWith('List<');
    return isList
      ? String(Default)
          .split(',')
          .map((part) => part.trim())
      : String(Default);
  }

  private identity(logicalId: string, at: string): Identity {
    const known = this.identities.get(logicalId);
    if (known) return known;
    const resource = Object.hasOwn(this.stack.template.Resources, logicalId)
      ? this.stack.template.Resources[logicalId]
      : undefined;
    if (resource === undefined || !this.holds(resource.Condition, at)) {
      throw new Error(`${at}: no parameter or resource ${logicalId} in stack ${this.name}`);
    }
    const identify = this.run.identify[resource.Type];
    if (identify === undefined) throw new Error(`${at}: the local run does not know ${resource.Type}`);
    const where = `${this.name}.${logicalId}`;
    const identity = this.onlyOnce(where, () =>
      identify({
        account: this.run.account,
        stack: this.name,
        logicalId,
        seed: seedOf(this.name, logicalId),
        property: (name) => {
          const value = evaluate(resource.Properties[name], this, `${where}.${name}`);
          return value === NO_VALUE ? undefined : value;
        },
      }),
    );
    this.identities.set(logicalId, identity);
    return identity;
  }

  private onlyOnce<T>(what: string, work: () => T): T {
    const { underWay } = this.run;
    if (underWay.includes(what)) {
      throw new Error(
        `names depend on each other in a circle: ${[...underWay.slice(underWay.indexOf(what)), what].join(' -> ')}`,
      );
    }
    underWay.push(what);
    try {
      return work();
    } finally {
      underWay.pop();
    }
  }
}

/** 26 letters and digits that never change for a resource of a stack. */
function seedOf(stack: string, logicalId: string): string {
  const digest = createHash('sha256').update(`${stack}\n${logicalId}`).digest('hex');
  return BigInt(`0x${digest}`).toString(36).padStart(50, '0').slice(-26);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
