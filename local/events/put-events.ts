import { randomUUID } from 'node:crypto';
import type { Account } from '../account.ts';
import { AwsError, type Call } from '../front-door/service.ts';
import { isObject } from './event-pattern.ts';
import { busNameOf } from './rule.ts';

/** An event as rules see it and targets get it (EventBridge user guide, "Event structure"). */
export type Event = Readonly<{
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: readonly string[];
  detail: unknown;
}>;

/** One entry of a request: an event for a bus, or why it is none. */
export type Entry =
  | { readonly busName: string; readonly event: Event }
  | { readonly code: string; readonly message: string };

/** EventBridge quotas, "PutEvents": for all entries together. */
const LARGEST_REQUEST_BYTES = 262_144;
const MOST_ENTRIES = 10;

/** The entries of PutEvents, raw; throws ValidationException for a number or a size that the API does not take. */
export function entriesIn({ input }: Call): readonly Readonly<Record<string, unknown>>[] {
  const entries = Array.isArray(input.Entries) ? input.Entries.filter(isObject) : [];
  if (entries.length === 0 || entries.length > MOST_ENTRIES) {
    const bound =
      entries.length === 0 ? 'greater than or equal to 1' : `less than or equal to ${MOST_ENTRIES}`;
    throw invalid(
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${bound}`,
    );
  }
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > LARGEST_REQUEST_BYTES) {
    throw invalid('Total size of the entries in the request is over the limit.');
  }
  return entries;
}

/** Which bus an entry is for, and what it says of itself. */
export function facts(entry: Readonly<Record<string, unknown>>) {
  return {
    busName: busNameOf(text(entry.EventBusName) ?? 'default'),
    source: text(entry.Source) ?? '',
    detailType: text(entry.DetailType) ?? '',
  };
}

/** API reference, PutEventsResultEntry. */
export function readEntry(entry: Readonly<Record<string, unknown>>, account: Account, now: number): Entry {
  const { busName, source, detailType } = facts(entry);
  for (const name of ['Source', 'DetailType', 'Detail']) {
    if (text(entry[name])) continue;
    const message = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
    return { code: 'InvalidArgument', message };
  }
  if (source.startsWith('aws.')) {
    return { code: 'NotAuthorizedForSourceException', message: 'Not authorized for the source.' };
  }
  const detail = parsed(text(entry.Detail) ?? '');
  if (!isObject(detail)) return { code: 'MalformedDetail', message: 'Detail is malformed.' };
  const time = typeof entry.Time === 'number' ? entry.Time * 1000 : now;
  const resources = Array.isArray(entry.Resources) ? entry.Resources.map(String) : [];
  return { busName, event: eventOf({ source, detailType, detail, resources, time }, account) };
}

export function eventOf(
  given: {
    readonly source: string;
    readonly detailType: string;
    readonly detail: unknown;
    readonly resources: readonly string[];
    /** Milliseconds since the epoch. */
    readonly time: number;
  },
  { accountId, region }: Account,
): Event {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': given.detailType,
    source: given.source,
    account: accountId,
    time: new Date(given.time).toISOString().replace(/\.\d{3}/, ''),
    region,
    resources: given.resources,
    detail: given.detail,
  };
}

/** User guide, "Calculating PutEvents event entry size". */
function sizeOf(entry: Readonly<Record<string, unknown>>): number {
  const texts = [
    entry.Source,
    entry.DetailType,
    entry.Detail,
    ...(Array.isArray(entry.Resources) ? entry.Resources : []),
  ];
  const bytes = texts.reduce<number>((sum, one) => sum + Buffer.byteLength(text(one) ?? ''), 0);
  return bytes + (entry.Time === undefined ? 0 : 14);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parsed(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
