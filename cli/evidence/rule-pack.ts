import type { Assembly } from './assembly.ts';
import type { Check, Finding } from './check.ts';
import { peopleChecks } from './checks/people.ts';
import { permissionChecks } from './checks/permissions.ts';
import { recordChecks } from './checks/records.ts';
import { storeChecks } from './checks/stores.ts';
import { wayInChecks } from './checks/ways-in.ts';

/** Everything that is looked for in a template, whoever wrote it. */
export const rulePack: readonly Check[] = [
  ...storeChecks,
  ...peopleChecks,
  ...wayInChecks,
  ...permissionChecks,
  ...recordChecks,
];

/** What one rule found. It holds only where something keeps it and nothing breaks it. */
export interface Kept {
  readonly id: string;
  readonly promises: string;
  readonly holds: boolean;
  readonly findings: readonly Finding[];
}

export function applyRules(assembly: Assembly, rules: readonly Check[] = rulePack): readonly Kept[] {
  return rules.map(({ id, promises, look }) => {
    const findings = look(assembly);
    return { id, promises, holds: findings.length > 0 && findings.every(({ holds }) => holds), findings };
  });
}
