import { describe, expect, test } from 'vitest';
import { readPattern } from '../../../local/events/event-pattern.ts';
import { filterOperators, ruleOperators } from '../../../local/events/pattern-operators.ts';

const refuse = (why: string): never => {
  throw new Error(why);
};
const fits = (pattern: Record<string, unknown>, event: unknown) =>
  readPattern(pattern, ruleOperators, refuse)(event);

describe('an event pattern', () => {
  // pattern of `v`, values that fit, values that do not (EventBridge user guide, "Comparison operators")
  test.each([
    ['exactly', ['a', 1, true, null], ['a', 1, true, null, ['b', 'a']], ['A', 2, false, undefined, { a: 1 }]],
    ['prefix', [{ prefix: 'ab' }], ['ab', 'abc', ['x', 'abc']], ['ac', 12, undefined]],
    ['prefix, any case', [{ prefix: { 'equals-ignore-case': 'Ab' } }], ['aBc'], ['bab']],
    ['suffix', [{ suffix: '.png' }], ['a.png'], ['png', 'a.PNG']],
    ['suffix, any case', [{ suffix: { 'equals-ignore-case': '.PNG' } }], ['a.png'], ['a.jpg']],
    ['anything-but', [{ 'anything-but': ['a', 3] }], ['b', 4], ['a', 3, undefined]],
    ['anything-but prefix', [{ 'anything-but': { prefix: ['a', 'b'] } }], ['c', 1], ['ax', 'bx', undefined]],
    ['anything-but suffix', [{ 'anything-but': { suffix: 'x' } }], ['xa'], ['ax']],
    ['anything-but, any case', [{ 'anything-but': { 'equals-ignore-case': ['No'] } }], ['yes'], ['NO', 'no']],
    ['anything-but wildcard', [{ 'anything-but': { wildcard: '*/lib/*' } }], ['a/b'], ['a/lib/b']],
    ['numeric', [{ numeric: ['>', 0, '<=', 5] }], [1, 5], [0, 5.1, '3', undefined]],
    ['exists', [{ exists: true }], [0, '', null], [undefined]],
    ['does not exist', [{ exists: false }], [undefined], [0, null]],
    ['cidr', [{ cidr: '10.0.0.0/24' }], ['10.0.0.255'], ['10.0.1.0', 'x']],
    ['cidr of IPv6', [{ cidr: '2001:db8::/32' }], ['2001:db8::1'], ['2001:db9::1', '10.0.0.1']],
    ['equals, any case', [{ 'equals-ignore-case': 'Yes' }], ['yES'], ['no']],
    ['wildcard', [{ wildcard: 'a*c*e' }], ['ace', 'abcde', 'accee'], ['ac', 'abcd', 'xace']],
    ['wildcard whose ends may not overlap', [{ wildcard: 'ab*ba' }], ['abba'], ['aba']],
    ['wildcard with an asterisk of its own', [{ wildcard: 'a\\*b*' }], ['a*b', 'a*bc'], ['axb']],
  ] as const)('%s', (_name, accepted, good, bad) => {
    for (const v of good) expect({ v, fits: fits({ v: [...accepted] }, { v }) }).toEqual({ v, fits: true });
    for (const v of bad) expect({ v, fits: fits({ v: [...accepted] }, { v }) }).toEqual({ v, fits: false });
  });

  test('asks for all of its members, for one of $or, and for the same object of a list', () => {
    const pattern = { a: ['1'], $or: [{ b: ['2'] }, { c: { d: [3] } }] };
    expect(fits(pattern, { a: '1', b: '2' })).toBe(true);
    expect(fits(pattern, { a: '1', c: { d: 3 } })).toBe(true);
    expect(fits(pattern, { a: '1', b: '3' })).toBe(false);
    expect(fits(pattern, { a: '2', b: '2' })).toBe(false);
    const ofOne = { list: { x: [1], y: [2] } };
    expect(fits(ofOne, { list: [{ x: 1, y: 2 }] })).toBe(true);
    expect(fits(ofOne, { list: [{ x: 1 }, { y: 2 }] })).toBe(false);
  });

  test.each([
    [{ v: 'x' }, 'neither a list nor an object'],
    [{ v: [] }, 'an empty list'],
    [{ v: [{ regex: '.' }] }, 'the operator regex'],
    [{ v: [{ wildcard: 'a**' }] }, 'two wildcards'],
    [{ v: [{ cidr: '10.0.0.1' }] }, 'no range'],
    [{ v: [{ 'anything-but': { numeric: ['>', 1] } }] }, 'not known'],
  ])('%j is refused', (pattern, why) => {
    expect(() => fits(pattern, {})).toThrow(why);
  });

  test('has operators that a filter of Lambda has not', () => {
    expect(() => readPattern({ v: [{ wildcard: 'a*' }] }, filterOperators, refuse)).toThrow('wildcard');
  });
});
