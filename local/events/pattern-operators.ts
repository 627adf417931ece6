import { comparisons as conditionComparisons } from '../iam/comparison.ts';
import { isObject, type Operators, type Refuse, type Rule } from './event-pattern.ts';

type TextTest = (value: string, operand: string) => boolean;

const textTests: Readonly<Record<'prefix' | 'suffix' | 'equals-ignore-case' | 'wildcard', TextTest>> = {
  prefix: (value, operand) => value.startsWith(operand),
  suffix: (value, operand) => value.endsWith(operand),
  'equals-ignore-case': (value, operand) => value.toLowerCase() === operand.toLowerCase(),
  wildcard: (value, operand) => wildcardFits(partsOf(operand), value),
};

/** What Lambda's filter rule syntax has (Lambda developer guide, "Control which events Lambda sends to your function"). */
export const filterOperators: Operators = {
  exists: (operand, refuse) => {
    if (typeof operand !== 'boolean') return refuse('gives exists something else than true or false');
    return (_value, present) => present === operand;
  },
  prefix: onText('prefix'),
  suffix: onText('suffix'),
  'equals-ignore-case': onText('equals-ignore-case'),
  'anything-but': anythingBut,
  numeric: numericRule,
};

/** What rules of EventBridge have on top (user guide, "Comparison operators for use in event patterns"). */
export const ruleOperators: Operators = {
  ...filterOperators,
  prefix: ignoringCase('prefix'),
  suffix: ignoringCase('suffix'),
  wildcard: (operand, refuse) => {
    if (typeof operand !== 'string') return refuse('gives wildcard something else than a string');
    checkWildcard(operand, refuse);
    const parts = partsOf(operand);
    return (value) => typeof value === 'string' && wildcardFits(parts, value);
  },
  cidr: (operand, refuse) => {
    const { IpAddress } = conditionComparisons;
    if (typeof operand !== 'string' || !operand.includes('/') || !IpAddress?.takes(operand)) {
      return refuse(`gives cidr ${JSON.stringify(operand)}, which is no range of addresses`);
    }
    return (value) => typeof value === 'string' && IpAddress.holds(value, operand, undefined) === true;
  },
  'anything-but': (operand, refuse) => {
    if (!isObject(operand)) return anythingBut(operand, refuse);
    const [[name, unwanted] = ['', undefined], ...more] = Object.entries(operand);
    const test = Object.hasOwn(textTests, name) ? textTests[name as keyof typeof textTests] : undefined;
    const texts: readonly unknown[] = Array.isArray(unwanted) ? unwanted : [unwanted];
    if (!test || more.length > 0 || !texts.every((one): one is string => typeof one === 'string')) {
      return refuse(`gives anything-but ${JSON.stringify(operand)}, which is not known`);
    }
    if (name === 'wildcard') for (const one of texts) checkWildcard(one, refuse);
    return (value, present) =>
      present && !(typeof value === 'string' && texts.some((one) => test(value, one)));
  },
};

function onText(operator: keyof typeof textTests) {
  return (operand: unknown, refuse: Refuse): Rule => {
    if (typeof operand !== 'string') return refuse(`gives ${operator} something else than a string`);
    return (value) => typeof value === 'string' && textTests[operator](value, operand);
  };
}

/** `{"prefix": "x"}`, or `{"prefix": {"equals-ignore-case": "x"}}`. */
function ignoringCase(operator: 'prefix' | 'suffix') {
  return (operand: unknown, refuse: Refuse): Rule => {
    if (!isObject(operand)) return onText(operator)(operand, refuse);
    const text = operand['equals-ignore-case'];
    if (typeof text !== 'string' || Object.keys(operand).length > 1) {
      return refuse(`gives ${operator} ${JSON.stringify(operand)}, which is not known`);
    }
    return (value) =>
      typeof value === 'string' && textTests[operator](value.toLowerCase(), text.toLowerCase());
  };
}

function anythingBut(operand: unknown, refuse: Refuse): Rule {
  const unwanted: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (unwanted.some((one) => typeof one !== 'string' && typeof one !== 'number')) {
    return refuse('gives anything-but something else than strings or numbers');
  }
  return (value, present) => present && !unwanted.includes(value);
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

function checkWildcard(text: string, refuse: Refuse): void {
  if (/\\(?![*\\])/.test(text)) refuse(`has a backslash in the wildcard ${text} before neither * nor \\`);
  if (partsOf(text).slice(1, -1).includes('')) refuse(`has two wildcards side by side in ${text}`);
}

/** The literal parts between the asterisks; `\*` and `\\` are literal. */
function partsOf(text: string): string[] {
  const parts = [''];
  for (const [token] of text.matchAll(/\\[*\\]|[\s\S]/gu)) {
    if (token === '*') parts.push('');
    else
      parts.push(
        `${parts.pop() ?? ''}${token.length > 1 && token.startsWith('\\') ? token.slice(1) : token}`,
      );
  }
  return parts;
}

function wildcardFits(parts: readonly string[], value: string): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}
