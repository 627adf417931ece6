/** The request's condition keys in lower case (IAM compares key names ignoring case) and their values. */
export type Context = ReadonlyMap<string, readonly string[]>;

/** What a pattern consists of: one literal character, or a wildcard. */
export type Token = string | typeof ANY | typeof WITHIN_SEGMENT | typeof ONE;
export type Pattern = readonly Token[];

/** `*`: any characters. */
const ANY = Symbol('any characters');
/** `*` inside a segment of an ARN: any characters but a colon. */
const WITHIN_SEGMENT = Symbol('any characters but a colon');
/** `?`: exactly one character. */
const ONE = Symbol('one character');

export interface Reading {
  /**
   * What `*` stands for: `anything`; or `segment`, where only an asterisk that ends a segment of the ARN reaches over
   * colons (IAM user guide, "Using wildcards in resource ARNs"); or `none`, where `*` and `?` are themselves.
   */
  readonly wildcards: 'anything' | 'segment' | 'none';
  /** Where `${…}` gets its value; absent for a policy of a version before 2012-10-17, which has no variables. */
  readonly variables?: Context | undefined;
}

/**
 * Reads a policy's text with its wildcards, variables and escapes (`${*}` `${?}` `${$}`). What a variable brings in is
 * literal. Undefined where a variable has no single value, which matches nothing.
 */
export function readPattern(text: string, reading: Reading): Pattern | undefined {
  if (text.includes('${')) return readAfresh(text, reading);
  const known = patterns[reading.wildcards];
  const pattern = known.get(text) ?? readAfresh(text, reading) ?? [];
  known.set(text, pattern);
  return pattern;
}

/** What was read of texts without variables: a policy says the same at each of a run's many calls. */
const patterns: Record<Reading['wildcards'], Map<string, Pattern>> = {
  anything: new Map(),
  segment: new Map(),
  none: new Map(),
};

function readAfresh(text: string, reading: Reading): Pattern | undefined {
  const pattern: Token[] = [];
  for (let at = 0; at < text.length; at++) {
    const end = reading.variables && text.startsWith('${', at) ? text.indexOf('}', at) : -1;
    if (reading.variables && end > 0) {
      const value = variableValue(text.slice(at + 2, end), reading.variables);
      if (value === undefined) return undefined;
      pattern.push(...value);
      at = end;
    } else {
      pattern.push(tokenAt(text, at, reading.wildcards));
    }
  }
  return pattern;
}

/** Whether the whole text fits. Takes time in proportion to text × pattern at the very most, whatever the wildcards. */
export function matches(pattern: Pattern, text: string): boolean {
  let literal = 0; // most patterns are told apart, and many are whole, before their first wildcard
  while (typeof pattern[literal] === 'string' && pattern[literal] === text[literal]) literal += 1;
  if (literal === pattern.length) return literal === text.length;
  if (typeof pattern[literal] === 'string') return false;
  let states = reach([literal], pattern);
  for (let at = literal; at < text.length && states.length > 0; at++) {
    const next: number[] = [];
    for (const state of states) {
      const token = pattern[state];
      if (token === ANY || (token === WITHIN_SEGMENT && text[at] !== ':')) next.push(state);
      else if (token === ONE || (token !== undefined && token === text[at])) next.push(state + 1);
    }
    states = reach(next, pattern);
  }
  return states.includes(pattern.length);
}

/** Reads and matches in one step, for texts without variables. */
export function wildcardMatches(text: string, wildcards: Reading['wildcards'], value: string): boolean {
  const pattern = readPattern(text, { wildcards });
  return pattern !== undefined && matches(pattern, value);
}

/** The six components of an ARN pattern, split at its first five literal colons; undefined where there are fewer. */
export function arnComponents(pattern: Pattern): readonly Pattern[] | undefined {
  const components: Token[][] = [[]];
  for (const token of pattern) {
    if (token === ':' && components.length < 6) components.push([]);
    else components.at(-1)?.push(token);
  }
  return components.length === 6 ? components : undefined;
}

/** A variable's value: `aws:username`, or `aws:PrincipalTag/team, 'default'`, or an escaped character. */
function variableValue(name: string, variables: Context): string | undefined {
  if (name === '*' || name === '?' || name === '$') return name;
  const [, key = name, fallback] = /^([^,]*?)\s*,\s*'([^']*)'\s*$/.exec(name) ?? [];
  const values = variables.get(key.trim().toLowerCase());
  return values?.length === 1 ? values[0] : fallback;
}

function tokenAt(text: string, at: number, wildcards: Reading['wildcards']): Token {
  const character = text.charAt(at);
  if (wildcards === 'none') return character;
  if (character === '?') return ONE;
  if (character !== '*') return character;
  const endsSegment = at + 1 === text.length || text[at + 1] === ':';
  return wildcards === 'anything' || endsSegment ? ANY : WITHIN_SEGMENT;
}

/** Adds to each state those behind an asterisk, since it may stand for nothing; drops repeats. */
function reach(states: readonly number[], pattern: Pattern): number[] {
  const reached = new Set(states);
  for (const state of reached) {
    if (pattern[state] === ANY || pattern[state] === WITHIN_SEGMENT) reached.add(state + 1);
  }
  return [...reached];
}
