import { createHash } from 'node:crypto';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type ApprovingRooms, type Awaiting, secondPerson } from './approvals.ts';
import type { Caller } from './caller.ts';
import type { Decided, Decision } from './decision.ts';
import { holdsAny } from './entitlements.ts';
import { lengthPrefixed } from './entry.ts';
import { idFrom } from './id.ts';
import { allowOwn, refuse } from './policy.ts';

/** Everything that a patient may see, as one file. Times are milliseconds since the epoch. */
export interface PatientExport {
  readonly exportId: string;
  readonly person: PersonId;
  readonly state: 'building' | 'ready' | 'gone';
  readonly requestedBy: PersonId;
  readonly approvedBy: PersonId;
  readonly approvedAt: number;
  /** Until then one run is at it, and no other. */
  readonly claimedUntil?: number;
  readonly readyAt?: number;
  /** From then on nobody gets it any more. */
  readonly until?: number;
  readonly packed?: Packed;
}

/** A file as it was stored. */
export interface Packed {
  readonly versionId: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Conversations of which something stands in it. */
  readonly opened: readonly ConversationId[];
}

/** Every export there was. Reads are strongly consistent. */
export interface PatientExports {
  all(): Promise<readonly PatientExport[]>;
  one(exportId: string): Promise<PatientExport | undefined>;
  /** Keeps it unless one of its id stands; gives what stands. */
  begin(wanted: PatientExport): Promise<PatientExport>;
  /** Puts `after` in the place of `before`, where that stands unchanged; says whether it did. */
  replace(before: PatientExport, after: PatientExport): Promise<boolean>;
}

/** The files of exports. */
export interface ExportFiles {
  /** Deletes every version of the file. */
  remove(exportId: string): Promise<void>;
}

/** Signs for whoever fetches. */
export interface ExportDownloads {
  /** For one GET of one version by `person`, within a minute. */
  permit(
    person: PersonId,
    exportId: string,
    versionId: string,
  ): Promise<{ readonly url: string; readonly until: string }>;
}

export interface ExportingRooms extends ApprovingRooms {
  readonly exports: Pick<PatientExports, 'all' | 'one' | 'begin'>;
}

/** An export that is being made, or the wish for one that waits. */
export type AskedExport = PatientExport | Awaiting;

/**
 * Has everything made into one file that a patient may see, when a second privacy officer asks for the same within a day. Who the patient is
 * was checked by both, outside of this.
 *
 * @throws Refusal `not-allowed`, `unknown-person`
 */
export async function askExport(
  rooms: ExportingRooms,
  admitted: Promise<Caller>,
  person: PersonId,
): Promise<Decided<AskedExport>> {
  const [caller, profile] = await Promise.all([admitted, rooms.people.profile(person)]);
  const decision: Decision = { ...allowOwn('export.ask', caller), object: person, people: [person] };
  const isPatient = profile && holdsAny({ roles: profile.formerRoles ?? profile.roles }, ['patient']);
  if (!isPatient) throw refuse(decision, 'known-people', 'unknown-person');

  const approval = await secondPerson(rooms, caller, decision);
  if (approval.state === 'awaiting-second-person') return { decision, value: approval };
  const { requestedBy, approvedBy, request } = approval;
  const exportId = idFrom(digest(['export', person, requestedBy, String(request.until)]));
  const approvedAt = rooms.now();
  const wanted = { exportId, person, state: 'building', requestedBy, approvedBy, approvedAt } as const;
  const value = await rooms.exports.begin(wanted);
  await rooms.requests.close(request);
  const approved = { ...allowOwn('export.approve', caller), object: exportId, people: [person, requestedBy] };
  return { decision: approved, value };
}

/**
 * Tells every export there was.
 *
 * @throws Refusal `not-allowed`
 */
export async function listExports(
  { exports }: Pick<ExportingRooms, 'exports'>,
  admitted: Promise<Caller>,
): Promise<Decided<readonly PatientExport[]>> {
  const decision = allowOwn('export.list', await admitted);
  const value = (await exports.all()).toSorted((one, other) => other.approvedAt - one.approvedAt);
  return { decision: { ...decision, people: [...new Set(value.map(({ person }) => person))] }, value };
}

export interface HandingRooms {
  readonly exports: Pick<PatientExports, 'one'>;
  readonly downloads: ExportDownloads;
  readonly now: () => number;
}

/**
 * Gives a privacy officer the permit to fetch an export, to hand it to the patient.
 *
 * @throws Refusal `not-allowed`, `unknown-export`, `export-not-ready`, `export-gone`
 */
export async function downloadExport(
  { exports, downloads, now }: HandingRooms,
  admitted: Promise<Caller>,
  exportId: string,
): Promise<Decided<{ readonly url: string; readonly until: string }>> {
  const caller = await admitted;
  const allowed = { ...allowOwn('export.download', caller), object: exportId };
  const found = await exports.one(exportId);
  if (!found) throw refuse(allowed, 'known-exports', 'unknown-export');
  const { person, packed, until = 0 } = found;
  const decision = { ...allowed, people: [person], ...(packed && { opened: packed.opened }) };
  if (found.state === 'building' || !packed) throw refuse(decision, 'known-exports', 'export-not-ready');
  if (found.state === 'gone' || until <= now()) throw refuse(decision, 'known-exports', 'export-gone');
  return { decision, value: await downloads.permit(caller.person, exportId, packed.versionId) };
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(lengthPrefixed(parts)).digest();
}
