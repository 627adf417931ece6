import { isDeepStrictEqual } from 'node:util';
import { find, type Placed, resources, type Templates, target } from '../../fixtures/template.ts';
import { abilities } from '../abilities.ts';
import { assumedByScanner } from '../attachment-weaknesses.ts';
import auditorAccess from '../auditor-access.json' with { type: 'json' };
import { doorBoundary } from '../door-boundary.ts';
import { holders } from '../holders.ts';
import { heldBy } from '../statements.ts';
import { into, wants } from '../wishes.ts';
import type { Look } from './look.ts';

/** Of roles and what they hold. */
export const ofRoles: Readonly<Record<string, Look>> = {
  'AWS::IAM::Role': (role, templates) => [
    ...wants(role.Properties, {
      Policies: undefined,
      'AssumeRolePolicyDocument.Statement': isScanner(role)
        ? assumedByScanner
        : isPerson(role)
          ? (given: unknown) => isAssumedForPersons(given, role, templates)
          : [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: assumerOf(role) } }],
    }),
    ...(ownPolicies(role, templates).length === 1 ? [] : ['has not exactly one policy, of its own stack']),
    ...(isScanner(role) ||
    assumerOf(role) !== 'lambda.amazonaws.com' ||
    /"(DoorBoundary\w+|Wardline-Data:ExportsOutputRefDoorBoundary\w+)"/.test(
      JSON.stringify(role.Properties.PermissionsBoundary ?? null),
    )
      ? []
      : ['is a door’s without the doors’ boundary']),
  ],

  'AWS::IAM::ManagedPolicy': (policy, templates) => {
    if (policy.path === 'DoorBoundary') {
      const { Roles, Users, Groups, PolicyDocument } = policy.Properties;
      if (Roles || Users || Groups) return ['is attached to somebody, whom it would allow all it caps'];
      return isDeepStrictEqual(PolicyDocument, doorBoundary()) ? [] : ['is another boundary'];
    }
    if (policy.path === 'AuditorAccess') {
      const { PolicyDocument } = policy.Properties;
      return isDeepStrictEqual(PolicyDocument, auditorAccess) ? [] : ['gives auditors something else'];
    }
    const held = heldBy(policy, templates);
    const wanted = holders[policy.path] ?? [];
    return [
      ...wanted.filter((name) => !(name in held)).map((name) => `lacks ${name}`),
      ...Object.entries(held).flatMap(([name, ability]) => {
        if (!wanted.includes(name)) return [`may ${name}`];
        return isDeepStrictEqual(ability, abilities[name])
          ? []
          : [`has in ${name} ${JSON.stringify(ability)}`];
      }),
    ];
  },
};

const isScanner = ({ path }: Placed) => path === 'Attachments/Scanner/Role';

/** Roles that one door assumes for one person each → that door. */
const personRoles: Readonly<Record<string, string>> = {
  'AsPersonCatchUp/Role': 'CatchUp/Role',
  'AsPersonDownload/Role': 'DownloadAttachment/Role',
  'AsPersonExport/Role': 'ExportPatients/Role',
  'AsPersonRead/Role': 'ReadMessages/Role',
};
const isPerson = ({ path }: Placed) => path in personRoles;

/** By its door alone, and only in somebody's name. */
function isAssumedForPersons(given: unknown, role: Placed, templates: Templates): boolean {
  const named = into(into(into(given, '0'), 'Principal'), 'AWS');
  if (find(templates, target(named) ?? '')?.path !== personRoles[role.path]) return false;
  const Condition = { StringLike: { 'sts:SourceIdentity': '*' } };
  return isDeepStrictEqual(
    given,
    ['sts:AssumeRole', 'sts:SetSourceIdentity'].map((Action) => ({
      ...{ Action, Condition, Effect: 'Allow', Principal: { AWS: named } },
    })),
  );
}

function assumerOf(role: Placed): string {
  if (role.path.startsWith('CloudTrail/')) return 'cloudtrail.amazonaws.com';
  if (role.path.startsWith('GatewayLogRole/')) return 'apigateway.amazonaws.com';
  return /^(Key|Audit)?Backups\//.test(role.path) ? 'backup.amazonaws.com' : 'lambda.amazonaws.com';
}

function ownPolicies(role: Placed, templates: Templates): Placed[] {
  const named = role.Properties.ManagedPolicyArns;
  if (!Array.isArray(named)) return [];
  const own = resources(templates, 'AWS::IAM::ManagedPolicy').filter(({ stack }) => stack === role.stack);
  const found = named.map((one) => own.find(({ id }) => id === target(one)));
  return found.every((one) => one !== undefined) ? found : [];
}
