import { expect, test } from 'vitest';
import { checkPolicy } from '../../../local/iam/evaluate.ts';
import type { NamedPolicy } from '../../../local/iam/policy.ts';

const good = { Sid: 'Read', Effect: 'Allow', Action: 'svc:Get*', Resource: 'arn:aws:svc:*:*:a' };

test.each<[string, object]>([
  ['unknown effect "allow"', { Effect: 'allow' }],
  ['unknown element Actions', { Actions: 'svc:Get' }],
  ['both Action and NotAction', { NotAction: 'svc:Put' }],
  ['names no action', { Action: undefined }],
  ['names no resource', { Resource: undefined }],
  ['action "Get" is not of the form service:Action', { Action: ['svc:Put', 'Get'] }],
  ['resource "a/b" is neither an ARN nor "*"', { Resource: 'a/b' }],
  ['has a wildcard where the service stands', { Resource: 'arn:aws:*:us-east-1:1:a' }],
  ['{"Ref":"Table"} is no string', { Resource: [{ Ref: 'Table' }] }],
  ['unknown condition operator StringEqualz', { Condition: { StringEqualz: { a: 'b' } } }],
  [
    'unknown condition operator ForSomeValues:StringLike',
    { Condition: { 'ForSomeValues:StringLike': { a: 'b' } } },
  ],
  [
    'NumericLessThan svc:n cannot take the value "ten"',
    { Condition: { NumericLessThan: { 'svc:n': 'ten' } } },
  ],
  ['DateLessThan t cannot take the value "soon"', { Condition: { DateLessThan: { t: 'soon' } } }],
  ['IpAddress ip cannot take the value "10.0.0.0/33"', { Condition: { IpAddress: { ip: ['10.0.0.0/33'] } } }],
  ['Bool b cannot take the value "yes"', { Condition: { Bool: { b: 'yes' } } }],
  ['Null n cannot take the value "maybe"', { Condition: { Null: { n: 'maybe' } } }],
  ['ArnLike a cannot take the value "role/x"', { Condition: { ArnLike: { a: 'role/x' } } }],
  ['a value is no string, number or boolean', { Condition: { StringEquals: { a: { Ref: 'x' } } } }],
  ['unknown principal type Aws', { Principal: { Aws: '*' } }],
  ['has a wildcard inside a name', { Principal: { AWS: 'arn:aws:iam::1:role/*' } }],
])('a policy is refused, by policy and statement, where %s', (reason, change) => {
  const refused = () => checkPolicy(policy({ ...good, ...change }));
  expect(refused).toThrow('policy Reader: statement Read: ');
  expect(refused).toThrow(reason);
});

test('a statement without a Sid is named by its place, and a Sid stands once', () => {
  const { Sid: _, ...nameless } = good;
  expect(() => checkPolicy(policy(good, { ...nameless, Effect: 'No' }))).toThrow(
    'policy Reader: statement #1: ',
  );
  expect(() => checkPolicy(policy(good, good))).toThrow('its Sid stands twice');
});

test('an identity policy has no principal, and a resource policy has one', () => {
  expect(() => checkPolicy(policy({ ...good, Principal: '*' }), 'identity')).toThrow('has no principal');
  expect(() => checkPolicy(policy(good), 'resource')).toThrow('needs a principal');
  expect(() => checkPolicy(policy({ ...good, Principal: '*', Resource: undefined }))).not.toThrow();
});

test('what the CDK writes passes', () => {
  checkPolicy(
    policy(good, { Effect: 'Deny', Action: '*', Resource: '*', Condition: { Bool: { b: false } } }),
  );
  checkPolicy(
    policy({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:root', Service: ['logs.us-east-1.amazonaws.com'] },
      Action: ['kms:Encrypt*', 'kms:GenerateDataKey*'],
      Resource: '*',
      Condition: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:us-east-1:111122223333:*' },
      },
    }),
    'resource',
  );
});

function policy(...statements: object[]): NamedPolicy {
  return { name: 'Reader', document: { Version: '2012-10-17', Statement: statements } } as NamedPolicy;
}
