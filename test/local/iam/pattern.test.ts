import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matches, readPattern, wildcardMatches } from '../../../local/iam/pattern.ts';

const texts = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '.', '+', '$', '('), maxLength: 12 });
const patterns = fc.string({
  unit: fc.constantFrom('a', 'b', ':', '/', '.', '+', '(', '*', '?'),
  maxLength: 8,
});

describe('a wildcard', () => {
  test('fits exactly what the regular expression of the same meaning fits', () => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        expect(wildcardMatches(pattern, 'anything', text)).toBe(anythingRegex(pattern).test(text));
      }),
      { numRuns: 3000 },
    );
  });

  test('in an ARN reaches over colons only where it ends its segment', () => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        expect(wildcardMatches(pattern, 'segment', text)).toBe(segmentRegex(pattern).test(text));
      }),
      { numRuns: 3000 },
    );
    const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/Notes';
    expect(wildcardMatches('arn:aws:dynamodb:*:table/Notes', 'segment', table)).toBe(true);
    expect(wildcardMatches('arn:aws:dynamodb:us*1:111122223333:table/N*', 'segment', table)).toBe(true);
    expect(wildcardMatches('arn:aws:dynamodb:us*3:table/Notes', 'segment', table)).toBe(false);
  });

  test('text that was made from a pattern fits it', () => {
    const parts = fc.array(fc.tuple(fc.constantFrom('*', '?', 'a', 'b:', '/'), fc.string({ maxLength: 4 })));
    fc.assert(
      fc.property(parts, (made) => {
        const text = made.map(([token, any]) => (token === '*' ? any : token === '?' ? 'x' : token)).join('');
        return wildcardMatches(made.map(([token]) => token).join(''), 'anything', text);
      }),
    );
  });

  test('never makes matching take forever', () => {
    const startedAt = performance.now();
    expect(wildcardMatches('*a'.repeat(60), 'anything', `${'a'.repeat(2000)}b`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });
});

describe('a policy variable', () => {
  const variables = new Map([
    ['aws:username', ['ana*']],
    ['aws:principaltag/team', ['red']],
    ['aws:tagkeys', ['one', 'two']],
  ]);
  const fits = (text: string, value: string) => {
    const pattern = readPattern(text, { wildcards: 'anything', variables });
    return pattern && matches(pattern, value);
  };

  test('stands for its value, key names compared ignoring case, and what it brings in is literal', () => {
    expect(fits(`home/\${AWS:UserName}/?`, 'home/ana*/1')).toBe(true);
    expect(fits(`home/\${aws:username}/?`, 'home/anabel/1')).toBe(false);
  });

  test('escapes the characters that mean something', () => {
    expect(fits(`\${*}\${?}\${$}{x}`, `*?\${x}`)).toBe(true);
    expect(fits(`\${*}`, 'anything')).toBe(false);
  });

  test('takes its default where it has no value, and otherwise fits nothing', () => {
    expect(fits(`\${aws:PrincipalTag/unit, 'none'}`, 'none')).toBe(true);
    expect(fits(`\${aws:PrincipalTag/team, 'none'}`, 'red')).toBe(true);
    expect(fits(`\${aws:PrincipalTag/unit}`, '')).toBeUndefined();
    expect(fits(`\${aws:TagKeys}`, 'one')).toBeUndefined();
  });

  test('is plain text in a policy of an older version', () => {
    expect(wildcardMatches(`\${aws:username}`, 'anything', `\${aws:username}`)).toBe(true);
  });
});

function anythingRegex(pattern: string): RegExp {
  return new RegExp(`^${escaped(pattern).replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

function segmentRegex(pattern: string): RegExp {
  const source = escaped(pattern)
    .replaceAll('?', '.')
    .replaceAll(/\*(?=:|$)/g, '.§')
    .replaceAll('*', '[^:]*')
    .replaceAll('§', '*');
  return new RegExp(`^${source}$`, 's');
}

function escaped(pattern: string): string {
  return pattern.replaceAll(/[.+$()/]/g, '\\$&');
}
