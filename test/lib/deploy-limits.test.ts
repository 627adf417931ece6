import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { report } from '../fixtures/results.ts';
import { synthesized } from '../fixtures/synth.ts';
import { type Placed, readTemplates, resources, type Templates } from '../fixtures/template.ts';
import { account, resolved } from './resolved.ts';

/** What AWS refuses at deployment and synth does not see, in characters without white space or as a count. */
const quotas = {
  /** CloudFormation User Guide, "Understand CloudFormation quotas". */
  resourcesOfAStack: 500,
  bytesOfATemplate: 1024 * 1024,
  /** IAM User Guide, "IAM and AWS STS quotas". */
  managedPolicy: 6_144,
  trustPolicy: 2_048,
  managedPoliciesOfARole: 10,
  /** S3 User Guide, "Policies and permissions in Amazon S3": 20 KB. */
  bucketPolicy: 20 * 1024,
  /** KMS Developer Guide, "Resource quotas": 32 KB. */
  keyPolicy: 32 * 1024,
  /** Lambda Developer Guide, "Lambda quotas": 4 KB of variables, 20 KB of resource-based policy. */
  environment: 4 * 1024,
  permissionsOfAFunction: 20 * 1024,
  /** EventBridge User Guide, "Quotas": the pattern of a rule. */
  eventPattern: 2_048,
  /** API Gateway Developer Guide, "Quotas": routes of an API. */
  routesOfAnApi: 300,
} as const;

type Quota = keyof typeof quotas;
type Size = readonly [quota: Quota, of: string, size: number];

let assembly: string;
let templates: Templates;

beforeAll(async () => {
  assembly = await synthesized();
  templates = readTemplates(assembly);
}, 120_000);

test('nothing in the template is larger than AWS takes, however long the names in it become', () => {
  const sizes: Size[] = [
    ...Object.entries(templates).flatMap(([stack, { Resources }]): Size[] => [
      ['resourcesOfAStack', stack, Object.keys(Resources).length],
      ['bytesOfATemplate', stack, statSync(join(assembly, `Wardline-${stack}.template.json`)).size],
    ]),
    ...documents('AWS::IAM::ManagedPolicy', 'PolicyDocument', 'managedPolicy'),
    ...documents('AWS::IAM::Role', 'AssumeRolePolicyDocument', 'trustPolicy'),
    ...documents('AWS::S3::BucketPolicy', 'PolicyDocument', 'bucketPolicy'),
    ...documents('AWS::KMS::Key', 'KeyPolicy', 'keyPolicy'),
    ...documents('AWS::Lambda::Function', 'Environment', 'environment'),
    ...documents('AWS::Events::Rule', 'EventPattern', 'eventPattern'),
    ...together('AWS::Lambda::Permission', 'FunctionName', 'permissionsOfAFunction', sizeOf),
    ...together('AWS::ApiGatewayV2::Route', 'ApiId', 'routesOfAnApi', () => 1),
    ...resources(templates, 'AWS::IAM::Role').map((role): Size => {
      const attached = resources(templates, 'AWS::IAM::ManagedPolicy').filter(({ Properties }) =>
        JSON.stringify(Properties.Roles ?? []).includes(`"${role.id}"`),
      );
      const own = (role.Properties.ManagedPolicyArns as unknown[] | undefined) ?? [];
      return ['managedPoliciesOfARole', role.path, attached.length + own.length];
    }),
  ];

  const largest = Object.keys(quotas).map((quota) => {
    const [, of, size] = sizes.filter(([one]) => one === quota).sort((a, b) => b[2] - a[2])[0] ?? [];
    return { quota, of, size, most: quotas[quota as Quota] };
  });
  report(
    'deploy-limits',
    Object.fromEntries(largest.map(({ quota, of, size, most }) => [quota, `${size} of ${most} (${of})`])),
  );
  expect(largest.filter(({ size }) => size === undefined)).toEqual([]); // each is measured on something
  expect(sizes.filter(([quota, , size]) => size > quotas[quota])).toEqual([]);
});

function documents(type: string, property: string, quota: Quota): Size[] {
  return resources(templates, type)
    .filter(({ Properties }) => Properties[property] !== undefined)
    .map((one): Size => [quota, one.path, textOf(one.Properties[property]).length]);
}

/** What all resources of a type add up to at the one thing that they name. */
function together(type: string, owner: string, quota: Quota, size: (one: Placed) => number): Size[] {
  const sums = new Map<string, number>();
  for (const one of resources(templates, type)) {
    const at = JSON.stringify(one.Properties[owner]);
    sums.set(at, (sums.get(at) ?? 0) + size(one));
  }
  return [...sums].map(([at, sum]): Size => [quota, at, sum]);
}

/** A statement that Lambda writes for one permission: what the template says, and a frame of its own around it. */
function sizeOf({ Properties }: Placed): number {
  return textOf(Properties).length + 150;
}

function textOf(document: unknown): string {
  return JSON.stringify(resolved(document, longName)).replace(/\s/g, '');
}

/** As long a name as CloudFormation makes of the longest deployment name, in the longest Region's name. */
function longName(id: string, attribute?: string): string {
  const name = `thirteen-long-Messaging-${id}-ABCDEFGHIJKL`;
  return attribute === undefined ? name : `arn:aws:dynamodb:ap-southeast-2:${account}:table/${name}`;
}
