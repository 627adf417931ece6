/** Whether an event is one that a mapping hands on. */
export type Filter = (event: unknown) => boolean;

type Rule = (value: unknown, present: boolean) => boolean;
type Refuse = (why: string) => never;

/**
 * Reads the patterns of a FilterCriteria; an event passes where one of them fits (Lambda developer guide, "Control which
 * events Lambda sends to your function", filter rule syntax). Throws, by name, for an operator that is not known here.
 */
export function filterOf(patterns: readonly string[], where: string): Filter {
  const filters = patterns.map((pattern) => {
    const refuse: Refuse = (why) => {
      throw new Error(`${where}: the filter ${pattern} ${why}`);
    };
    return patternOf(parsed(pattern, refuse), refuse);
  });
  return filters.length === 0 ? () => true : (event) => filters.some((fits) => fits(event));
}

/** What a pattern asks of the member with this name: an object, plain values, or nothing. */
export function memberKind(pattern: string, name: string): 'object' | 'values' | undefined {
  const member = (JSON.parse(pattern) as Record<string, unknown>)[name];
  if (member === undefined) return undefined;
  return Array.isArray(member) ? 'values' : 'object';
}

function parsed(pattern: string, refuse: Refuse): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(pattern);
    if (isObject(read)) return read;
  } catch {
    // answered below, like JSON that is no object
  }
  return refuse('is no JSON object');
}

function patternOf(pattern: Record<string, unknown>, refuse: Refuse): Filter {
  const members = Object.entries(pattern).map(([name, rule]): Filter => {
    if (name === '$or') return alternatives(rule, refuse);
    if (Array.isArray(rule)) return leaf(name, rule, refuse);
    if (isObject(rule)) {
      const inner = patternOf(rule, refuse);
      return (event) => nodesOf(memberOf(event, name)).some(inner);
    }
    return refuse(`gives ${name} a value that is neither a list nor an object`);
  });
  return (event) => members.every((fits) => fits(event));
}

function alternatives(rule: unknown, refuse: Refuse): Filter {
  if (!Array.isArray(rule) || !rule.every(isObject))
    return refuse('gives $or something else than a list of objects');
  const filters = rule.map((one) => patternOf(one, refuse));
  return (event) => filters.some((fits) => fits(event));
}

function leaf(name: string, accepted: readonly unknown[], refuse: Refuse): Filter {
  if (accepted.length === 0) refuse(`gives ${name} an empty list`);
  const rules = accepted.map((one) => ruleOf(one, refuse));
  return (event) => {
    const value = memberOf(event, name);
    const values = Array.isArray(value) ? value : [value];
    const present = value !== undefined && !isObject(value);
    if (!present) return rules.some((rule) => rule(undefined, false));
    return rules.some((rule) => values.some((one) => rule(one, true)));
  };
}

function ruleOf(accepted: unknown, refuse: Refuse): Rule {
  if (!isObject(accepted)) return (value, present) => present && value === accepted;
  const [[operator, operand] = ['', undefined], ...more] = Object.entries(accepted);
  if (more.length > 0) refuse(`puts more than one operator in ${JSON.stringify(accepted)}`);
  const make = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
  if (!make) return refuse(`uses the operator ${operator}, which the local run does not know`);
  return make(operand, refuse);
}

const operators: Readonly<Record<string, (operand: unknown, refuse: Refuse) => Rule>> = {
  exists: (operand, refuse) => {
    if (typeof operand !== 'boolean') return refuse('gives exists something else than true or false');
    return (_value, present) => present === operand;
  },
  prefix: onText('prefix', (value, operand) => value.startsWith(operand)),
  suffix: onText('suffix', (value, operand) => value.endsWith(operand)),
  'equals-ignore-case': onText(
    'equals-ignore-case',
    (value, operand) => value.toLowerCase() === operand.toLowerCase(),
  ),
  'anything-but': (operand, refuse) => {
    const unwanted: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
    if (unwanted.some((one) => typeof one !== 'string' && typeof one !== 'number')) {
      return refuse('gives anything-but something else than strings or numbers');
    }
    return (value, present) => present && !unwanted.includes(value);
  },
  numeric: numericRule,
};

function onText(operator: string, fits: (value: string, operand: string) => boolean) {
  return (operand: unknown, refuse: Refuse): Rule => {
    if (typeof operand !== 'string') return refuse(`gives ${operator} something else than a string`);
    return (value) => typeof value === 'string' && fits(value, operand);
  };
}

/** `["=", 1]` or `[">", 0, "<=", 5]`. */
function numericRule(operand: unknown, refuse: Refuse): Rule {
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [];
  if (list.length !== 2 && list.length !== 4) refuse('gives numeric no comparison of one or two bounds');
  const bounds = [list.slice(0, 2), list.slice(2, 4)].filter((bound) => bound.length > 0);
  const tests = bounds.map(([sign, bound]) => {
    const compare = Object.hasOwn(comparisons, String(sign)) ? comparisons[String(sign)] : undefined;
    if (!compare || typeof bound !== 'number')
      return refuse(`compares with ${JSON.stringify([sign, bound])}`);
    return (value: number) => compare(value, bound);
  });
  return (value) => typeof value === 'number' && tests.every((fits) => fits(value));
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** A pattern reaches into each object of a list; what is missing counts as an empty object, for `exists: false`. */
function nodesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return [value];
}

function memberOf(event: unknown, name: string): unknown {
  return isObject(event) && Object.hasOwn(event, name) ? event[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
