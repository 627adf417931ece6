import { instantOf, wallTime } from './zone.ts';

/** A calendar day: the wall clock's, whatever the zone. */
interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** What the six fields of `cron(minutes hours day-of-month month day-of-week year)` ask for. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly fits: (day: Day) => boolean;
  readonly firstYear: number;
  readonly lastYear: number;
}

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const DAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
const YEARS = [1970, 2199] as const;
const DAY_MS = 86_400_000;

/**
 * Reads the fields of a cron expression, with `*`, `,`, `-`, `/`, `?`, `L`, `W` and `#` as EventBridge has them (user
 * guide, "Cron expressions"; Scheduler's are the same). Undefined for what is none.
 */
export function readCron(text: string): Cron | undefined {
  const fields = text.trim().split(/\s+/);
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields;
  const isOneDayField = (dayOfMonth === '?') !== (dayOfWeek === '?');
  if (fields.length !== 6 || !isOneDayField) return undefined;
  const minutes = numbersOf(minute, [0, 59]);
  const hours = numbersOf(hour, [0, 23]);
  const months = numbersOf(month, [1, 12], MONTHS, 1);
  const years = numbersOf(year, YEARS);
  const day = dayOfWeek === '?' ? dayOfMonthOf(dayOfMonth) : dayOfWeekOf(dayOfWeek);
  const [firstYear, lastYear] = [years?.at(0), years?.at(-1)];
  if (!minutes || !hours || !months || !years || !day) return undefined;
  if (firstYear === undefined || lastYear === undefined) return undefined;
  const fits = (one: Day) => months.includes(one.month) && years.includes(one.year) && day(one);
  return { minutes, hours, fits, firstYear, lastYear };
}

/** The times after `after`, soonest first; each is milliseconds since the epoch. */
export function* timesAfter(cron: Cron, zone: string, after: number): Generator<number> {
  for (const day of daysFrom(after, zone, 1, cron)) {
    for (const time of timesOf(day, cron, zone)) if (time > after) yield time;
  }
}

/** The times up to `until`, latest first. */
export function* timesUntil(cron: Cron, zone: string, until: number): Generator<number> {
  for (const day of daysFrom(until, zone, -1, cron)) {
    for (const time of timesOf(day, cron, zone).reverse()) if (time <= until) yield time;
  }
}

function* daysFrom(time: number, zone: string, step: 1 | -1, cron: Cron): Generator<Day> {
  const start = wallTime(time, zone);
  for (let at = Date.UTC(start.year, start.month - 1, start.day); ; at += step * DAY_MS) {
    const date = new Date(at);
    const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    if (step > 0 ? day.year > cron.lastYear : day.year < cron.firstYear) return;
    if (cron.fits(day)) yield day;
  }
}

/** In their order: where clocks are put back an hour shown twice counts once, the first time. */
function timesOf(day: Day, { hours, minutes }: Cron, zone: string): number[] {
  const times = hours.flatMap((hour) =>
    minutes.map((minute) => instantOf({ ...day, hour, minute, second: 0 }, zone)),
  );
  return times.filter((time) => time !== undefined).sort((a, b) => a - b);
}

/** Every number that a field of `*`, values, ranges and steps asks for, in order; undefined where it is none. */
function numbersOf(
  field: string,
  [least, most]: readonly [number, number],
  names: readonly string[] = [],
  firstName = 0,
): number[] | undefined {
  const numberOf = (text: string | undefined) => {
    const named = names.indexOf((text ?? '').toUpperCase());
    const number = named >= 0 ? named + firstName : /^\d{1,4}$/.test(text ?? '') ? Number(text) : Number.NaN;
    return number >= least && number <= most ? number : undefined;
  };
  const numbers = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', stepText, ...more] = part.split('/');
    const step = stepText === undefined ? 1 : /^[1-9]\d*$/.test(stepText) ? Number(stepText) : undefined;
    const [fromText, toText, ...further] = range.split('-');
    const from = range === '*' ? least : numberOf(fromText);
    const open = range === '*' || stepText !== undefined;
    const to = toText !== undefined ? numberOf(toText) : open ? most : from;
    if (from === undefined || to === undefined || step === undefined) return undefined;
    if (more.length > 0 || further.length > 0 || from > to) return undefined;
    for (let number = from; number <= to; number += step) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

type DayTest = (day: Day) => boolean;

/** `L` is the month's last day, `15W` the weekday next to the 15th, `LW` the last weekday. */
function dayOfMonthOf(field: string): DayTest | undefined {
  if (field === 'L') return ({ year, month, day }) => day === lengthOf(year, month);
  if (field === 'LW') {
    return ({ year, month, day }) => day === weekdayNear(year, month, lengthOf(year, month));
  }
  const near = Number(/^(\d{1,2})W$/.exec(field)?.[1]);
  if (near >= 1 && near <= 31) {
    return ({ year, month, day }) => near <= lengthOf(year, month) && day === weekdayNear(year, month, near);
  }
  const days = numbersOf(field, [1, 31]);
  return days && (({ day }) => days.includes(day));
}

/** `L` is Saturday, `5L` the month's last Thursday, `2#1` its first Monday. */
function dayOfWeekOf(field: string): DayTest | undefined {
  const [, lastName] = /^(\w+)L$/.exec(field) ?? [];
  const [, name, place] = /^(\w+)#([1-5])$/.exec(field) ?? [];
  const [only] = numbersOf(name ?? lastName ?? '', [1, 7], DAYS, 1) ?? [];
  if (only !== undefined && place !== undefined) {
    return (one) => weekdayOf(one) === only && Math.ceil(one.day / 7) === Number(place);
  }
  if (only !== undefined) {
    return (one) => weekdayOf(one) === only && one.day + 7 > lengthOf(one.year, one.month);
  }
  const days = field === 'L' ? [7] : numbersOf(field, [1, 7], DAYS, 1);
  return days && ((one) => days.includes(weekdayOf(one)));
}

/** 1 is Sunday. */
function weekdayOf({ year, month, day }: Day): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
}

function lengthOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The weekday nearest to a day, without leaving its month. */
function weekdayNear(year: number, month: number, day: number): number {
  const weekday = weekdayOf({ year, month, day });
  if (weekday === 7) return day > 1 ? day - 1 : day + 2;
  if (weekday === 1) return day < lengthOf(year, month) ? day + 1 : day - 2;
  return day;
}
