import type { Decision } from '../domain/decision.ts';
import type { Trail } from '../store/trail.ts';
import { type Asker, reportDecision } from './report.ts';

/**
 * Writes the one record of what was decided about a request, logs and counts it. Whoever answers waits for it: without a record there
 * is no answer. What a conversation's log holds is not written twice.
 */
export async function record(trail: Trail, asker: Asker, decision: Decision, metric: string): Promise<void> {
  reportDecision(asker, decision, metric);
  const { inLog, ...decided } = decision;
  if (!inLog) await trail.put({ ...asker, ...decided });
}
