import { isEligible } from '../../../lib/eligible-services.ts';
import { type Assembly, listOf, type Resource, valueAt } from '../assembly.ts';
import { type Check, every, never, ofTypes, something } from '../check.ts';
import { holdingOf, isStore } from '../holdings.ts';

/** What holds for who may do what, and for what may stand in a template at all. */
export const permissionChecks: readonly Check[] = [
  never(
    'no-wildcard-permission',
    'No identity is allowed every action of a service: each action is named.',
    (policy, all) => (isCap(policy, all) ? [] : wildcardsOf(policy)),
  ),
  every(
    'functions-bounded',
    'Every function’s role has a boundary beyond which no policy of its own reaches.',
    ['AWS::IAM::Role'],
    () => ({ PermissionsBoundary: something }),
    (role, all) => isOfFunction(role, all),
  ),
  {
    id: 'one-role-a-function',
    promises: 'No two functions share a role.',
    look: (all) => {
      const users = new Map<string, string[]>();
      for (const { path, properties, stack } of ofTypes(all, ['AWS::Lambda::Function'])) {
        const role = all.pointsTo(properties.Role, stack)[0]?.path ?? 'no role of this deployment';
        users.set(role, [...(users.get(role) ?? []), path]);
      }
      return [...users].map(([role, functions]) => ({
        ...{ resource: role, property: 'functions', expected: 'one', seen: functions.join(', ') },
        holds: functions.length === 1 && role !== 'no role of this deployment',
      }));
    },
  },
  never('services-eligible', 'Only services that AWS lists as eligible for PHI are used.', ({ type }) =>
    isEligible(type) ? [] : [['Type', type]],
  ),
  {
    id: 'holdings-declared',
    promises: 'Of every store it is written down what it holds.',
    look: (all) =>
      all.resources.filter(isStore).map((store) => {
        const holding = holdingOf(store);
        const seen = holding ? `${holding.ephi}: ${holding.holds}` : 'not written down';
        const expected = 'a line in holdings.ts';
        return {
          resource: store.path,
          property: 'what it holds',
          expected,
          seen,
          holds: holding !== undefined,
        };
      }),
  },
];

/** A policy that only caps others: it is attached to nobody, and roles name it as their boundary. */
function isCap(policy: Resource, all: Assembly): boolean {
  return ofTypes(all, ['AWS::IAM::Role']).some(
    ({ properties, stack }) => all.pointsTo(properties.PermissionsBoundary, stack)[0] === policy,
  );
}

function wildcardsOf({ type, properties }: Resource): readonly (readonly [string, string])[] {
  if (!/^AWS::IAM::(ManagedPolicy|Policy|RolePolicy|Role)$/.test(type)) return [];
  const documents = [
    properties.PolicyDocument,
    ...listOf(properties.Policies).map((inline) => valueAt(inline, 'PolicyDocument')),
  ];
  return documents
    .flatMap((document) => listOf(valueAt(document, 'Statement')))
    .filter((statement) => valueAt(statement, 'Effect') === 'Allow')
    .flatMap((statement) => [
      ...listOf(valueAt(statement, 'Action')).filter((action) =>
        /^(\*|[a-z0-9-]+:\*)$/i.test(String(action)),
      ),
      ...listOf(valueAt(statement, 'NotAction')).map((action) => `NotAction ${String(action)}`),
    ])
    .map((action) => ['PolicyDocument', String(action)] as const);
}

function isOfFunction(role: Resource, all: Assembly): boolean {
  return ofTypes(all, ['AWS::Lambda::Function']).some(
    ({ properties, stack }) => all.pointsTo(properties.Role, stack)[0] === role,
  );
}
