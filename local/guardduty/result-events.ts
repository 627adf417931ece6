import type { EventBridgeService } from '../events/service.ts';
import type { Plan } from './plan.ts';
import type { Scanned } from './protected-bucket.ts';
import type { Verdict } from './verdict.ts';

const SCAN_STATUS: Readonly<Record<Verdict['status'], 'COMPLETED' | 'SKIPPED' | 'FAILED'>> = {
  NO_THREATS_FOUND: 'COMPLETED',
  THREATS_FOUND: 'COMPLETED',
  UNSUPPORTED: 'SKIPPED',
  ACCESS_DENIED: 'SKIPPED',
  FAILED: 'FAILED',
};

/** Sends the result of a scan, and whether its tag failed (GuardDuty user guide, "Monitoring S3 object scans with Amazon EventBridge"). */
export function announceResult(
  events: EventBridgeService,
  plan: Plan,
  scanned: Scanned,
  { status, threats }: Verdict,
  isTagged: boolean,
): void {
  const object = {
    schemaVersion: '1.0',
    resourceType: 'S3_OBJECT',
    s3ObjectDetails: {
      bucketName: scanned.bucket,
      objectKey: scanned.key,
      eTag: scanned.etag,
      versionId: scanned.versionId,
      s3Throttled: false,
    },
  };
  const from = { source: 'aws.guardduty', resources: [plan.arn] };
  events.announce({
    ...from,
    detailType: 'GuardDuty Malware Protection Object Scan Result',
    detail: {
      ...object,
      scanStatus: SCAN_STATUS[status],
      scanResultDetails: {
        scanResultStatus: status,
        threats: threats.length === 0 ? null : threats.map((name) => ({ name })),
      },
    },
  });
  if (isTagged) return;
  events.announce({
    ...from,
    detailType: 'GuardDuty Malware Protection Post Scan Action Failed',
    detail: { ...object, postScanActions: [{ actionType: 'TAGGING', failureReason: 'ACCESS_DENIED' }] },
  });
}
