import type { TrailFacts } from '../front-door/service.ts';
import { type Issued, userIdOf } from './issued.ts';

/**
 * AssumeRole as CloudTrail logs it (IAM user guide, "Logging IAM and AWS STS API calls with AWS CloudTrail"): who assumed what
 * for whom, and the new key's id. Of the answer the secret is left out by AWS, and the token by us too.
 */
export function trailOfAssumption(form: Readonly<Record<string, unknown>>, issued?: Issued): TrailFacts {
  const { RoleArn, RoleSessionName, SourceIdentity, DurationSeconds, ExternalId } = form;
  return {
    category: 'Management',
    readOnly: true, // so AWS marks it, although it makes something
    resources: typeof RoleArn === 'string' ? [{ type: 'AWS::IAM::Role', arn: RoleArn }] : [],
    requestParameters: present({
      roleArn: RoleArn,
      roleSessionName: RoleSessionName,
      sourceIdentity: SourceIdentity,
      durationSeconds: DurationSeconds === undefined ? undefined : Number(DurationSeconds),
      externalId: ExternalId,
    }),
    ...(issued && { responseElements: made(issued) }),
  };
}

function made({ principal, credentials, expiresAt }: Issued): Readonly<Record<string, unknown>> {
  return present({
    credentials: { accessKeyId: credentials.accessKeyId, expiration: asAwsWritesIt(expiresAt) },
    assumedRoleUser: { assumedRoleId: userIdOf(principal), arn: principal.arn },
    sourceIdentity: principal.sourceIdentity,
  });
}

/** `Jul 18, 2023, 4:07:39 PM` */
function asAwsWritesIt(time: number): string {
  return new Intl.DateTimeFormat('en-US', {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: 'UTC',
  }).format(time);
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
