import type { ConversationId } from '../../protocol/ids.ts';
import { Fault } from './fault.ts';
import type { ExportFiles, PatientExport, PatientExports } from './patient-exports.ts';

/** Times that an export is looked at anew which another was at. */
const ATTEMPTS = 8;

export interface EndingRooms {
  readonly exports: Pick<PatientExports, 'all' | 'one' | 'replace'>;
  readonly exportFiles: ExportFiles;
}

/** What became of a destroyed conversation's exports. */
export interface EndedExports {
  /** Exports that held it and were deleted for that, by this call or an earlier one. */
  readonly exports: number;
  /** Versions of their files that this call deleted. */
  readonly versions: number;
}

/**
 * Deletes every export that holds a conversation whose destruction is recorded, and has those not offered that are being made: whoever makes
 * one finds the mark, or the record, and makes it anew. May be repeated.
 */
export async function endExportsOf(
  { exports, exportFiles }: EndingRooms,
  conversationId: ConversationId,
): Promise<EndedExports> {
  let [ended, versions] = [0, 0];
  const endOne = async (found: PatientExport) => {
    let one: PatientExport | undefined = found;
    for (let attempt = 1; one && mayHold(one, conversationId); attempt += 1) {
      if (attempt > ATTEMPTS) throw new Fault(`the export ${found.exportId} could not be withdrawn`);
      if (one.state === 'ready') versions += await exportFiles.remove(one.exportId); // before the mark: a run that dies begins again
      if (await exports.replace(one, withdrawn(one, conversationId))) break;
      one = await exports.one(found.exportId);
    }
  };
  for (const found of await exports.all()) await endOne(found);
  for (const { state, withdrawnFor } of await exports.all()) {
    if (state === 'gone' && withdrawnFor === conversationId) ended += 1;
  }
  return { exports: ended, versions };
}

/** Whether it can hold what was read before the destruction. One at which nobody is yet will be made without it. */
function mayHold(one: PatientExport, conversationId: ConversationId): boolean {
  if (one.state === 'ready') return one.packed?.opened.includes(conversationId) ?? true;
  return one.state === 'building' && one.claimedUntil !== undefined && one.withdrawnFor === undefined;
}

function withdrawn(one: PatientExport, withdrawnFor: ConversationId): PatientExport {
  if (one.state === 'building') return { ...one, withdrawnFor };
  return { ...one, state: 'gone', endedBy: 'destruction', withdrawnFor };
}
