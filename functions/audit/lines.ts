import { createHash } from 'node:crypto';
import { idFrom } from '../domain/id.ts';
import { canonical } from './canonical.ts';
import type { Line } from './head.ts';
import { SealedRecord } from './record.ts';

/** A record as it is sealed. */
export function lineOf(record: SealedRecord): Line {
  return { id: record.id, at: record.at, text: canonical(record) };
}

/** The line that a sealed file holds. Throws for one that is no record. */
export function readLine(text: string): Line {
  const { id, at } = SealedRecord.parse(JSON.parse(text));
  return { id, at, text };
}

/** The id of what one event of a stream tells: the same each time that it is told. */
export function idOfTelling(eventId: string): string {
  return idFrom(createHash('sha256').update(eventId).digest());
}
