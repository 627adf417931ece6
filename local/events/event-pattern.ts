/** Whether an event is one that a pattern lets through. */
export type Matches = (event: unknown) => boolean;

/** Whether one value of an event fits one accepted value of a pattern. */
export type Rule = (value: unknown, present: boolean) => boolean;

/** Says why a pattern cannot be read; never returns. */
export type Refuse = (why: string) => never;

/** By name, what a pattern's `{ "<operator>": … }` asks of a value. */
export type Operators = Readonly<Record<string, (operand: unknown, refuse: Refuse) => Rule>>;

/**
 * Reads one event pattern, the language that EventBridge rules and Lambda's filters share (EventBridge user guide,
 * "Comparison operators for use in event patterns"). Within a list of objects, all of a pattern must fit the same one.
 * Calls `refuse`, by name, for an operator that is not among these.
 */
export function readPattern(
  pattern: Readonly<Record<string, unknown>>,
  operators: Operators,
  refuse: Refuse,
): Matches {
  const members = Object.entries(pattern).map(([name, rule]): Matches => {
    if (name === '$or') return alternatives(rule, operators, refuse);
    if (Array.isArray(rule)) return leaf(name, rule, operators, refuse);
    if (isObject(rule)) {
      const inner = readPattern(rule, operators, refuse);
      return (event) => nodesOf(memberOf(event, name)).some(inner);
    }
    return refuse(`gives ${name} a value that is neither a list nor an object`);
  });
  return (event) => members.every((fits) => fits(event));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function alternatives(rule: unknown, operators: Operators, refuse: Refuse): Matches {
  if (!Array.isArray(rule) || !rule.every(isObject))
    return refuse('gives $or something else than a list of objects');
  const filters = rule.map((one) => readPattern(one, operators, refuse));
  return (event) => filters.some((fits) => fits(event));
}

function leaf(name: string, accepted: readonly unknown[], operators: Operators, refuse: Refuse): Matches {
  if (accepted.length === 0) refuse(`gives ${name} an empty list`);
  const rules = accepted.map((one) => ruleOf(one, operators, refuse));
  return (event) => {
    const value = memberOf(event, name);
    const values = Array.isArray(value) ? value : [value];
    const present = value !== undefined && !isObject(value);
    if (!present) return rules.some((rule) => rule(undefined, false));
    return rules.some((rule) => values.some((one) => rule(one, true)));
  };
}

function ruleOf(accepted: unknown, operators: Operators, refuse: Refuse): Rule {
  if (!isObject(accepted)) return (value, present) => present && value === accepted;
  const [[operator, operand] = ['', undefined], ...more] = Object.entries(accepted);
  if (more.length > 0) refuse(`puts more than one operator in ${JSON.stringify(accepted)}`);
  const make = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
  if (!make) return refuse(`uses the operator ${operator}, which the local run does not know`);
  return make(operand, refuse);
}

/** A pattern reaches into each object of a list; what is missing counts as an empty object, for `exists: false`. */
function nodesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return [value];
}

function memberOf(event: unknown, name: string): unknown {
  return isObject(event) && Object.hasOwn(event, name) ? event[name] : undefined;
}
