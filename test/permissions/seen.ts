import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningStack } from '../../local/stack.ts';
import { resultsDirectory, writeResult } from '../fixtures/results.ts';
import { readTemplates, resources } from '../fixtures/template.ts';
import type { Permission } from './permissions.ts';

/** What the functions did in the runs of a stack. */
export interface Seen {
  readonly used: readonly (Permission & { readonly times: number })[];
  /** Calls that no statement allowed. */
  readonly missing: readonly { readonly door: string; readonly message: string; readonly times: number }[];
}

const directory = join(resultsDirectory, 'permissions');
const whole = 'whole';

/** Writes down what each function of a run was allowed and refused. Calls that a test made under a role do not count. */
export function noteSeen(stack: RunningStack, assembly: string): void {
  const doors = doorsOf(stack, assembly);
  const of = (principal: string) => doors.get(principal) ?? doors.get(principal.replace(/[^/]+$/, '')) ?? '';
  const { permissions } = stack;
  const seen: Seen = {
    used: permissions
      .allowances()
      .filter(({ policy }) => isRolePolicy(policy, stack))
      .map(({ principal, statement, action, times }) => ({ door: of(principal), statement, action, times }))
      .filter(({ door }) => door !== ''),
    missing: permissions
      .refusals()
      .map(({ principal, message, times }) => ({ door: of(principal), message, times }))
      .filter(({ door }) => door !== ''),
  };
  writeResult(`permissions/${randomUUID()}.json`, JSON.stringify(seen));
}

/** Everything that was seen since {@link forgetSeen}. */
export function allSeen(): Seen {
  const seen = files().map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as Seen);
  return { used: seen.flatMap(({ used }) => used), missing: seen.flatMap(({ missing }) => missing) };
}

/** Each sentence of a refusal once, with the function that met it. */
export function missing(seen: Seen): string[] {
  return [...new Set(seen.missing.map(({ door, message }) => `${door}: ${message}`))];
}

export function forgetSeen(): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Says that what was seen is what all tests did. */
export function sealSeen(): void {
  writeResult(`permissions/${whole}`, '');
}

export function isWhole(): boolean {
  return existsSync(join(directory, whole));
}

function files(): string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : [];
}

/** Else it is the policy of a key, a queue or a table that let the function in. */
function isRolePolicy(name: string, { resources: all }: RunningStack): boolean {
  return all.some(({ type, logicalId }) => type === 'AWS::IAM::ManagedPolicy' && logicalId === name);
}

/** The construct path of each function by the session that its own code works in; of a role in persons' names by what its sessions begin with. */
function doorsOf(stack: RunningStack, assembly: string): ReadonlyMap<string, string> {
  const placed = resources(readTemplates(assembly), 'AWS::Lambda::Function');
  const sessions = `arn:aws:sts::${stack.account.accountId}:assumed-role`;
  const persons = stack.resources.flatMap(({ type, logicalId, ref }) => {
    const [, path] = (type === 'AWS::IAM::Role' && /^(AsPerson\w+)Role[0-9A-F]{8}$/.exec(logicalId)) || [];
    return path === undefined ? [] : [[`${sessions}/${ref}/`, path] as const];
  });
  const functions = stack.resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .map(({ logicalId, ref, properties }) => {
      const role = String(properties.Role).replace(/^.*\//, '');
      const session = `${sessions}/${role}/${ref}`;
      const path = placed.find(({ id }) => id === logicalId)?.path ?? logicalId;
      return [session, path.replace(/\/Function$/, '')] as const;
    });
  return new Map([...functions, ...persons]);
}
