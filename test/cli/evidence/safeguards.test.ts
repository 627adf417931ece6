import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { figuresLeftOut } from '../../../cli/evidence/figures.ts';
import { questions } from '../../../cli/evidence/live/questions.ts';
import { rulePack } from '../../../cli/evidence/rule-pack.ts';
import { isOwed, type Safeguard, type Shown } from '../../../cli/evidence/safeguard.ts';
import { safeguards } from '../../../cli/evidence/safeguards/matrix.ts';
import { safeguardsDocument } from '../../../cli/evidence/safeguards-document.ts';

const root = new URL('../../../', import.meta.url);

describe('the matrix of safeguards', () => {
  test('is docs/safeguards.md, line for line', async () => {
    const document = fileURLToPath(new URL('docs/safeguards.md', root));
    await expect(safeguardsDocument(safeguards)).toMatchFileSnapshot(document);
  });

  test('names only tests that this repository has', () => {
    const named = shown(safeguards).flatMap(({ tests = [] }) => tests);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((one) => !isThere(one))).toEqual([]);
    expect(isThere('test/arrows.test.ts > point where nobody would look')).toBe(false);
  });

  test('names only rules, questions and figures that there are, and each of them somewhere', () => {
    for (const [kind, known] of [
      ['rules', rulePack.map(({ id }) => id)],
      ['live', questions.map(({ id }) => id)],
      ['figures', figuresLeftOut('').map(({ id }) => id)],
    ] as const) {
      const named = new Set(shown(safeguards).flatMap((control) => control[kind] ?? []));
      expect([...named].filter((id) => !known.includes(id))).toEqual([]);
      expect(known.filter((id) => !named.has(id))).toEqual([]);
      expect(new Set(known).size).toBe(known.length);
    }
  });

  test('says of every safeguard what is done or who owes it, and shows what is done', () => {
    expect(new Set(safeguards.map(({ cfr }) => cfr)).size).toBe(safeguards.length);
    for (const { rules, live, tests, figures } of shown(safeguards))
      expect([rules, live, tests, figures].flatMap((some) => some ?? [])).not.toEqual([]);
  });
});

function shown(all: readonly Safeguard[]): readonly Shown[] {
  return all.flatMap(({ controls }) => controls).filter((control): control is Shown => !isOwed(control));
}

/** Whether the file is there and has a test of that name. */
function isThere(named: string): boolean {
  const [file = '', ...name] = named.split(' > ');
  const path = fileURLToPath(new URL(file, root));
  if (!existsSync(path)) return false;
  return readFileSync(path, 'utf8').includes(`'${name.join(' > ')}'`);
}
