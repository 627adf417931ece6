import { beforeAll, expect, test } from 'vitest';
import { synthesized } from '../fixtures/synth.ts';
import {
  differences,
  grouped,
  lentIn,
  listed,
  type Permission,
  type Permissions,
  problemsOf,
  type Reason,
  steady,
} from './permissions.ts';
import { reasons } from './reasons.ts';
import { readUsed } from './record.ts';

let lent: Permissions;

beforeAll(async () => {
  lent = lentIn(await synthesized());
}, 120_000);

test('every permission of every function is used by a test, or says why it stands', () => {
  expect(problemsOf(lent, readUsed(), reasons)).toEqual([]);
  expect(listed(lent).length).toBeGreaterThan(150);
});

const get = { door: 'ShowMe', statement: 'ReadSession', action: 'dynamodb:GetItem' };
const put = { ...get, action: 'dynamodb:PutItem' };

test('a permission more, a permission fewer and a reason for nothing would be noticed', () => {
  const reason = { statement: 'ReadSession', actions: [put.action], reason: 'none' };
  const found = (lentNow: Permission[], given: Reason[] = []) =>
    problemsOf(grouped(lentNow), grouped([get]), given);

  expect(found([get])).toEqual([]);
  expect(found([get, put], [reason])).toEqual([]);
  expect(found([get, put])).toEqual([
    'ShowMe: ReadSession dynamodb:PutItem is lent, used by no test and has no reason in test/permissions/reasons.ts',
  ]);
  expect(found([])).toEqual([
    'ShowMe: ReadSession dynamodb:GetItem stands in test/permissions/used.json and is not lent',
  ]);
  const idle = 'the reason for ReadSession dynamodb:PutItem excuses nothing: it is used, or not lent';
  expect(found([get], [reason])).toEqual([idle]);
  expect(found([get, put], [{ ...reason, doors: ['Sync'] }])).toEqual([
    expect.stringContaining('lent'),
    idle,
  ]);
});

test('a run that used more or less than the record says so', () => {
  const wavers = { statement: 'ReadSession', actions: [put.action], sometimes: true, reason: 'a race' };
  expect(differences(grouped([get]), steady([get, put], [wavers]))).toEqual([]);
  expect(differences(grouped([get]), grouped([put]))).toEqual([
    'ShowMe: ReadSession dynamodb:GetItem stands in test/permissions/used.json, but no test used it',
    'ShowMe: ReadSession dynamodb:PutItem was used, but does not stand in test/permissions/used.json',
  ]);
});
