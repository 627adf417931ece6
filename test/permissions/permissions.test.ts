import { beforeAll, expect, test } from 'vitest';
import { synthesized } from '../fixtures/synth.ts';
import { differences, grouped, lentIn, listed, type Permissions, problemsOf } from './permissions.ts';
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

test('a permission more, a permission fewer and a reason for nothing would be noticed', () => {
  const one = { door: 'ShowMe', statement: 'ReadSession', action: 'dynamodb:GetItem' };
  const more = { ...one, action: 'dynamodb:DeleteItem' };
  const found = (changed: Permissions, given = reasons) => problemsOf(changed, readUsed(), given);

  expect(found(grouped([...listed(lent), more]))).toEqual([
    'ShowMe: ReadSession dynamodb:DeleteItem is lent, used by no test and has no reason in test/permissions/reasons.ts',
  ]);
  const fewer = listed(lent).filter(
    ({ door, statement }) => door !== 'ShowMe' || statement !== 'ReadSession',
  );
  expect(found(grouped(fewer))).toEqual([
    'ShowMe: ReadSession dynamodb:GetItem stands in test/permissions/used.json and is not lent',
  ]);
  const idle = { statement: 'ReadSession', actions: ['dynamodb:GetItem'], reason: 'none' };
  expect(found(lent, [...reasons, idle])).toEqual([
    'the reason for ReadSession dynamodb:GetItem excuses nothing: it is used, or not lent',
  ]);
  const elsewhere = { statement: 'ReadSession', actions: [more.action], doors: ['Sync'], reason: 'none' };
  expect(found(grouped([...listed(lent), more]), [...reasons, elsewhere])).toHaveLength(2);
});

test('a run that used more or less than the record says so', () => {
  const get = { door: 'ShowMe', statement: 'ReadSession', action: 'dynamodb:GetItem' };
  const put = { ...get, action: 'dynamodb:PutItem' };
  expect(differences(grouped([get]), grouped([put]))).toEqual([
    'ShowMe: ReadSession dynamodb:GetItem stands in test/permissions/used.json, but no test used it',
    'ShowMe: ReadSession dynamodb:PutItem was used, but does not stand in test/permissions/used.json',
  ]);
});
