import type { TrafficRecord } from '../local/api-gateway/traffic.ts';
import type { CallRecord } from '../local/front-door/meter.ts';

/**
 * One frame or request as a line for the terminal: when, what, how it ended, how long it took, which AWS calls its
 * function made under which statements, and their units. Ids and counts; nothing that anybody wrote.
 */
export function trafficLine(record: TrafficRecord, calls: readonly CallRecord[], at: number): string {
  const time = new Date(at).toISOString().slice(11, 19);
  const head = `${time}  ${record.routeKey.padEnd(26)} ${String(record.status).padEnd(4)}${Math.round(record.durationMs)} ms`;
  if (calls.length === 0) return head;
  const units = (kind: 'read' | 'write') => round(calls.reduce((sum, call) => sum + call.units[kind], 0));
  return `${head}  ${groups(calls).join(', ')}  ${units('read')} read and ${units('write')} write units`;
}

/** Calls alike as one, in the order of the first of each. */
function groups(calls: readonly CallRecord[]): readonly string[] {
  const counted = new Map<string, number>();
  for (const call of calls) counted.set(nameOf(call), (counted.get(nameOf(call)) ?? 0) + 1);
  return [...counted].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`));
}

function nameOf({ service, operation, allowedBy, errorCode, refusal }: CallRecord): string {
  const name = `${service}:${operation}`;
  if (refusal) return `${name} refused: ${refusal}`;
  const by = [...new Set(allowedBy.map(({ statement }) => statement))].join(' + ');
  return `${name}${by && ` by ${by}`}${errorCode ? ` → ${errorCode}` : ''}`;
}

function round(units: number): number {
  return Math.round(units * 10) / 10;
}
