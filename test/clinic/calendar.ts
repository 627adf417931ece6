const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** A day of the clinic, by its own clock on the wall. */
export class ClinicDay {
  private readonly midnight: number;

  /** `day`: YYYY-MM-DD. */
  constructor(
    readonly day: string,
    readonly timeZone: string,
  ) {
    const noon = Date.parse(`${day}T12:00:00Z`);
    const shown = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format(
      noon,
    );
    this.midnight = Date.parse(`${day}T00:00:00Z`) + (12 - Number(shown)) * HOUR_MS;
  }

  /** Milliseconds since the epoch when the clock shows `hour`, e.g. 7.5. */
  at(hour: number): number {
    return Math.round(this.midnight + hour * HOUR_MS);
  }

  get isWeekend(): boolean {
    return [0, 6].includes(new Date(`${this.day}T12:00:00Z`).getUTCDay());
  }
}

/** The days from `first` (YYYY-MM-DD) on. */
export function daysFrom(first: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, place) =>
    new Date(Date.parse(`${first}T00:00:00Z`) + place * DAY_MS).toISOString().slice(0, 10),
  );
}
