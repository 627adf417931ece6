import { originalOf } from '../bucket/object-keys.ts';
import type { Verdict } from '../domain/attachment.ts';
import type { Scan } from '../domain/record-scan.ts';

/** GuardDuty's event of a scan that has ended, as far as it is looked at (GuardDuty user guide, "Monitoring S3 object scan status with EventBridge"). */
export interface ScanResultEvent {
  readonly detail: {
    readonly s3ObjectDetails?: { readonly objectKey?: string; readonly versionId?: string };
    readonly scanResultDetails?: { readonly scanResultStatus?: string };
  };
}

/** What GuardDuty says, and what that makes of an attachment: whatever is not clean stays closed. */
const verdicts: Readonly<Record<string, Verdict>> = {
  NO_THREATS_FOUND: 'clean',
  THREATS_FOUND: 'infected',
  UNSUPPORTED: 'unscannable',
};

/** The scan that an event tells of; nothing where it is of no attachment of ours. */
export function scanIn({ detail }: ScanResultEvent): Scan | undefined {
  const { objectKey = '', versionId } = detail.s3ObjectDetails ?? {};
  const name = originalOf(objectKey);
  if (!name || versionId === undefined) return undefined;
  const verdict = verdicts[detail.scanResultDetails?.scanResultStatus ?? ''] ?? 'scan-failed';
  return { ...name, versionId, verdict };
}
