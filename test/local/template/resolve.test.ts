// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of Fn::Sub
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import type { Assembly, Template } from '../../../local/template/assembly.ts';
import { resolveStacks } from '../../../local/template/resolve.ts';
import type { Identify } from '../../../local/template/resource.ts';

/** `Ref` is the property Name, or the logical id; `Arn` and `Seed` are attributes. */
const thing: Identify = ({ logicalId, seed, property }) => {
  const name = String(property('Name') ?? logicalId);
  return { ref: name, attributes: { Arn: `arn:${name}`, Seed: seed } };
};

const stack = (name: string, template: Partial<Template>): Assembly['stacks'][number] => {
  const nothing = { Parameters: {}, Mappings: {}, Conditions: {}, Resources: {}, Outputs: {} };
  return { name, template: { ...nothing, ...template } };
};
const resolve = (...stacks: Assembly['stacks']) =>
  resolveStacks({ stacks, assets: new Map() }, localAccount, { 'My::Thing': thing });
const aThing = (Properties = {}) => ({ Type: 'My::Thing', Properties });

/** What `value` comes to as a property of a resource beside `other`. */
function resolvedValue(value: unknown, template: Partial<Template> = {}): unknown {
  const Resources = { Other: aThing({ Name: 'other' }), It: aThing({ Value: value }), ...template.Resources };
  const { resources } = resolve(stack('Main', { ...template, Resources }));
  return resources.find(({ logicalId }) => logicalId === 'It')?.properties.Value;
}

const template: Partial<Template> = {
  Parameters: {
    Stage: { Type: 'String', Default: 'test' },
    Zones: { Type: 'CommaDelimitedList', Default: 'a, b' },
    BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/version' },
    Unset: { Type: 'String' },
  },
  Mappings: { Sizes: { 'us-east-1': { small: 3 } } },
  Conditions: {
    IsTest: { 'Fn::Equals': [{ Ref: 'Stage' }, 'test'] },
    Both: { 'Fn::And': [{ Condition: 'IsTest' }, { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] }] },
    Either: { 'Fn::Or': [{ Condition: 'Both' }, { 'Fn::Not': [{ Condition: 'Both' }] }] },
  },
};

