import { readCron, timesAfter, timesUntil } from './cron.ts';
import { instantOf } from './zone.ts';

/** When something is due; times are milliseconds since the epoch. */
export interface Timetable {
  readonly kind: 'at' | 'rate' | 'cron';
  /** The first time after this one; undefined where none is left. */
  next(after: number): number | undefined;
  /** Of the times after `after` and not after `until`, the newest `most`, oldest first. */
  newest(after: number, until: number, most: number): number[];
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * Reads `rate(…)`, `cron(…)` or `at(…)` (Scheduler user guide, "Schedule types"); undefined for what is none of them. A
 * rate counts from `from`, which is its first time.
 */
export function readTimetable(expression: string, zone: string, from: number): Timetable | undefined {
  const [, kind, inner = ''] = /^(rate|cron|at)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return rateOf(inner, from);
  if (kind === 'cron') return cronOf(inner, zone);
  return kind === 'at' ? onceAt(inner, zone) : undefined;
}

function rateOf(inner: string, from: number): Timetable | undefined {
  const [, value, unit = '', plural] = /^([1-9]\d*) (minute|hour|day)(s?)$/.exec(inner) ?? [];
  if ((value === '1') === (plural === 's')) return undefined; // "rate(1 hours)" is refused, and "rate(5 hour)"
  const periodMs = Number(value) * (UNIT_MS[unit] ?? Number.NaN);
  const timeOf = (place: number) => from + place * periodMs;
  return {
    kind: 'rate',
    next: (after) => timeOf(Math.max(0, Math.floor((after - from) / periodMs) + 1)),
    newest: (after, until, most) => {
      const last = Math.floor((until - from) / periodMs);
      const first = Math.max(0, Math.floor((after - from) / periodMs) + 1, last - most + 1);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => timeOf(first + place));
    },
  };
}

function cronOf(inner: string, zone: string): Timetable | undefined {
  const cron = readCron(inner);
  if (!cron) return undefined;
  return {
    kind: 'cron',
    next: (after) => {
      for (const time of timesAfter(cron, zone, after)) return time;
      return undefined;
    },
    newest: (after, until, most) => {
      const times: number[] = [];
      for (const time of timesUntil(cron, zone, until)) {
        if (time <= after || times.length === most) break;
        times.push(time);
      }
      return times.reverse();
    },
  };
}

/** `at(yyyy-mm-ddThh:mm:ss)`, by the clocks of the zone. */
function onceAt(inner: string, zone: string): Timetable | undefined {
  const [year, month, day, hour, minute, second] = (
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(inner)?.slice(1) ?? []
  ).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  const exact = new Date(Date.UTC(year, month - 1, day, hour, minute, second)).toISOString();
  const time = instantOf({ year, month, day, hour, minute, second }, zone);
  if (time === undefined || !exact.startsWith(inner)) return undefined; // "February 30th"
  return {
    kind: 'at',
    next: (after) => (time > after ? time : undefined),
    newest: (after, until) => (time > after && time <= until ? [time] : []),
  };
}
