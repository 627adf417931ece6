import { beforeAll, expect, test } from 'vitest';
import { assemblyOf, readStacks, type Stack } from '../../../cli/evidence/assembly.ts';
import { applyRules, rulePack } from '../../../cli/evidence/rule-pack.ts';
import { synthesized } from '../../fixtures/synth.ts';
import { type Plant, plants } from './plants.ts';

let stacks: readonly Stack[];

beforeAll(async () => {
  stacks = readStacks(await synthesized());
}, 120_000);

test('the real template keeps every rule', () => {
  expect(brokenRules(stacks)).toEqual([]);
});

test('every rule has a violation planted for it', () => {
  expect(Object.keys(plants).sort()).toEqual(rulePack.map(({ id }) => id).sort());
});

test('every rule goes red on a violation planted for it', () => {
  for (const [id, plant] of Object.entries(plants)) {
    const planted = structuredClone(stacks);
    for (const stack of planted) sow(plant, stack);
    expect.soft(brokenRules(planted), id).toContain(id);
  }
});

test('a template with nothing in it keeps no rule', () => {
  const bare = stacks.map((stack) => ({ ...stack, template: { ...stack.template, Resources: {} } }));
  expect(brokenRules(bare)).toEqual(rulePack.map(({ id }) => id));
});

function sow({ stack, type, spoil, resource }: Plant, planted: Stack): void {
  if (stack && !planted.stack.endsWith(`-${stack}`)) return;
  const { Resources } = planted.template;
  if (resource) Resources.Planted = { Properties: {}, ...resource };
  for (const one of Object.values(Resources)) if (one.Type === type) spoil?.(one.Properties, one);
}

function brokenRules(of: readonly Stack[]): readonly string[] {
  return applyRules(assemblyOf(of))
    .filter(({ holds }) => !holds)
    .map(({ id }) => id);
}
