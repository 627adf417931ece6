import type { Settings } from './settings.ts';

type DataEvents = Settings['cloudTrailDataEvents'];

/** Dollars for 100,000 data events delivered to S3; the first copy of management events is free (aws.amazon.com/cloudtrail/pricing, 2026). */
const DOLLARS_PER_100_000 = 0.1;

/** Data events of one warm act, as test/journey/cloudtrail.test.ts counts them on the running stack. */
export const dataEventsOf: Readonly<
  Record<DataEvents, Readonly<Record<'message' | 'read' | 'download', number>>>
> = {
  /** A read and a download are each recorded in the Audit table; a download is a GET of S3 besides. */
  outsiders: { message: 0, read: 1, download: 2 },
  /** Every call on a table of PHI, too; behind a message's path there are a few more, for many messages at once. */
  all: { message: 5, read: 5, download: 7 },
};

/** What the data events of a setting cost, in a sentence for whoever deploys. */
export function priceOf(setting: DataEvents): string {
  const dollars = (events: number) => `$${(events * 10 * DOLLARS_PER_100_000).toFixed(2)}`;
  const { message, read, download } = dataEventsOf[setting];
  return (
    `CloudTrail data events (cloudTrailDataEvents: ${setting}) cost about ${dollars(message)} per million messages, ` +
    `${dollars(read)} per million reads and ${dollars(download)} per million downloads, at $0.10 per 100,000 ` +
    '(aws.amazon.com/cloudtrail/pricing); the log group of alarms adds $0.50 per GB'
  );
}
