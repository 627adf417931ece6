import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Signer, signed } from '../../functions/domain/receipt.ts';
import { Failure } from '../failure.ts';
import { type Assembly, valueAt } from './assembly.ts';
import { differenceOf } from './difference.ts';
import { differencePage } from './difference-page.ts';
import type { Evidence, Snapshot } from './evidence.ts';
import { evidencePage } from './evidence-page.ts';
import type { Figure } from './figures.ts';
import { inventoryCsv, inventoryOf } from './inventory.ts';
import { judge } from './judge.ts';
import type { Answer } from './live/ask.ts';
import { networkMapOf } from './network-map.ts';
import { networkSvg } from './network-svg.ts';
import { applyRules } from './rule-pack.ts';
import { safeguards } from './safeguards/matrix.ts';
import type { TestResults } from './test-results.ts';

/** What a pack is made from. The same of it gives the same bytes. */
export interface Gathered {
  readonly assembly: Assembly;
  readonly answers: readonly Answer[];
  readonly tests: TestResults | undefined;
  readonly figures: readonly Figure[];
  /** The pack before, where one is compared with. */
  readonly previous: Snapshot | undefined;
}

export type Files = ReadonlyMap<string, string>;

/** Every file of a pack but its manifest. */
export function filesOf({ assembly, answers, tests, figures, previous }: Gathered): Files {
  const rules = applyRules(assembly);
  const evidence: Evidence = {
    format: 'wardline-evidence-1',
    binding: bindingOf(assembly),
    stacks: assembly.stacks,
    templates: assembly.templates,
    safeguards: judge(safeguards, { rules, answers, tests, figures }),
    rules,
    answers,
    figures,
  };
  const inventory = inventoryOf(assembly);
  const map = networkMapOf(assembly);
  const svg = networkSvg(map);
  const now: Snapshot = { evidence, inventory, map };
  const difference = previous && differenceOf(previous, now);
  return new Map([
    ['evidence.json', json(evidence)],
    ['evidence.html', evidencePage(now, svg)],
    ['inventory.json', json(inventory)],
    ['inventory.csv', inventoryCsv(inventory)],
    ['network-map.json', json(map)],
    ['network-map.svg', svg],
    ...(difference
      ? ([
          ['difference.json', json(difference)],
          ['difference.html', differencePage(difference)],
        ] as const)
      : []),
  ]);
}

/** Who signs, and with which public half of the key. */
export interface Seal {
  readonly signer: Signer;
  /** In PEM. */
  readonly publicKey: string;
}

/**
 * Writes a pack into an empty or new directory, and last of all its manifest: the SHA-256 of every file, when, of what, signed.
 * Without a seal it says that nobody signed it.
 *
 * @throws Failure where the directory holds something
 */
export async function writePack(
  directory: string,
  files: Files,
  at: string,
  previous: string | undefined,
  seal?: Seal,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  if (readdirSync(directory).length > 0)
    throw new Failure('usage', `${directory} is not empty: name a new directory`);
  const all = new Map([...files, ...(seal ? [['signing-key.pem', seal.publicKey] as const] : [])]);
  for (const [name, content] of all) writeFileSync(join(directory, name), content);
  const claims = {
    format: 'wardline-evidence-1',
    at,
    previous: previous ?? 'none',
    files: [...all]
      .map(([name, content]) => `${createHash('sha256').update(content).digest('hex')} ${name}`)
      .sort(),
  };
  const manifest = seal ? await signed(seal.signer, claims) : claims;
  writeFileSync(join(directory, 'manifest.json'), json(manifest));
}

function bindingOf({ outputs }: Assembly): Evidence['binding'] {
  const told = outputs.find(({ name }) => name === 'Regulation');
  return valueAt(told, 'value') === 'proposal-2025' ? 'proposal-2025' : 'current';
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
