import { describe, expect, test } from 'vitest';
import { comparisons, negations } from '../../../local/iam/comparison.ts';
import { conditionHolds, type Judgement } from '../../../local/iam/condition.ts';
import type { ConditionValue } from '../../../local/iam/policy.ts';

type Row = readonly [operator: string, accepted: ConditionValue, requested: string[] | undefined, Judgement];

const rows: readonly Row[] = [
  ['StringEquals', 'a', ['a'], true],
  ['StringEquals', 'a', ['A'], false],
  ['StringEquals', 'a*', ['ab'], false],
  ['StringEquals', ['b', 'a'], ['a'], true],
  ['StringEquals', true, ['true'], true],
  ['StringEquals', [], ['a'], false],
  ['StringEquals', `\${aws:username}`, ['ana'], true],
  ['StringEquals', `\${aws:nothing}`, ['ana'], false],
  ['StringNotEquals', `\${aws:nothing}`, ['ana'], undefined],
  ['StringNotEquals', 'a', ['b'], true],
  ['StringNotEquals', ['a', 'b'], ['b'], false],
  ['StringNotEquals', 'a', undefined, true],
  ['StringEqualsIgnoreCase', 'aB', ['Ab'], true],
  ['StringNotEqualsIgnoreCase', 'aB', ['Ab'], false],
  ['StringLike', 'home/*/?', ['home/a/b/c'], true],
  ['StringLike', 'home/?', ['home/ab'], false],
  ['StringLike', 'a', undefined, false],
  ['StringNotLike', 'home/*', ['root/x'], true],
  ['StringNotLike', 'home/*', undefined, true],
  ['NumericEquals', 10, ['10.0'], true],
  ['NumericNotEquals', '10', ['11'], true],
  ['NumericLessThan', '10', ['9'], true],
  ['NumericLessThan', '10', ['10'], false],
  ['NumericLessThanEquals', '10', ['10'], true],
  ['NumericGreaterThan', '10', ['10'], false],
  ['NumericGreaterThan', '10', ['9e1'], true],
  ['NumericGreaterThanEquals', '10', ['10'], true],
  ['NumericGreaterThanEquals', '10', ['ten'], false],
  ['DateEquals', '2030-01-01', ['2030-01-01T00:00:00Z'], true],
  ['DateNotEquals', '2030-01-01T00:00:00Z', ['1893456000'], false],
  ['DateLessThan', '2030-01-01T00:00:00Z', ['2029-12-31T23:59:59Z'], true],
  ['DateLessThanEquals', '2030-01-01T01:00:00+01:00', ['2030-01-01T00:00:00Z'], true],
  ['DateGreaterThan', '1893456000', ['2030-01-01T00:00:01Z'], true],
  ['DateGreaterThan', '2030', ['2030-01-01T00:00:00Z'], false],
  ['DateGreaterThanEquals', '2030-01', ['2030-01-01T00:00:00Z'], true],
  ['Bool', 'true', ['True'], true],
  ['Bool', false, ['true'], false],
  ['Bool', 'false', undefined, false],
  ['BinaryEquals', 'QmluYXJ5', ['QmluYXJ5'], true],
  ['BinaryEquals', 'QmluYXJ5', ['QmluYXJ6'], false],
  ['IpAddress', '203.0.113.0/24', ['203.0.113.255'], true],
  ['IpAddress', '203.0.113.0/24', ['203.0.114.0'], false],
  ['IpAddress', '203.0.113.7', ['203.0.113.8'], false],
  ['IpAddress', '2001:DB8:1234:5678::/64', ['2001:db8:1234:5678::1'], true],
  ['NotIpAddress', '203.0.113.0/24', ['203.0.113.1'], false],
  ['NotIpAddress', ['203.0.113.0/24', '10.0.0.0/8'], ['192.0.2.1'], true],
  ['ArnEquals', 'arn:aws:s3:::b*', ['arn:aws:s3:::box'], true],
  ['ArnLike', 'arn:aws:sns:*:1:finance/*', ['arn:aws:sns:us-east-2:9:store/a:1:finance/d'], false],
  ['ArnLike', 'arn:aws:iam::1:role/*', ['arn:aws:iam::1:role/a:b'], true],
  ['ArnLike', `\${aws:PrincipalArn}`, ['arn:aws:iam::1:user/ana'], true],
  ['ArnLike', 'arn:aws:iam::1:role/*', ['no arn'], false],
  ['ArnNotEquals', 'arn:aws:s3:::box', ['arn:aws:s3:::other'], true],
  ['ArnNotLike', 'arn:aws:s3:::b*', ['arn:aws:s3:::box'], false],
  ['ArnNotLike', 'arn:aws:s3:::b*', undefined, true],
  ['Null', 'true', undefined, true],
  ['Null', 'true', ['a'], false],
  ['Null', 'false', ['a'], true],
  ['Null', 'false', [], false],
  ['StringEqualsIfExists', 'a', undefined, true],
  ['StringEqualsIfExists', 'a', ['b'], false],
  ['StringNotEqualsIfExists', 'a', undefined, true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringEquals', 'a', undefined, true],
  ['ForAllValues:StringEquals', 'a', [''], true],
  ['ForAllValues:StringNotLike', 'a*', ['b', 'c'], true],
  ['ForAllValues:StringNotLike', 'a*', ['b', 'ab'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
  ['ForAnyValue:StringEquals', 'a', undefined, false],
  ['ForAnyValue:StringNotEquals', 'a', ['a', 'b'], true],
  ['ForAnyValue:StringNotEquals', 'a', ['a'], false],
  ['ForAnyValue:StringNotEquals', 'a', undefined, false],
  ['ForAnyValue:StringLikeIfExists', 'a', undefined, true],
  ['StringEquals', 'a', ['a', 'a'], true],
  ['StringEquals', 'a', ['a', 'b'], undefined],
  ['StringEqualz', 'a', ['a'], undefined],
  ['NullIfExists', 'true', ['a'], undefined],
  ['constructor', 'a', ['a'], undefined],
];

describe('a condition', () => {
  test.each(rows)('%s %j against %j is %j', (operator, accepted, requested, expected) => {
    const variables = new Map([
      ['aws:username', ['ana']],
      ['aws:principalarn', ['arn:aws:iam::1:user/ana']],
    ]);
    const context = new Map(requested ? [['svc:key', requested]] : []);
    expect(conditionHolds({ [operator]: { 'SVC:Key': accepted } }, context, variables)).toBe(expected);
  });

  test('has a row here for each operator', () => {
    const tried = new Set(rows.map(([operator]) => operator));
    const all = [...Object.keys(comparisons), ...Object.keys(negations)];
    expect(all.filter((operator) => !tried.has(operator))).toEqual([]);
  });

  test('holds only where each of its operators and keys does', () => {
    const context = new Map([
      ['a', ['1']],
      ['b', ['2']],
    ]);
    const holds = (condition: Record<string, Record<string, string>>) =>
      conditionHolds(condition, context, undefined);
    expect(holds({ StringEquals: { a: '1', b: '2' }, NumericLessThan: { b: '3' } })).toBe(true);
    expect(holds({ StringEquals: { a: '1', b: '3' } })).toBe(false);
    expect(holds({ StringEquals: { a: '1' }, NumericLessThan: { b: '2' } })).toBe(false);
    expect(holds({ StringEqualz: { a: '1' }, StringEquals: { a: '2' } })).toBe(false);
    expect(holds({})).toBe(true);
  });
});
