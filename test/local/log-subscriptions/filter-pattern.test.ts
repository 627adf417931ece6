import { expect, test } from 'vitest';
import { lineFilter } from '../../../local/log-subscriptions/filter-pattern.ts';

const line = JSON.stringify({ status: '401', error: 'UNAUTHORIZED', size: 12, inner: { route: '$connect' } });

test.each([
  ['', true],
  ['{ $.status = "401" }', true],
  ['{ $.status = 401 }', true],
  ['{ $.status = "4*" }', true],
  ['{ $.status = "5*" }', false],
  ['{ $.status != "401" }', false],
  ['{ ($.status = "4*") && ($.error != "-") }', true],
  ['{ ($.status = "5*") && ($.error != "-") || $.size = 12 }', true],
  ['{ $.status = "5*" || ($.error = "-" && $.size = 12) }', false],
  ['{ $.inner.route = "$connect" }', true],
  ['{ $.absent = "x" }', false],
  ['{ $.absent != "x" }', false],
])('the pattern %s fits the line: %s', (pattern, fits) => {
  expect(lineFilter(pattern)(line)).toBe(fits);
});

test('what is no JSON fits no pattern but the empty one', () => {
  expect(lineFilter('{ $.status != "1" }')('not JSON')).toBe(false);
  expect(lineFilter('')('not JSON')).toBe(true);
});

test.each([
  'ERROR',
  '{ $.status > 400 }',
  '{ $.status IS NULL }',
  '{ $.status = "1"',
  '{ $.a = "1" } x',
  '[a, b]',
])('a pattern that is not understood stops the start: %s', (pattern) => {
  expect(() => lineFilter(pattern)).toThrow('does not understand');
});
