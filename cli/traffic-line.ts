import type { TrafficRecord } from '../local/api-gateway/traffic.ts';
import type { CallRecord } from '../local/front-door/meter.ts';

/**
 * One frame or request as a line for the terminal: when, what, how it ended, how long it took, which function ran, and
 * its AWS calls, each with the statement that allowed it. Ids and counts; nothing that anybody wrote.
 */
export function trafficLine(record: TrafficRecord, calls: readonly CallRecord[], at: number): string {
  const time = new Date(at).toISOString().slice(11, 19);
  const end = `${record.status} in ${Math.round(record.durationMs)} ms`;
  const units = (kind: 'read' | 'write') => round(calls.reduce((sum, call) => sum + call.units[kind], 0));
  return [
    time,
    record.routeKey.padEnd(21),
    end.padEnd(14),
    ...(record.functionArn ? [functionIn(record.functionArn)] : []),
    ...(calls.length > 0 ? [grouped(calls).join(', '), `${units('read')} RU ${units('write')} WU`] : []),
  ].join('  ');
}

/** `SendMessage` of `…:function:Wardline-Messaging-SendMessageFunction0A1B2C3D-4E5F`; a long name ends its hash earlier. */
function functionIn(arn: string): string {
  const name = arn.split(':').at(-1) ?? arn;
  return /-(\w+)Function[0-9A-F]{1,8}-\w+$/.exec(name)?.[1] ?? name;
}

/** Calls alike as one, in the order of the first of each. */
function grouped(calls: readonly CallRecord[]): readonly string[] {
  const counted = new Map<string, number>();
  for (const call of calls) counted.set(nameOf(call), (counted.get(nameOf(call)) ?? 0) + 1);
  return [...counted].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`));
}

function nameOf({ operation, allowedBy, errorCode, refusal }: CallRecord): string {
  if (refusal) return `${operation} refused: ${refusal}`;
  const [statement] = allowedBy; // the action's own; what follows is the use of the table's key
  return `${operation}${statement ? ` (${statement.statement})` : ''}${errorCode ? ` → ${errorCode}` : ''}`;
}

function round(units: number): number {
  return Math.round(units * 10) / 10;
}
