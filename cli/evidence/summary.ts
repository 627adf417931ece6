import type { Evidence } from './evidence.ts';
import type { Files } from './pack.ts';

/** What a terminal shows of a pack: how the safeguards stand under the text that binds, and which rules are broken. */
export function summaryOf(files: Files): { readonly text: string; readonly fails: boolean } {
  const evidence = JSON.parse(files.get('evidence.json') ?? '{}') as Evidence;
  const states = evidence.safeguards.map((safeguard) =>
    evidence.binding === 'current' ? safeguard.stateToday : safeguard.stateProposed,
  );
  const counted = [...new Set(states)].map(
    (state) => `${states.filter((one) => one === state).length} ${state}`,
  );
  const broken = evidence.rules
    .filter(({ holds }) => !holds)
    .map(({ id, promises }) => `  ${id}: ${promises}`);
  const text = [
    `Under ${evidence.binding === 'current' ? 'the rule in force' : 'the proposal of 2025'}: ${counted.join(', ')}.`,
    ...(broken.length > 0 ? ['Broken:', ...broken] : []),
  ].join('\n');
  return { text, fails: states.includes('fails') };
}
