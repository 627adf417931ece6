import { type Comparison, comparisons, negations } from './comparison.ts';
import type { Context } from './pattern.ts';
import type { ConditionValue, Statement } from './policy.ts';

/** True or false where AWS documents it; undefined where it does not, and then doubt goes against the caller. */
export type Judgement = boolean | undefined;

/** A condition operator taken apart, e.g. `ForAnyValue:StringNotLikeIfExists`. */
export interface Operator {
  readonly over?: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly comparison: Comparison | 'Null';
  readonly negated: boolean;
  readonly ifExists: boolean;
}

/** Whether all of a statement's conditions hold for this request (IAM user guide, "Condition operators"). */
export function conditionHolds(
  condition: Statement['Condition'],
  context: Context,
  variables: Context | undefined,
): Judgement {
  const judgements = Object.entries(condition ?? {}).flatMap(([name, keys]) => {
    const operator = readOperator(name);
    return Object.entries(keys).map(([key, accepted]) =>
      operator ? judge(operator, context.get(key.toLowerCase()), valuesOf(accepted), variables) : undefined,
    );
  });
  return all(judgements);
}

/** Undefined for an operator that IAM does not have. */
export function readOperator(name: string): Operator | undefined {
  const [, over, base = '', exists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  const quantified = over === 'ForAllValues' || over === 'ForAnyValue' ? over : undefined;
  if (base === 'Null') {
    return over || exists ? undefined : { comparison: 'Null', negated: false, ifExists: false };
  }
  const positive = Object.hasOwn(negations, base) ? negations[base] : base;
  const comparison = positive && Object.hasOwn(comparisons, positive) ? comparisons[positive] : undefined;
  return (
    comparison && { over: quantified, comparison, negated: positive !== base, ifExists: Boolean(exists) }
  );
}

/** A condition's values as the strings that they are compared as. */
export function valuesOf(accepted: ConditionValue): readonly string[] {
  return (Array.isArray(accepted) ? accepted : [accepted]).map(String);
}

function judge(
  operator: Operator,
  requested: readonly string[] | undefined,
  accepted: readonly string[],
  variables: Context | undefined,
): Judgement {
  const { comparison, over } = operator;
  // "an empty data set (for example, an empty string)": multivalued conditions, IAM user guide
  const values = over ? requested?.filter((value) => value !== '') : requested;
  const missing = values === undefined || values.length === 0;
  if (comparison === 'Null') return accepted.some((value) => value.toLowerCase() === String(missing));
  if (missing) {
    if (operator.ifExists && !requested?.length) return true;
    return over ? over === 'ForAllValues' : operator.negated;
  }
  const judgements = values.map((value) => {
    const answers = accepted.map((one) => comparison.holds(value, one, variables));
    if (answers.includes(true)) return !operator.negated;
    return operator.negated && answers.includes(undefined) ? undefined : operator.negated;
  });
  if (over === 'ForAnyValue') return any(judgements);
  if (over === 'ForAllValues') return all(judgements);
  // Several values without a set operator: AWS documents no result unless they all agree.
  return judgements.every((judgement) => judgement === judgements[0]) ? judgements[0] : undefined;
}

function all(judgements: readonly Judgement[]): Judgement {
  if (judgements.includes(false)) return false;
  return judgements.includes(undefined) ? undefined : true;
}

function any(judgements: readonly Judgement[]): Judgement {
  if (judgements.includes(true)) return true;
  return judgements.includes(undefined) ? undefined : false;
}
