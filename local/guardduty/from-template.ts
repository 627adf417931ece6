import { join } from 'node:path';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { EventBridgeService } from '../events/service.ts';
import type { CredentialStore } from '../front-door/credentials.ts';
import type { S3Service } from '../s3/service.ts';
import { principalOf } from '../template/principals.ts';
import type { Resource } from '../template/resource.ts';
import { installedClamAv, withClamAv } from './clamav.ts';
import { planOf } from './plan.ts';
import { ProtectedBucket } from './protected-bucket.ts';
import { announceResult } from './result-events.ts';
import { scanBySignature } from './signature-scanner.ts';
import type { Scanner } from './verdict.ts';

/** The principal as which GuardDuty assumes a plan's role. */
const SERVICE = 'malware-protection-plan.guardduty.amazonaws.com';

/** Every malware protection plan of the template, hearing of its bucket; `start` takes up what the last run left. */
export function scansOf(parts: {
  readonly account: Account;
  readonly clock: Clock;
  readonly resources: readonly Resource[];
  readonly credentials: CredentialStore;
  readonly buckets: S3Service;
  readonly events: EventBridgeService;
  readonly awsEndpointUrl: () => string;
  /** Where what must outlive a run is kept. */
  readonly directory: string;
  readonly onFault?: (error: unknown) => void;
}): { start(): void; close(): void } {
  const { account, clock, resources, credentials, buckets, events, awsEndpointUrl } = parts;
  const plans = resources.filter(({ type }) => type === 'AWS::GuardDuty::MalwareProtectionPlan');
  const scanner = plans.length > 0 ? scannerOfThisMachine() : scanBySignature;
  const scans = plans.map((resource) => {
    const plan = planOf(resource);
    const role = principalOf(plan.roleArn, resources, account, 'MalwareProtection', SERVICE, plan.arn);
    return new ProtectedBucket({
      ...{ plan, clock, awsEndpointUrl, region: account.region, scanner },
      credentials: credentials.issue(role),
      tell: (...result) => announceResult(events, ...result),
      stateFile: join(parts.directory, `scans-${resource.ref}.json`),
      onFault: parts.onFault ?? console.error,
    });
  });
  buckets.events.on((event) => {
    for (const scan of scans) scan.hear(event);
  });
  return {
    start: () => {
      for (const scan of scans) scan.start();
    },
    close: () => {
      for (const scan of scans) scan.close();
    },
  };
}

function scannerOfThisMachine(): Scanner {
  const clamAv = installedClamAv();
  return clamAv ? withClamAv(clamAv, scanBySignature) : scanBySignature;
}
