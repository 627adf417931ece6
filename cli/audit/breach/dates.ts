const DAY_MS = 86_400_000;

/** A duty, by when it is to be met, and what asks for it. Days are YYYY-MM-DD. */
export interface Duty {
  readonly duty: string;
  readonly by: string;
  readonly because: string;
  readonly rule: string;
}

/** How many individuals from which on HHS is told at once (164.408(b)). */
export const AT_ONCE_FROM = 500;
/** How many residents of one State above which its media are told (164.406(a)): more than this. */
export const MEDIA_ABOVE = 500;

/**
 * What 45 CFR 164.404 to 164.410 ask for, from the day on which the breach was discovered: known, or to be known with
 * reasonable diligence (164.404(a)(2)). All are outer limits: each duty is to be met without unreasonable delay.
 */
export function dutiesOf(
  discovered: string,
  people: number,
  states: ReadonlyMap<string, number>,
): readonly Duty[] {
  const sixty = addDays(discovered, 60);
  const told = [...states].filter(([, count]) => count > MEDIA_ABOVE).map(([state]) => state);
  return [
    {
      duty: 'Tell each individual in writing',
      by: people === 0 ? 'not owed' : sixty,
      because: `${people} individuals, at most`,
      rule: '164.404(b)',
    },
    {
      duty: `Tell prominent media${told.length > 0 ? ` of ${told.join(', ')}` : ''}`,
      by: told.length > 0 ? sixty : 'not owed',
      because:
        told.length > 0
          ? `more than ${MEDIA_ABOVE} residents each`
          : `no State with more than ${MEDIA_ABOVE} residents among those whose State is known`,
      rule: '164.406',
    },
    {
      duty: 'Tell the Secretary (HHS)',
      by:
        people === 0
          ? 'not owed'
          : people >= AT_ONCE_FROM
            ? sixty
            : addDays(`${discovered.slice(0, 4)}-12-31`, 60),
      because:
        people >= AT_ONCE_FROM
          ? `${AT_ONCE_FROM} or more: at the time of telling individuals`
          : `fewer than ${AT_ONCE_FROM}: within 60 days after the end of the year of discovery`,
      rule: people >= AT_ONCE_FROM ? '164.408(b)' : '164.408(c)',
    },
    {
      duty: 'A business associate tells the covered entity',
      by: sixty,
      because: 'where whoever runs this is a business associate, from its own discovery',
      rule: '164.410(b)',
    },
    {
      duty: 'Keep what shows that all of this was done, until then',
      by: yearsAfter(sixty, 6),
      because: 'the burden of proof is yours, six years long',
      rule: '164.414(b), 164.530(j)',
    },
  ];
}

/** The same date so many years later; of 29 February the day after where there is none. */
function yearsAfter(day: string, years: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(year + years, month - 1, date)).toISOString().slice(0, 10);
}

/** The day so many days after another. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
