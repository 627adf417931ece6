import { AwsError } from '../front-door/service.ts';

/** What AssumeRole is asked, its limits checked (STS API reference, "AssumeRole"). */
export interface Assumption {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly seconds: number;
  /** As given; a session that has one already keeps it. */
  readonly sourceIdentity?: string;
  readonly externalId?: string;
}

const DEFAULT_SECONDS = 3600;
/** STS API reference: what each parameter may be. */
const name = /^[\w+=,.@-]{2,64}$/;

/** Reads a call's form; throws ValidationError, also for what this run does not serve. */
export function readAssumption(form: Readonly<Record<string, unknown>>): Assumption {
  const text = (key: string) => (typeof form[key] === 'string' ? form[key] : undefined);
  const unserved = Object.keys(form).find((key) =>
    /^(Policy|Tags|TransitiveTag|Serial|Token|Provided)/.test(key),
  );
  if (unserved)
    throw invalid(`this run does not serve the parameter ${unserved}: no session policies, tags or MFA`);

  const roleArn = text('RoleArn') ?? '';
  if (!/^arn:[^:]+:iam::\d{12}:role\/.+/.test(roleArn)) throw invalid(`${roleArn} is invalid`);
  const sessionName = text('RoleSessionName') ?? '';
  if (!name.test(sessionName)) throw pattern(sessionName, 'roleSessionName');
  const sourceIdentity = text('SourceIdentity');
  if (sourceIdentity !== undefined && (!name.test(sourceIdentity) || /^aws:/i.test(sourceIdentity)))
    throw pattern(sourceIdentity, 'sourceIdentity');
  const externalId = text('ExternalId');
  return {
    ...{ roleArn, sessionName, seconds: secondsIn(text('DurationSeconds')) },
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(externalId === undefined ? {} : { externalId }),
  };
}

/** How long the session may be, by its role and by who asks (IAM user guide, "Roles terms and concepts", role chaining). */
export function checkLength(seconds: number, limits: { longest: number; isChained: boolean }): void {
  if (limits.isChained && seconds > 3600)
    throw invalid(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  if (seconds > limits.longest)
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
}

function secondsIn(given: string | undefined): number {
  if (given === undefined) return DEFAULT_SECONDS;
  const seconds = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (!(seconds >= 900))
    throw constraint(given, 'durationSeconds', 'have value greater than or equal to 900');
  if (seconds > 43_200) throw constraint(given, 'durationSeconds', 'have value less than or equal to 43200');
  return seconds;
}

function pattern(value: string, member: string): AwsError {
  return constraint(value, member, 'satisfy regular expression pattern: [\\w+=,.@-]{2,64}');
}

function constraint(value: string, member: string, must: string): AwsError {
  return invalid(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${must}`,
  );
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
