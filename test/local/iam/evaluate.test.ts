import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../local/iam/evaluate.ts';
import type { Authorization, NamedPolicy, Principal, Statement } from '../../../local/iam/policy.ts';

const account = '111122223333';
const table = `arn:aws:dynamodb:us-east-1:${account}:table/Notes`;
const key = `arn:aws:kms:us-east-1:${account}:key/k1`;
const roleArn = `arn:aws:iam::${account}:role/Writer`;
const sessionArn = `arn:aws:sts::${account}:assumed-role/Writer/one`;
const put: Authorization = { action: 'dynamodb:PutItem', resource: table };
const allowPut: Statement = { Sid: 'Put', Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: table };

describe('an identity policy', () => {
  test('allows what a statement names, and the verdict names the statement', () => {
    expect(evaluate(role(allowPut), put)).toEqual({
      allowed: true,
      by: { policy: 'Role', statement: 'Put' },
    });
    const { Sid: _, ...nameless } = allowPut;
    expect(evaluate(role(nameless), put)).toMatchObject({ by: { policy: 'Role', statement: '#0' } });
  });

  test('refuses what no statement allows, in the words of AWS', () => {
    expect(evaluate(role(), put)).toEqual({
      allowed: false,
      kind: 'implicit-deny',
      message: `User: ${sessionArn} is not authorized to perform: dynamodb:PutItem on resource: ${table} because no identity-based policy allows the dynamodb:PutItem action`,
    });
  });

  test('refuses what a statement denies, whatever allows it, and names that statement', () => {
    const deny: Statement = { Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' };
    expect(evaluate(role(allowPut, deny), put)).toEqual({
      allowed: false,
      kind: 'explicit-deny',
      by: { policy: 'Role', statement: '#1' },
      message: `User: ${sessionArn} is not authorized to perform: dynamodb:PutItem on resource: ${table} with an explicit deny in an identity-based policy`,
    });
  });

  test.each<[string, Partial<Statement>, boolean]>([
    ['action in another case', { Action: 'DynamoDB:putitem' }, true],
    ['action by wildcard', { Action: ['kms:*', 'dynamodb:P?tIt*'] }, true],
    ['another action', { Action: 'dynamodb:Put' }, false],
    ['all but another action', { Action: undefined, NotAction: 'dynamodb:Get*' }, true],
    ['all but this action', { Action: undefined, NotAction: ['dynamodb:Put*'] }, false],
    ['resource in another case', { Resource: table.toUpperCase() }, false],
    ['resource by wildcard', { Resource: ['arn:aws:s3:::x', 'arn:aws:dynamodb:*:*:table/N*'] }, true],
    ['all but another resource', { Resource: undefined, NotResource: `${table}/index/*` }, true],
    ['all but this resource', { Resource: undefined, NotResource: `${table}*` }, false],
    ['no resource at all', { Resource: undefined }, false],
    ['its own session as a variable', { Resource: table.replace('Notes', `\${aws:userid}`) }, false],
    ['a condition that holds', { Condition: { StringEquals: { 'aws:PrincipalArn': roleArn } } }, true],
    ['a condition that does not', { Condition: { Bool: { 'aws:PrincipalIsAWSService': 'true' } } }, false],
    ['an operator that IAM does not have', { Condition: { StringEqualz: { a: 'b' } } }, false],
    ['a foreign principal element', { Principal: '*' }, false],
    ['an effect that IAM does not have', { Effect: 'allow' as 'Allow' }, false],
  ])('with %s', (_, change, allowed) => {
    expect(evaluate(role({ ...allowPut, ...change }), put).allowed).toBe(allowed);
  });

  test('denies in doubt: an unknown operator or a variable without a value does not switch a deny off', () => {
    const deny = (change: Partial<Statement>) =>
      evaluate(role(allowPut, { Effect: 'Deny', Action: '*', Resource: '*', ...change }), put).allowed;
    expect(deny({ Condition: { StringEqualz: { a: 'b' } } })).toBe(false);
    expect(deny({ Condition: { StringNotEquals: { 'aws:PrincipalArn': `\${aws:nothing}` } } })).toBe(false);
    expect(deny({ Resource: undefined, NotResource: `arn:aws:s3:::\${aws:nothing}` })).toBe(false);
    expect(deny({ Condition: { StringEquals: { 'aws:PrincipalArn': 'arn:other' } } })).toBe(true);
  });

  test('knows a user by name', () => {
    const user: Principal = {
      arn: `arn:aws:iam::${account}:user/staff/ana`,
      identityArn: `arn:aws:iam::${account}:user/staff/ana`,
      accountId: account,
      policies: [policy('User', { ...allowPut, Resource: `arn:aws:dynamodb:*:*:table/\${aws:username}` })],
    };
    expect(evaluate(user, { ...put, resource: table.replace('Notes', 'ana') }).allowed).toBe(true);
    expect(evaluate(user, put).allowed).toBe(false);
  });

  test('does not let the request say who calls', () => {
    const mine: Statement = { ...allowPut, Condition: { StringEquals: { 'aws:PrincipalArn': 'arn:admin' } } };
    expect(evaluate(role(mine), { ...put, context: { 'AWS:principalarn': 'arn:admin' } }).allowed).toBe(
      false,
    );
  });
});

describe("a resource's policy", () => {
  const onTable = (...statements: Statement[]): Authorization => ({
    ...put,
    resourcePolicy: policy('Table', ...statements),
  });
  const grant = (Principal: Statement['Principal']): Statement => ({
    Sid: 'Grant',
    Effect: 'Allow',
    Principal,
    Action: 'dynamodb:*',
    Resource: '*',
  });

  test.each<[string, Statement['Principal'], boolean]>([
    ['everyone', '*', true],
    ['every AWS principal', { AWS: '*' }, true],
    ['the role', { AWS: roleArn }, true],
    ['the session', { AWS: ['arn:aws:iam::111122223333:role/Other', sessionArn] }, true],
    ['another role', { AWS: `${roleArn}2` }, false],
    ['the account, which only delegates', { AWS: `arn:aws:iam::${account}:root` }, false],
    ['the bare account id', { AWS: account }, false],
    ['a service', { Service: 'sqs.amazonaws.com' }, false],
    ['part of the role by wildcard', { AWS: `arn:aws:iam::${account}:role/*` }, false],
  ])('that names %s', (_, named, allowed) => {
    expect(evaluate(role(), onTable(grant(named))).allowed).toBe(allowed);
  });

  test('denies to an account, to everyone, and says so', () => {
    const deny: Statement = { ...grant({ AWS: account }), Effect: 'Deny' };
    expect(evaluate(role(allowPut), onTable(deny))).toMatchObject({
      allowed: false,
      kind: 'explicit-deny',
      by: { policy: 'Table', statement: 'Grant' },
      message: expect.stringMatching(/ with an explicit deny in a resource-based policy$/),
    });
  });

  test('with NotPrincipal spares only a caller whose account, role and session are all listed', () => {
    const deny = (...names: string[]) =>
      evaluate(
        role(allowPut),
        onTable({ Effect: 'Deny', NotPrincipal: { AWS: names }, Action: '*', Resource: '*' }),
      ).allowed;
    expect(deny(account, roleArn, sessionArn)).toBe(true);
    expect(deny(account, roleArn)).toBe(false);
    expect(deny(roleArn, sessionArn)).toBe(false);
  });

  test('lets a service in by its name, and nobody else by it', () => {
    const events = service('events.amazonaws.com');
    const source = { StringEquals: { 'aws:SourceAccount': account } };
    const statement: Statement = { ...grant({ Service: 'events.amazonaws.com' }), Condition: source };
    const asked = { ...onTable(statement), context: { 'aws:SourceAccount': account } };
    expect(evaluate(events, asked)).toMatchObject({ allowed: true, by: { policy: 'Table' } });
    expect(evaluate(service('sns.amazonaws.com'), asked)).toMatchObject({
      message: expect.stringMatching(/ because no resource-based policy allows the dynamodb:PutItem action$/),
    });
    expect(evaluate(events, onTable(statement)).allowed).toBe(false);
  });

  test('of another account must allow as well as the own identity policy', () => {
    const foreign = table.replace(account, '444455556666');
    const wide: Statement = { ...allowPut, Resource: '*' };
    const asked = { ...onTable(grant({ AWS: account })), resource: foreign };
    expect(evaluate(role(wide), asked).allowed).toBe(true);
    expect(evaluate(role(), asked).allowed).toBe(false);
    expect(evaluate(role(wide), { ...put, resource: foreign })).toMatchObject({
      message: expect.stringContaining('because no resource-based policy allows'),
    });
  });
});

describe('a KMS key', () => {
  const use: Statement = { Sid: 'Use', Effect: 'Allow', Action: 'kms:Decrypt', Resource: key };
  const toAccount: Statement = {
    Sid: 'Account',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  const toRole: Statement = { ...toAccount, Sid: 'Role', Principal: { AWS: roleArn } };
  const decrypt = (...keyPolicy: Statement[]): Authorization => ({
    action: 'kms:Decrypt',
    resource: key,
    resourcePolicy: policy('Key', ...keyPolicy),
    resourcePolicyDecides: true,
  });

  test('is closed to an identity policy unless the key policy names the account', () => {
    expect(evaluate(role(use), decrypt())).toMatchObject({
      allowed: false,
      message: `User: ${sessionArn} is not authorized to perform: kms:Decrypt on resource: ${key} because no resource-based policy allows the kms:Decrypt action`,
    });
    expect(evaluate(role(use), decrypt(toAccount))).toEqual({
      allowed: true,
      by: { policy: 'Role', statement: 'Use' },
    });
    const { resourcePolicy: _, ...withoutPolicy } = decrypt();
    expect(evaluate(role(use), withoutPolicy).allowed).toBe(false);
  });

  test('is closed to the account without an identity policy', () => {
    expect(evaluate(role(), decrypt(toAccount))).toMatchObject({
      allowed: false,
      message: expect.stringContaining('because no identity-based policy allows the kms:Decrypt action'),
    });
  });

  test('opens to whom the key policy names, without an identity policy', () => {
    expect(evaluate(role(), decrypt(toRole))).toEqual({
      allowed: true,
      by: { policy: 'Key', statement: 'Role' },
    });
  });

  test('opens under the conditions of the statement only', () => {
    const viaDynamo = { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } };
    const asked = decrypt({ ...toAccount, Condition: viaDynamo });
    expect(evaluate(role(use), asked).allowed).toBe(false);
    const context = { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' };
    expect(evaluate(role(use), { ...asked, context }).allowed).toBe(true);
  });
});

describe('a permissions boundary', () => {
  const within: Statement = { Sid: 'Cap', Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' };
  const without: Statement = { ...within, Action: 's3:*' };
  const grantTo = (Principal: Statement['Principal']): Authorization => ({
    ...put,
    resourcePolicy: policy('Table', { ...allowPut, Sid: 'Grant', Principal }),
  });

  test('lets an identity policy do what both allow, and grants nothing itself', () => {
    expect(evaluate(bounded(role(allowPut), within), put)).toEqual({
      allowed: true,
      by: { policy: 'Role', statement: 'Put' },
    });
    expect(evaluate(bounded(role(), within), put)).toMatchObject({
      kind: 'implicit-deny',
      message: expect.stringMatching(/ because no identity-based policy allows the dynamodb:PutItem action$/),
    });
  });

  test('refuses what it does not allow and what it denies, in the words of AWS', () => {
    expect(evaluate(bounded(role(allowPut), without), put)).toEqual({
      allowed: false,
      kind: 'implicit-deny',
      message: `User: ${sessionArn} is not authorized to perform: dynamodb:PutItem on resource: ${table} because no permissions boundary allows the dynamodb:PutItem action`,
    });
    const deny: Statement = { ...within, Sid: 'Never', Effect: 'Deny' };
    expect(evaluate(bounded(role(allowPut), within, deny), put)).toEqual({
      allowed: false,
      kind: 'explicit-deny',
      by: { policy: 'Boundary', statement: 'Never' },
      message: `User: ${sessionArn} is not authorized to perform: dynamodb:PutItem on resource: ${table} with an explicit deny in a permissions boundary`,
    });
  });

  // IAM user guide, "Permissions boundaries for IAM entities": evaluating effective permissions with boundaries
  test.each<[string, Statement['Principal'], boolean]>([
    ['the role, whose boundary limits it', { AWS: roleArn }, false],
    ['the session, which it does not', { AWS: sessionArn }, true],
    ['everyone', '*', true],
    ['every AWS principal', { AWS: '*' }, true],
    ['the account, which only delegates', { AWS: account }, false],
  ])('where a resource’s policy grants to %s', (_, named, allowed) => {
    expect(evaluate(bounded(role(), without), grantTo(named)).allowed).toBe(allowed);
    expect(evaluate(bounded(role(allowPut), without), grantTo(named)).allowed).toBe(allowed);
    const deny: Statement = { ...within, Effect: 'Deny' };
    expect(evaluate(bounded(role(allowPut), within, deny), grantTo(named)).allowed).toBe(false);
  });

  test('limits what a resource’s policy grants a role, and says so', () => {
    expect(evaluate(bounded(role(), without), grantTo({ AWS: roleArn }))).toMatchObject({
      message: expect.stringContaining('because no permissions boundary allows'),
    });
    expect(evaluate(bounded(role(), within), grantTo({ AWS: roleArn }))).toMatchObject({
      by: { policy: 'Table', statement: 'Grant' },
    });
  });

  test('does not limit what a resource’s policy grants a user', () => {
    const user = `arn:aws:iam::${account}:user/ana`;
    const ana: Principal = { arn: user, identityArn: user, accountId: account, policies: [] };
    expect(evaluate(bounded(ana, without), grantTo({ AWS: user })).allowed).toBe(true);
    expect(evaluate(bounded(ana, without), grantTo({ AWS: account })).allowed).toBe(false);
  });

  test('holds for a key whether its policy names the role or leaves it to the account', () => {
    const use: Statement = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: key };
    const decrypt = (named: string): Authorization => ({
      action: 'kms:Decrypt',
      resource: key,
      resourcePolicy: policy('Key', { Effect: 'Allow', Principal: { AWS: named }, Action: 'kms:*' }),
      resourcePolicyDecides: true,
    });
    for (const named of [roleArn, account]) {
      expect(evaluate(bounded(role(use), { ...use, Sid: 'Cap' }), decrypt(named)).allowed).toBe(true);
      expect(evaluate(bounded(role(use), within), decrypt(named))).toMatchObject({
        message: expect.stringContaining('because no permissions boundary allows the kms:Decrypt action'),
      });
    }
  });

  test('holds across accounts', () => {
    const foreign = table.replace(account, '444455556666');
    const wide: Statement = { ...allowPut, Resource: '*' };
    const asked = { ...grantTo({ AWS: roleArn }), resource: foreign };
    const opened = { ...asked, resourcePolicy: policy('Table', { ...wide, Principal: { AWS: roleArn } }) };
    expect(evaluate(bounded(role(wide), within), opened).allowed).toBe(true);
    expect(evaluate(bounded(role(wide), without), opened).allowed).toBe(false);
  });

  test('makes a Deny with NotPrincipal deny its holder, whoever is spared', () => {
    const spared = { AWS: [account, roleArn, sessionArn] };
    const deny: Statement = { Effect: 'Deny', NotPrincipal: spared, Action: '*', Resource: '*' };
    const asked = { ...put, resourcePolicy: policy('Table', deny) };
    expect(evaluate(role(allowPut), asked).allowed).toBe(true);
    expect(evaluate(bounded(role(allowPut), within), asked)).toMatchObject({ kind: 'explicit-deny' });
  });
});

describe('whatever the policies', () => {
  const actions = ['svc:Get', 'svc:Put', 'svc:PutAll', 'kms:Decrypt'];
  const resources = [`arn:aws:svc:us-east-1:${account}:a`, `arn:aws:svc:us-east-1:${account}:a/b`, key];
  const condition = fc.constantFrom<Statement['Condition'][]>(
    undefined,
    { StringEquals: { 'svc:tier': 'gold' } },
    { StringNotLikeIfExists: { 'svc:tier': 'g*' } },
    { 'ForAnyValue:StringLike': { 'svc:tags': ['x*'] } },
    { Null: { 'svc:tier': 'true' } },
    { StringNotEquals: { 'svc:tier': `\${svc:other}` } },
    { Unheard: { 'svc:tier': 'gold' } },
  );
  const actionElement = fc.oneof(
    fc.record({ Action: fc.constantFrom(...actions, 'svc:*', '*', 'SVC:p?t*') }),
    fc.record({ NotAction: fc.constantFrom(...actions, 'svc:Put*') }),
  );
  const resourceElement = fc.oneof(
    fc.record({ Resource: fc.constantFrom(...resources, '*', 'arn:aws:svc:*:a/*') }),
    fc.record({ NotResource: fc.constantFrom(...resources, 'arn:aws:svc:*') }),
  );
  const named = fc.constantFrom(
    '*' as const,
    { AWS: roleArn },
    { AWS: account },
    { AWS: 'arn:aws:iam::1:root' },
  );
  const effect = fc.constantFrom<Statement['Effect'][]>('Allow', 'Allow', 'Deny');
  const body = fc
    .tuple(effect, actionElement, resourceElement, condition)
    .map(
      ([Effect, action, resource, Condition]): Statement => ({ Effect, ...action, ...resource, Condition }),
    );
  const principalElement = fc.oneof(
    { weight: 3, arbitrary: fc.record({ Principal: named }) },
    { weight: 1, arbitrary: fc.record({ NotPrincipal: named }) },
  );
  const hung = fc.tuple(body, principalElement).map(([one, who]): Statement => ({ ...one, ...who }));
  const world = fc.record({
    identity: fc.array(body, { maxLength: 4 }),
    resource: fc.array(hung, { maxLength: 3 }),
    boundary: fc.option(fc.array(body, { maxLength: 3 }), { nil: undefined }),
    decides: fc.boolean(),
    action: fc.constantFrom(...actions),
    target: fc.constantFrom(...resources, 'arn:aws:svc:us-east-1:444455556666:a'),
    context: fc.record(
      { 'svc:tier': fc.constantFrom('gold', 'tin'), 'svc:tags': fc.subarray(['x1', 'y1']) },
      { requiredKeys: [] },
    ),
  });
  type World = typeof world extends fc.Arbitrary<infer T> ? T : never;
  const judge = (given: World) =>
    evaluate(given.boundary ? bounded(role(...given.identity), ...given.boundary) : role(...given.identity), {
      action: given.action,
      resource: given.target,
      context: given.context,
      resourcePolicy: policy('Hung', ...given.resource),
      resourcePolicyDecides: given.decides,
    });
  const runs = { numRuns: 600 };

  test('a deny that applies wins', () => {
    fc.assert(
      fc.property(world, (given) => {
        const deny: Statement = { Effect: 'Deny', Action: given.action, Resource: given.target };
        const verdict = judge({ ...given, identity: [...given.identity, deny] });
        expect(verdict).toMatchObject({ allowed: false, kind: 'explicit-deny' });
      }),
      runs,
    );
  });

  test('one more Allow never takes access away', () => {
    fc.assert(
      fc.property(world, body, hung, (given, one, other) => {
        fc.pre(judge(given).allowed);
        const identity = [...given.identity, { ...one, Effect: 'Allow' } as const];
        const resource = [...given.resource, { ...other, Effect: 'Allow' } as const];
        expect(judge({ ...given, identity }).allowed).toBe(true);
        expect(judge({ ...given, resource }).allowed).toBe(true);
      }),
      runs,
    );
  });

  test('one more Deny never gives access', () => {
    fc.assert(
      fc.property(world, body, hung, (given, one, other) => {
        fc.pre(!judge(given).allowed);
        const identity = [{ ...one, Effect: 'Deny' } as const, ...given.identity];
        const resource = [{ ...other, Effect: 'Deny' } as const, ...given.resource];
        expect(judge({ ...given, identity }).allowed).toBe(false);
        expect(judge({ ...given, resource }).allowed).toBe(false);
      }),
      runs,
    );
  });

  test('a permissions boundary never gives access, and one that allows everything never takes it', () => {
    const everything: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };
    const plain = (given: World) => ({
      ...given,
      boundary: undefined,
      resource: given.resource.filter(({ NotPrincipal }) => NotPrincipal === undefined),
    });
    fc.assert(
      fc.property(world, fc.array(body, { maxLength: 3 }), (given, boundary) => {
        const free = judge(plain(given)).allowed;
        expect(judge({ ...plain(given), boundary: [everything] }).allowed).toBe(free);
        if (!free) expect(judge({ ...plain(given), boundary }).allowed).toBe(false);
      }),
      runs,
    );
  });

  test('no policy at all allows nothing, and a key without its own policy stays closed', () => {
    fc.assert(
      fc.property(world, (given) => {
        expect(judge({ ...given, identity: [], resource: [] }).allowed).toBe(false);
        expect(judge({ ...given, resource: [], decides: true }).allowed).toBe(false);
      }),
    );
  });
});

function role(...statements: Statement[]): Principal {
  return {
    arn: sessionArn,
    identityArn: roleArn,
    accountId: account,
    policies: [policy('Role', ...statements)],
  };
}

function bounded(principal: Principal, ...statements: Statement[]): Principal {
  return { ...principal, permissionsBoundary: policy('Boundary', ...statements) };
}

function service(name: string): Principal {
  return { arn: name, identityArn: name, accountId: account, policies: [] };
}

function policy(name: string, ...statements: Statement[]): NamedPolicy {
  return { name, document: { Version: '2012-10-17', Statement: statements } };
}
