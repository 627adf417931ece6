/** A wall clock's reading, without its time zone. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const DAY_MS = 86_400_000;
const readers = new Map<string, Intl.DateTimeFormat>();

/** True for a name of the IANA time zone database, `UTC` included. */
export function isTimeZone(name: string): boolean {
  try {
    readerOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What a clock in this zone shows at a time (milliseconds since the epoch). */
export function wallTime(time: number, zone: string): WallTime {
  if (zone === 'UTC') return utcWallTime(time);
  const parts = Object.fromEntries(
    readerOf(zone)
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  const { year, month, day, hour, minute, second } = parts;
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
}

/**
 * When clocks in this zone show this, in milliseconds since the epoch: the first time where they show it twice, undefined
 * where they jump over it (Scheduler user guide, "Daylight savings time").
 */
export function instantOf(wall: WallTime, zone: string): number | undefined {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  if (zone === 'UTC') return asUtc;
  const candidates = [asUtc - DAY_MS, asUtc + DAY_MS].map((near) => asUtc - offsetAt(near, zone));
  const shown = candidates.filter((time) => time + offsetAt(time, zone) === asUtc);
  return shown.length === 0 ? undefined : Math.min(...shown);
}

function offsetAt(time: number, zone: string): number {
  const { year, month, day, hour, minute, second } = wallTime(time, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

function utcWallTime(time: number): WallTime {
  const date = new Date(time);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

function readerOf(zone: string): Intl.DateTimeFormat {
  const known = readers.get(zone);
  if (known) return known;
  const reader = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  readers.set(zone, reader);
  return reader;
}
