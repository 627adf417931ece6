import { createHash } from 'node:crypto';
import type { PersonId } from '../../protocol/ids.ts';
import type { Recording } from '../audit/record.ts';
import { originalOf } from '../bucket/object-keys.ts';
import { type Verdict, whyClosed } from '../domain/attachment.ts';
import { idFrom } from '../domain/id.ts';
import type { ToldScan } from '../domain/record-scan.ts';
import type { Told } from '../store/trail.ts';

/**
 * GuardDuty's event of a scan that has ended, or of a tag that it could not write then, as far as it is looked at (GuardDuty user guide,
 * "Monitoring S3 object scans with Amazon EventBridge").
 */
export interface ScanResultEvent {
  readonly id: string;
  readonly time: string;
  readonly detail: {
    readonly s3ObjectDetails?: { readonly objectKey?: string; readonly versionId?: string };
    readonly scanResultDetails?: { readonly scanResultStatus?: string };
    readonly postScanActions?: readonly unknown[];
  };
}

/** What GuardDuty says, and what that makes of an attachment: whatever is not clean stays closed, as is what lacks its tag. */
const verdicts: Readonly<Record<string, Verdict>> = {
  NO_THREATS_FOUND: 'clean',
  THREATS_FOUND: 'infected',
  UNSUPPORTED: 'unscannable',
};

/** The scan that an event tells of; nothing where it is of no attachment of ours. */
export function scanIn({ id, time, detail }: ScanResultEvent): ToldScan | undefined {
  const { objectKey = '', versionId } = detail.s3ObjectDetails ?? {};
  const name = originalOf(objectKey);
  if (!name || versionId === undefined) return undefined;
  const status =
    detail.scanResultDetails?.scanResultStatus ?? (detail.postScanActions ? 'NOT_TAGGED' : 'UNKNOWN');
  const verdict = verdicts[status] ?? 'scan-failed';
  const reason = status.toLowerCase().replaceAll('_', '-');
  return { ...name, versionId, verdict, reason, event: { id, at: Date.parse(time) } };
}

/** The record of a scan, under an id of its event, so that an event that comes twice is one record. Nobody asked for it. */
export function recordingOf(
  { attachmentId, verdict, event }: ToldScan,
  uploader: PersonId | undefined,
): { readonly recording: Recording; readonly told: Told } {
  const code = whyClosed(verdict);
  const recording: Recording = {
    ...{ person: '-', session: '-', sourceIp: '-', requestId: event.id },
    ...{ operation: 'attachment.scan', object: attachmentId, purpose: 'operations', rule: 'scanned-clean' },
    ...(uploader !== undefined && { people: [uploader] }),
    outcome: code === undefined ? 'allowed' : 'refused',
    ...(code !== undefined && { code }),
  };
  const id = idFrom(createHash('sha256').update(`scan ${event.id}`).digest());
  return { recording, told: { id, at: event.at } };
}
