import { sha256 } from './assembly.ts';
import type { Figure } from './figures.ts';
import type { Answer } from './live/ask.ts';
import type { Kept } from './rule-pack.ts';
import { type Control, isOwed, type Safeguard, type Shown } from './safeguard.ts';
import type { TestResults } from './test-results.ts';

/** Everything that was found, before it is put beside the safeguards. */
export interface Found {
  readonly rules: readonly Kept[];
  readonly answers: readonly Answer[];
  readonly tests: TestResults | undefined;
  readonly figures: readonly Figure[];
}

/**
 * How a control or a safeguard stands. `holds`: something that ran says so, and nothing that ran says otherwise. `holds for
 * our part`: the rest is the organisation's or AWS's. `in part`: something of ours was not shown, or no test of it ran. `not shown`: nothing ran. `not built`: this software
 * does not do it.
 */
export type State =
  | 'holds'
  | 'holds for our part'
  | 'in part'
  | 'fails'
  | 'not shown'
  | 'not built'
  | 'the organisation’s'
  | 'AWS’s';

export interface JudgedControl {
  readonly says: string;
  readonly onlyProposal: boolean;
  readonly state: State;
  readonly evidence: readonly Evidence[];
}

/** One thing that was looked at. `none`: it did not run, for the reason in `seen`. */
export interface Evidence {
  readonly kind: 'template' | 'live' | 'test' | 'records';
  /** Of the rule, question, test or figure. */
  readonly id: string;
  readonly outcome: 'holds' | 'fails' | 'none';
  readonly seen: string;
}

export interface JudgedSafeguard {
  readonly cfr: string;
  readonly name: string;
  readonly today: Safeguard['today'];
  readonly asks: string;
  readonly wouldAsk: string;
  readonly stateToday: State | 'not asked';
  readonly stateProposed: State;
  readonly controls: readonly JudgedControl[];
  /** SHA-256 of all of the above as JSON. */
  readonly sha256: string;
}

export function judge(safeguards: readonly Safeguard[], found: Found): readonly JudgedSafeguard[] {
  return safeguards.map(({ controls, ...safeguard }) => {
    const judged = controls.map((control) => judgeControl(control, found));
    const result = {
      ...safeguard,
      stateToday:
        safeguard.today === 'proposed'
          ? ('not asked' as const)
          : together(judged.filter(({ onlyProposal }) => !onlyProposal)),
      stateProposed: together(judged),
      controls: judged,
    };
    return { ...result, sha256: sha256(JSON.stringify(result)) };
  });
}

function judgeControl(control: Control, found: Found): JudgedControl {
  const { says, onlyProposal = false } = control;
  if (isOwed(control)) {
    const state = (
      { 'the organisation': 'the organisation’s', AWS: 'AWS’s', 'nobody yet': 'not built' } as const
    )[control.owedBy];
    return { says, onlyProposal, state, evidence: [] };
  }
  const evidence = evidenceOf(control, found);
  return { says, onlyProposal, state: stateOf(evidence), evidence };
}

/** A control that names tests holds only where one of them ran: what a template has says little of what a door does. */
function stateOf(evidence: readonly Evidence[]): State {
  if (evidence.some(({ outcome }) => outcome === 'fails')) return 'fails';
  if (!evidence.some(({ outcome }) => outcome === 'holds')) return 'not shown';
  const tests = evidence.filter(({ kind }) => kind === 'test');
  return tests.length > 0 && tests.every(({ outcome }) => outcome === 'none') ? 'in part' : 'holds';
}

function evidenceOf(
  { rules = [], live = [], tests = [], figures = [] }: Shown,
  found: Found,
): readonly Evidence[] {
  return [
    ...rules.map((id) => ofRule(id, found.rules)),
    ...live.map((id) => ofLive(id, found.answers)),
    ...tests.map((id) => ofTest(id, found.tests)),
    ...figures.map((id) => ofFigure(id, found.figures)),
  ];
}

function ofRule(id: string, rules: readonly Kept[]): Evidence {
  const rule = rules.find((one) => one.id === id);
  if (!rule) throw new Error(`a safeguard names the rule ${id}, which there is not`);
  const broken = rule.findings.filter(({ holds }) => !holds);
  const [first] = broken;
  const seen = first
    ? `${broken.length} of ${rule.findings.length} broken, first ${first.resource} ${first.property}: ${first.seen}`
    : rule.findings.length === 0
      ? 'nothing of the kind stands in the template'
      : `${rule.findings.length} of ${rule.findings.length} as expected`;
  return { kind: 'template', id, outcome: rule.holds ? 'holds' : 'fails', seen };
}

function ofLive(id: string, all: readonly Answer[]): Evidence {
  const answers = all.filter(({ question }) => question === id);
  const heard = answers.flatMap(({ findings }) => findings);
  const broken = heard.find(({ holds }) => !holds);
  if (broken) {
    const seen = `${broken.resource} ${broken.property}: ${broken.seen}, not ${broken.expected}`;
    return { kind: 'live', id, outcome: 'fails', seen };
  }
  const silent = answers.filter(({ silence }) => silence !== undefined);
  const why = [...new Set(silent.map(({ silence }) => silence))].join('; ');
  if (heard.length === 0)
    return {
      kind: 'live',
      id,
      outcome: 'none',
      seen: why || 'not asked: the template has nothing of the kind',
    };
  const asked = `${answers.length - silent.length} of ${answers.length} asked, ${heard.length} values as expected`;
  return { kind: 'live', id, outcome: 'holds', seen: why ? `${asked}; ${why}` : asked };
}

function ofTest(id: string, results: TestResults | undefined): Evidence {
  const ended = results?.get(id);
  const why = results ? 'not in the report that was given' : 'not run here: no report was given (--tests)';
  if (ended === 'passed' || ended === 'failed')
    return { kind: 'test', id, outcome: ended === 'passed' ? 'holds' : 'fails', seen: ended };
  return { kind: 'test', id, outcome: 'none', seen: why };
}

function ofFigure(id: string, figures: readonly Figure[]): Evidence {
  const figure = figures.find((one) => one.id === id);
  if (!figure) throw new Error(`a safeguard names the figure ${id}, which there is not`);
  const { outcome, seen } = figure;
  return { kind: 'records', id, outcome, seen };
}

/** Several controls in one word: what fails shows first, and what nobody showed is never hidden behind what somebody did. */
function together(controls: readonly JudgedControl[]): State {
  const states = new Set(controls.map(({ state }) => state));
  const [only] = states;
  if (only !== undefined && states.size === 1) return only;
  if (states.has('fails')) return 'fails';
  const isOursWhole = !states.has('not shown') && !states.has('not built') && !states.has('in part');
  if (states.has('holds') || states.has('in part')) return isOursWhole ? 'holds for our part' : 'in part';
  return (['not shown', 'not built'] as const).find((state) => states.has(state)) ?? 'the organisation’s';
}