describe('an intrinsic function gives what CloudFormation documents', () => {
  test.each<[unknown, unknown]>([
    [{ Ref: 'Stage' }, 'test'],
    [{ Ref: 'Zones' }, ['a', 'b']],
    [{ Ref: 'BootstrapVersion' }, '/cdk-bootstrap/version'],
    [{ Ref: 'Other' }, 'other'],
    [{ Ref: 'AWS::Region' }, 'us-east-1'],
    [{ Ref: 'AWS::StackName' }, 'Main'],
    [
      [1, { Ref: 'AWS::NoValue' }, 2],
      [1, 2],
    ],
    [{ a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    [{ 'Fn::GetAtt': ['Other', 'Arn'] }, 'arn:other'],
    [{ 'Fn::GetAtt': 'Other.Arn' }, 'arn:other'],
    [{ 'Fn::Join': ['-', ['a', 1, true, { Ref: 'Other' }]] }, 'a-1-true-other'],
    [{ 'Fn::Join': ['+', { 'Fn::Split': ['-', 'a-b'] }] }, 'a+b'],
    [{ 'Fn::Sub': 'x-${Other}-${Other.Arn}-${AWS::AccountId}' }, 'x-other-arn:other-111122223333'],
    [{ 'Fn::Sub': ['${A}/${Stage}', { A: { Ref: 'Other' } }] }, 'other/test'],
    [{ 'Fn::Sub': '${!aws:username} and $10 {}' }, '${aws:username} and $10 {}'],
    [{ 'Fn::Select': ['1', { Ref: 'Zones' }] }, 'b'],
    [{ 'Fn::Select': [0, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Other', 'Arn'] }] }] }, 'arn'],
    [{ 'Fn::If': ['IsTest', 'yes', { Ref: 'Nowhere' }] }, 'yes'],
    [{ 'Fn::If': ['Both', 'yes', 'no'] }, 'no'],
    [{ 'Fn::If': ['Either', 'yes', 'no'] }, 'yes'],
    [{ 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, 3],
    [{ 'Fn::FindInMap': ['Sizes', 'x', 'y', { DefaultValue: 7 }] }, 7],
    [{ 'Fn::GetAZs': '' }, ['us-east-1a', 'us-east-1b', 'us-east-1c']],
    [{ 'Fn::Base64': { 'Fn::Sub': 'é${Stage}' } }, Buffer.from('étest').toString('base64')],
    [
      { Statement: { Condition: { StringEquals: { a: { Ref: 'Stage' } } } } },
      { Statement: { Condition: { StringEquals: { a: 'test' } } } },
    ],
  ])('%j', (value, expected) => {
    expect(resolvedValue(value, template)).toEqual(expected);
  });
});

describe('what cannot be resolved stops with stack, resource and property', () => {
  test.each<[unknown, string]>([
    [{ 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }, 'Main.It.Value: the intrinsic function Fn::Cidr is not served'],
    [
      { deep: [{ 'Fn::GetAtt': ['Other', 'Size'] }] },
      'Main.It.Value.deep[0]: Other (My::Thing) has no attribute Size; it has Arn, Seed',
    ],
    [{ 'Fn::Sub': '${Other.toString}' }, 'Main.It.Value: Other (My::Thing) has no attribute toString'],
    [{ Ref: 'Nowhere' }, 'Main.It.Value: no parameter or resource Nowhere in stack Main'],
    [{ Ref: 'Unset' }, 'Main.It.Value: the parameter Unset has no default'],
    [{ 'Fn::ImportValue': 'nothing' }, 'Main.It.Value: no stack exports nothing'],
    [{ 'Fn::FindInMap': ['Sizes', 'x', 'y'] }, 'Main.It.Value: no Sizes.x.y in the template'],
    [{ 'Fn::Select': [2, ['a']] }, 'Main.It.Value: Fn::Select asks for element 2 of 1'],
    [{ 'Fn::If': ['Missing', 1, 2] }, 'Main.It.Value: no condition Missing in stack Main'],
    [{ 'Fn::Join': ['', [{ Ref: 'AWS::NoValue' }, ['x']]] }, 'Main.It.Value: expected text, found ["x"]'],
    ['{{resolve:ssm:/x}}', 'Main.It.Value: the dynamic reference {{resolve:ssm:/x}} is resolved only on AWS'],
  ])('%j', (value, message) => {
    expect(() => resolvedValue(value, template)).toThrow(message);
  });
});

test('any nesting of Join, Sub, Select, Split, If and Ref comes to what its parts come to', () => {
  interface Expression {
    readonly node: unknown;
    readonly value: string;
  }
  const letters = fc.string({ unit: fc.constantFrom(...'ab$.{}! '), maxLength: 5 });
  const { expression } = fc.letrec<{ expression: Expression; list: Expression[] }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'e' },
      letters.map((value) => ({ node: value, value })),
      fc.constant({ node: { Ref: 'Other' }, value: 'other' }),
      fc.tuple(letters, tie('list')).map(([delimiter, list]) => ({
        node: { 'Fn::Join': [delimiter, list.map(({ node }) => node)] },
        value: list.map(({ value }) => value).join(delimiter),
      })),
      tie('list').map((list) => ({
        node: {
          'Fn::Sub': [
            list.map((_, place) => `\${V${place}}-\${!V${place}}`).join('|'),
            Object.fromEntries(list.map(({ node }, place) => [`V${place}`, node])),
          ],
        },
        value: list.map(({ value }, place) => `${value}-\${V${place}}`).join('|'),
      })),
      fc.tuple(tie('list'), fc.nat()).map(([list, at]) => ({
        node: { 'Fn::Select': [at % list.length, list.map(({ node }) => node)] },
        value: list[at % list.length]?.value ?? '',
      })),
      fc.tuple(tie('list'), fc.nat()).map(([list, at]) => ({
        // No part holds the delimiter, so splitting the joined text gives the parts back.
        node: {
          'Fn::Select': [
            `${at % list.length}`,
            { 'Fn::Split': ['#', { 'Fn::Join': ['#', list.map(({ node }) => node)] }] },
          ],
        },
        value: list[at % list.length]?.value ?? '',
      })),
      fc.tuple(fc.boolean(), tie('expression')).map(([holds, { node, value }]) => ({
        node: { 'Fn::If': ['IsTest', ...(holds ? [node, 'other way'] : [node, { Ref: 'Nowhere' }])] },
        value,
      })),
    ),
    list: fc.array(tie('expression'), { minLength: 1, maxLength: 3, depthIdentifier: 'e' }),
  }));
  fc.assert(
    fc.property(expression, ({ node, value }) => {
      expect(resolvedValue(node, template)).toBe(value);
    }),
    { numRuns: 500 },
  );
});

test('exports reach other stacks whatever their order, and outputs read as a deployment writes them', () => {
  const exporting = stack('Data', {
    Resources: { Table: aThing() },
    Outputs: {
      Shared: {
        Value: { 'Fn::GetAtt': ['Table', 'Arn'] },
        Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Arn' } },
      },
      Never: { Value: 'x', Condition: 'No' },
    },
    Conditions: { No: { 'Fn::Equals': ['a', 'b'] } },
  });
  const importing = stack('App', {
    Resources: { Uses: aThing({ Value: { 'Fn::ImportValue': 'Data:Arn' } }) },
    Outputs: { Count: { Value: 3 } },
  });
  for (const stacks of [
    [exporting, importing],
    [importing, exporting],
  ]) {
    const { resources, outputs, exports } = resolve(...stacks);
    expect(resources.find(({ logicalId }) => logicalId === 'Uses')?.properties).toEqual({
      Value: 'arn:Table',
    });
    expect(outputs).toEqual({ Data: { Shared: 'arn:Table' }, App: { Count: '3' } });
    expect(exports).toEqual({ 'Data:Arn': 'arn:Table' });
  }
});

test('names that depend on each other in a circle stop with the whole path', () => {
  const Resources = { A: aThing({ Name: { Ref: 'B' } }), B: aThing({ Name: { 'Fn::Sub': '${A}x' } }) };
  expect(() => resolve(stack('Main', { Resources }))).toThrow(
    'names depend on each other in a circle: Main.B -> Main.A -> Main.B',
  );
  const policies = { A: aThing({ Policy: { Ref: 'B' } }), B: aThing({ Policy: { Ref: 'A' } }) };
  expect(
    resolve(stack('Main', { Resources: policies })).resources.map(({ properties }) => properties.Policy),
  ).toEqual(['B', 'A']);
});

test('every unknown resource type is named at once, but none whose condition does not hold', () => {
  const Conditions = { No: { 'Fn::Equals': [1, 2] } };
  const off = { Type: 'Odd::Off', Properties: {}, Condition: 'No' };
  const odd = (Type: string) => ({ Type, Properties: {} });
  const first = stack('One', { Conditions, Resources: { X: odd('Odd::One'), Off: off } });
  expect(() => resolve(first, stack('Two', { Resources: { Y: odd('Odd::Two') } }))).toThrow(
    /^resource types that the local run does not know: Odd::One \(One\.X\), Odd::Two \(Two\.Y\)$/,
  );
});

test('a name depends on stack and logical id alone', () => {
  const seedIn = (name: string, more: object) =>
    resolve(stack(name, { Resources: { ...more, A: aThing() } })).resources.find(
      ({ logicalId }) => logicalId === 'A',
    )?.attributes.Seed;
  expect(seedIn('Main', {})).toMatch(/^[a-z0-9]{26}$/);
  expect(seedIn('Main', { Before: aThing() })).toBe(seedIn('Main', {}));
  expect(seedIn('Other', {})).not.toBe(seedIn('Main', {}));
});

test('a stack pinned to another account or Region is refused', () => {
  expect(() => resolve({ ...stack('Main', {}), accountId: '111122223333', region: 'eu-west-1' })).toThrow(
    /Main is pinned to account 111122223333 in eu-west-1/,
  );
});
