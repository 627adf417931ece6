import type { Invocation } from '../lambda/invoke.ts';

/** What a function's answer says of its batch: all done, none done, or these records failed. */
export type Outcome = 'success' | 'failure' | { readonly failed: ReadonlySet<string> };

/**
 * Reads an invocation's end as Lambda does (Lambda developer guide, "Configuring partial batch response": success and
 * failure conditions). An identifier that no record of the batch has makes the whole batch a failure.
 */
export function outcomeOf(
  invocation: Invocation,
  reportsFailures: boolean,
  identifiers: ReadonlySet<string>,
): Outcome {
  if (invocation.functionError) return 'failure';
  if (!reportsFailures) return 'success';
  const { payload } = invocation;
  if (payload === null || payload === undefined) return 'success';
  if (typeof payload !== 'object' || Array.isArray(payload)) return 'failure';
  const failures = 'batchItemFailures' in payload ? payload.batchItemFailures : undefined;
  if (failures === undefined || failures === null) return 'success';
  if (!Array.isArray(failures)) return 'failure';
  if (failures.length === 0) return 'success';
  const failed = new Set(failures.map(identifierIn));
  const isKnown = (identifier: unknown): identifier is string =>
    typeof identifier === 'string' && identifiers.has(identifier);
  return [...failed].every(isKnown) ? { failed: new Set([...failed].filter(isKnown)) } : 'failure';
}

function identifierIn(failure: unknown): unknown {
  return typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure
    ? failure.itemIdentifier
    : undefined;
}
