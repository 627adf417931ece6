import { expect, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { authorizationsOf, streamAuthorizations } from '../../../local/dynamodb/authorizations.ts';
import { type Table, tableOf } from '../../../local/dynamodb/table.ts';
import { evaluate } from '../../../local/iam/evaluate.ts';
import type { Authorization, Statement } from '../../../local/iam/policy.ts';
import { role } from '../front-door/open-front-door.ts';

const reader = `arn:aws:iam::${localAccount.accountId}:role/Reader`;
const everything: Statement = { Sid: 'All', Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' };

test('a table’s own policy lets in and keeps out, on its indexes too', () => {
  const table = tableWith({ ResourcePolicy: policy(grant('dynamodb:Query'), refuse('dynamodb:PutItem')) });
  const ask = (action: string, index?: string) =>
    verdictOf(
      authorizationsOf(
        action,
        [{ action, table: 'Log', index, context: {} }],
        tables(table),
        localAccount,
        noKey,
      ),
    );
  expect(ask('Query')).toBe('allowed by Grant');
  expect(ask('Query', 'byPerson')).toBe('allowed by Grant');
  expect(ask('GetItem')).toContain('because no identity-based policy allows the dynamodb:GetItem action');
  expect(ask('PutItem')).toContain('with an explicit deny in a resource-based policy');
});

test('a stream’s own policy is its own: the table’s says nothing of the stream', () => {
  const onStream = {
    StreamSpecification: { StreamViewType: 'KEYS_ONLY', ResourcePolicy: policy(grant('*')) },
  };
  const ask = (given: object) =>
    verdictOf(streamAuthorizations(tableWith(given), streamArn, localAccount, noKey));
  expect(ask(onStream)).toBe('allowed by Grant');
  const onTable = {
    StreamSpecification: { StreamViewType: 'KEYS_ONLY' },
    ResourcePolicy: policy(grant('*')),
  };
  expect(ask(onTable)).toContain('dynamodb:DescribeStream');
  const closed = { StreamSpecification: { ResourcePolicy: policy(refuse('dynamodb:GetRecords')) } };
  expect(
    verdictOf(streamAuthorizations(tableWith(closed), streamArn, localAccount, noKey), everything),
  ).toContain('dynamodb:GetRecords');
});

test('a policy that nobody can judge stops the start by its name, the table’s and the stream’s', () => {
  const odd = policy({ ...grant('dynamodb:*'), Effect: 'Maybe' as 'Allow' });
  expect(() => tableWith({ ResourcePolicy: odd })).toThrow(
    'policy Log resource policy: statement Grant: unknown effect',
  );
  expect(() => tableWith({ StreamSpecification: { ResourcePolicy: odd } })).toThrow(
    'policy Log stream policy',
  );
});

const streamArn = `arn:aws:dynamodb:us-east-1:${localAccount.accountId}:table/Log/stream/1`;

/** The first refusal, or the statement that allowed the first. */
function verdictOf(asked: readonly Authorization[], ...identity: Statement[]): string {
  const verdicts = asked.map((one) => evaluate(role('Reader', ...identity), one));
  const refused = verdicts.find(({ allowed }) => !allowed);
  if (refused && !refused.allowed) return refused.message;
  const [first] = verdicts;
  return first?.allowed ? `allowed by ${first.by.statement}` : 'nothing was asked';
}

function tableWith(properties: object): Table {
  const KeySchema = [{ AttributeName: 'pk', KeyType: 'HASH' }];
  return tableOf(
    {
      ...{ stack: 'S', logicalId: 'Log', type: 'AWS::DynamoDB::Table', ref: 'Log', attributes: {} },
      properties: { KeySchema, BillingMode: 'PAY_PER_REQUEST', ...properties },
    },
    localAccount,
  );
}

function tables(table: Table): ReadonlyMap<string, Table> {
  return new Map([[table.name, table]]);
}

function noKey(): never {
  throw new Error('the table has no key of its own');
}

function policy(...Statement: Statement[]): object {
  return { PolicyDocument: { Version: '2012-10-17', Statement } };
}

function grant(Action: string): Statement {
  return { Sid: 'Grant', Effect: 'Allow', Principal: { AWS: reader }, Action, Resource: '*' };
}

function refuse(Action: string): Statement {
  return { Sid: 'Refuse', Effect: 'Deny', Principal: '*', Action, Resource: '*' };
}
