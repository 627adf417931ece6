import { isObject, type Matches, type Refuse, readPattern } from '../events/event-pattern.ts';
import { filterOperators } from '../events/pattern-operators.ts';

/** Whether an event is one that a mapping hands on. */
export type Filter = Matches;

/**
 * Reads the patterns of a FilterCriteria; an event passes where one of them fits (Lambda developer guide, "Control which
 * events Lambda sends to your function", filter rule syntax). Throws, by name, for an operator that is not known here.
 */
export function filterOf(patterns: readonly string[], where: string): Filter {
  const filters = patterns.map((pattern) => {
    const refuse: Refuse = (why) => {
      throw new Error(`${where}: the filter ${pattern} ${why}`);
    };
    return readPattern(parsed(pattern, refuse), filterOperators, refuse);
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
