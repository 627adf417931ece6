/** One safeguard of the rules: what they ask today, what the proposal of 2025 would ask, and what is done here. */
export interface Safeguard {
  /** Section of 45 CFR, as the rule in force numbers it. */
  readonly cfr: string;
  readonly name: string;
  /** How the rule in force puts it; `proposed`: it has nothing of the kind. */
  readonly today: 'required' | 'addressable' | 'proposed';
  /** What the rule in force asks, in our words. */
  readonly asks: string;
  /** What the proposal would ask beyond that, in our words; under it everything is required. */
  readonly wouldAsk: string;
  readonly controls: readonly [Control, ...Control[]];
}

/** One thing that is done for a safeguard, with what shows it; or what somebody else owes. */
export type Control = Shown | Owed;

export interface Shown {
  readonly says: string;
  /** Counts under the proposal alone. */
  readonly onlyProposal?: true;
  /** Ids of the rule pack: what the template must hold. */
  readonly rules?: readonly string[];
  /** Ids of the questions that are put to the running deployment. */
  readonly live?: readonly string[];
  /** Tests of this repository that try it, `file > name`. */
  readonly tests?: readonly string[];
  /** Names of figures that the sealed audit trail gives. */
  readonly figures?: readonly string[];
}

export interface Owed {
  readonly says: string;
  readonly onlyProposal?: true;
  /** Who owes it. `nobody yet`: it is for this software to do, and it does not. */
  readonly owedBy: 'the organisation' | 'AWS' | 'nobody yet';
}

export function isOwed(control: Control): control is Owed {
  return 'owedBy' in control;
}
