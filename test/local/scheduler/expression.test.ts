import { describe, expect, test } from 'vitest';
import { readTimetable } from '../../../local/scheduler/expression.ts';

const next = (expression: string, after: string, zone = 'UTC') => {
  const time = readTimetable(expression, zone, Date.parse('2026-01-01T00:00:00Z'))?.next(Date.parse(after));
  return time === undefined ? undefined : new Date(time).toISOString().replace('.000', '');
};

describe('a schedule expression', () => {
  test.each([
    ['rate(5 minutes)', '2026-01-01T00:03:00Z', '2026-01-01T00:05:00Z'],
    ['rate(1 day)', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['at(2026-03-04T05:06:07)', '2026-01-01T00:00:00Z', '2026-03-04T05:06:07Z'],
    ['cron(0 10 * * ? *)', '2026-01-01T10:00:00Z', '2026-01-02T10:00:00Z'],
    ['cron(15 12 * * ? *)', '2026-01-01T00:00:00Z', '2026-01-01T12:15:00Z'],
    ['cron(0 18 ? * MON-FRI *)', '2026-01-02T18:00:00Z', '2026-01-05T18:00:00Z'],
    ['cron(0 8 1 * ? *)', '2026-01-15T00:00:00Z', '2026-02-01T08:00:00Z'],
    ['cron(0/10 * ? * MON-FRI *)', '2026-01-01T00:01:00Z', '2026-01-01T00:10:00Z'],
    ['cron(0/5 8-17 ? * MON-FRI *)', '2026-01-02T17:55:00Z', '2026-01-05T08:00:00Z'],
    ['cron(0 0 L * ? *)', '2028-02-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['cron(0 9 ? * 2#1 *)', '2026-01-01T00:00:00Z', '2026-01-05T09:00:00Z'],
    ['cron(0 9 ? * 5L *)', '2026-01-01T00:00:00Z', '2026-01-29T09:00:00Z'],
    ['cron(0 9 3W * ? *)', '2026-01-01T00:00:00Z', '2026-01-02T09:00:00Z'],
    ['cron(0 9 1W * ? *)', '2026-02-01T00:00:00Z', '2026-02-02T09:00:00Z'],
    ['cron(30 4 29 FEB ? *)', '2026-01-01T00:00:00Z', '2028-02-29T04:30:00Z'],
    ['cron(0 0 1 1 ? 2030)', '2026-01-01T00:00:00Z', '2030-01-01T00:00:00Z'],
    ['cron(0 0 1 1 ? 2020-2025)', '2026-01-01T00:00:00Z', undefined],
  ])('%s after %s is due at %s', (expression, after, due) => {
    expect(next(expression, after)).toBe(due);
  });

  test('follows a time zone: an hour that is skipped in spring has no run, one that comes twice in autumn has one', () => {
    const daily = 'cron(30 2 * * ? *)';
    expect(next(daily, '2026-01-01T00:00:00Z', 'Europe/Berlin')).toBe('2026-01-01T01:30:00Z');
    expect(next(daily, '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-30T00:30:00Z');
    expect(next(daily, '2026-10-24T12:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T00:30:00Z');
    expect(next(daily, '2026-10-25T00:30:00Z', 'Europe/Berlin')).toBe('2026-10-26T01:30:00Z');
    expect(next('at(2026-07-01T09:00:00)', '2026-01-01T00:00:00Z', 'America/New_York')).toBe(
      '2026-07-01T13:00:00Z',
    );
  });

  test.each([
    ...['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(5 seconds)', 'every 5 minutes', ''],
    ...[
      'cron(0 10 * * * *)',
      'cron(0 10 ? * ? *)',
      'cron(60 10 * * ? *)',
      'cron(0 10 * * ?)',
      'cron(0 25 * * ? *)',
    ],
    ...['cron(0 5-2 * * ? *)', 'cron(*/0 * * * ? *)', 'at(2026-02-30T00:00:00)', 'at(2026-01-01 00:00:00)'],
  ])('%j is refused', (expression) => {
    expect(readTimetable(expression, 'UTC', 0)).toBeUndefined();
  });

  test('names the newest of a year of minutes without walking the year', () => {
    const from = Date.parse('2026-01-01T00:00:00Z');
    const to = Date.parse('2027-01-01T00:00:00Z');
    for (const [expression, zone] of [
      ['rate(1 minute)', 'UTC'],
      ['cron(* * * * ? *)', 'Europe/Berlin'],
    ] as const) {
      const before = performance.now();
      const newest = readTimetable(expression, zone, from)?.newest(from, to, 60) ?? [];
      expect(performance.now() - before).toBeLessThan(2000);
      expect(newest).toEqual(Array.from({ length: 60 }, (_, place) => to - (59 - place) * 60_000));
    }
  });
});
