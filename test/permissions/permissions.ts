import { readTemplates, resources, type Templates } from '../fixtures/template.ts';
import { heldBy } from '../lib/statements.ts';

/** Actions by function (its construct path, e.g. `SendMessage`) and by the statement of its policy that allows them. */
export type Permissions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** One action of one statement of one function. */
export interface Permission {
  readonly door: string;
  readonly statement: string;
  readonly action: string;
}

/** Why something is lent that no test uses. */
export interface Reason {
  readonly statement: string;
  readonly actions: readonly string[];
  /** Functions that it holds for. @default every one that has the statement */
  readonly doors?: readonly string[];
  /** True where some runs of the tests use it and others do not, as in a race: then no record holds it. */
  readonly sometimes?: boolean;
  readonly reason: string;
}

/** Everything that the policies of the functions of an assembly allow. */
export function lentIn(assembly: string): Permissions {
  const templates = readTemplates(assembly);
  const policies = resources(templates, 'AWS::IAM::ManagedPolicy');
  const functions = resources(templates, 'AWS::Lambda::Function').map(({ path }) =>
    path.replace(/\/Function$/, ''),
  );
  return grouped(
    [...functions, ...personRolesOf(templates)].flatMap((door) => {
      const policy = policies.find((one) => one.path === `${door}/Policy`);
      if (!policy) throw new Error(`${door} has no policy ${door}/Policy`);
      return Object.entries(heldBy(policy, templates)).flatMap(([statement, { actions }]) =>
        actions.map((action) => ({ door, statement, action })),
      );
    }),
  );
}

/** Construct paths of roles that doors assume in a person's name: they stand in the record like doors. */
export function personRolesOf(templates: Templates): readonly string[] {
  return resources(templates, 'AWS::IAM::Role').flatMap(
    ({ path }) => /^(AsPerson\w+)\/Role$/.exec(path)?.[1] ?? [],
  );
}

/** What makes the committed record wrong: a sentence for each permission; none where all is used or has its reason. */
export function problemsOf(lent: Permissions, used: Permissions, reasons: readonly Reason[]): string[] {
  const unused = listed(lent).filter((one) => !has(used, one));
  return [
    ...unused
      .filter((one) => !reasons.some((reason) => excuses(reason, one)))
      .map(
        (one) => `${inWords(one)} is lent, used by no test and has no reason in test/permissions/reasons.ts`,
      ),
    ...listed(used)
      .filter((one) => !has(lent, one))
      .map((one) => `${inWords(one)} stands in test/permissions/used.json and is not lent`),
    ...reasons.flatMap((reason) =>
      reason.actions
        .filter((action) => !unused.some((one) => one.action === action && excuses(reason, one)))
        .map(
          (action) => `the reason for ${reason.statement} ${action} excuses nothing: it is used, or not lent`,
        ),
    ),
  ];
}

/** Without what some runs use and others do not. */
export function steady(permissions: readonly Permission[], reasons: readonly Reason[]): Permissions {
  const wavers = (one: Permission) => reasons.some((reason) => reason.sometimes && excuses(reason, one));
  return grouped(permissions.filter((one) => !wavers(one)));
}

/** What a run of all tests says against the committed record. */
export function differences(recorded: Permissions, seen: Permissions): string[] {
  return [
    ...listed(recorded)
      .filter((one) => !has(seen, one))
      .map((one) => `${inWords(one)} stands in test/permissions/used.json, but no test used it`),
    ...listed(seen)
      .filter((one) => !has(recorded, one))
      .map((one) => `${inWords(one)} was used, but does not stand in test/permissions/used.json`),
  ];
}

/** In a fixed order, so that the file of them changes only with them. */
export function grouped(permissions: readonly Permission[]): Permissions {
  const groups: Record<string, Record<string, string[]>> = {};
  for (const { door, statement, action } of permissions.toSorted(inOrder)) {
    groups[door] ??= {};
    groups[door][statement] ??= [];
    const actions = groups[door][statement];
    if (!actions.includes(action)) actions.push(action);
  }
  return groups;
}

export function listed(permissions: Permissions): Permission[] {
  return Object.entries(permissions).flatMap(([door, statements]) =>
    Object.entries(statements).flatMap(([statement, actions]) =>
      actions.map((action) => ({ door, statement, action })),
    ),
  );
}

export function has(permissions: Permissions, { door, statement, action }: Permission): boolean {
  return permissions[door]?.[statement]?.includes(action) ?? false;
}

export function excuses({ statement, actions, doors }: Reason, one: Permission): boolean {
  return one.statement === statement && actions.includes(one.action) && (doors?.includes(one.door) ?? true);
}

function inWords({ door, statement, action }: Permission): string {
  return `${door}: ${statement} ${action}`;
}

function inOrder(one: Permission, other: Permission): number {
  return inWords(one).localeCompare(inWords(other), 'en');
}
