import { questions } from './live/questions.ts';
import { rulePack } from './rule-pack.ts';
import { type Control, isOwed, type Safeguard } from './safeguard.ts';

/** `docs/safeguards.md`: the whole matrix as a table for people, from the same data as every pack. */
export function safeguardsDocument(safeguards: readonly Safeguard[]): string {
  return [
    '# Safeguards',
    '',
    'What each safeguard of 45 CFR part 164 asks today, what the proposal of 2025 would ask (90 FR 898, not final as of November 2026), what is done here, and what shows it. Generated from',
    '`cli/evidence/safeguards/`, as every pack of `npx wardline audit evidence` is; a pack says beside each line whether it holds in one deployment. The words for the rules are ours and no legal advice.',
    '',
    '`rule`: held by the template, looked at in every pack. `asked`: read from the running deployment. `test`: tried by a test of this repository. `counted`: drawn from the sealed audit trail.',
    '',
    ...safeguards.flatMap(section),
    '## The rules',
    '',
    ...rulePack.map(({ id, promises }) => `- \`${id}\`: ${promises}`),
    '',
    '## What a deployment is asked',
    '',
    ...questions.map(({ id, says, call }) => `- \`${id}\` (\`${call}\`): ${says}`),
    '',
  ].join('\n');
}

function section({ cfr, name, today, asks, wouldAsk, controls }: Safeguard): string[] {
  return [
    `## ${cfr} ${name}`,
    '',
    `- Today (${today === 'proposed' ? 'not asked' : today}): ${asks}`,
    `- Proposal of 2025 (${wouldAsk === 'No change.' ? today : 'required'}): ${wouldAsk}`,
    '',
    ...controls.flatMap(lines),
    '',
  ];
}

function lines(control: Control): string[] {
  if (isOwed(control)) {
    const who = {
      'the organisation': 'Owed by the organisation',
      AWS: 'Owed by AWS',
      'nobody yet': 'Not built',
    };
    return [`1. **${who[control.owedBy]}**: ${control.says}`];
  }
  const { says, rules = [], live = [], tests = [], figures = [] } = control;
  return [
    `1. ${says}`,
    ...named('rule', rules),
    ...named('asked', live),
    ...tests.map(
      (test) => `   - test \`${test.split(' > ')[0]}\`: ${test.split(' > ').slice(1).join(' > ')}`,
    ),
    ...named('counted', figures),
  ];
}

function named(kind: string, ids: readonly string[]): string[] {
  return ids.length > 0 ? [`   - ${kind} ${ids.map((id) => `\`${id}\``).join(', ')}`] : [];
}
