import { z } from 'zod';
import { PlaceCode } from '../protocol/people.ts';
import { Role } from '../protocol/roles.ts';
import { againstTheProposal } from './proposal-2025.ts';

const SIX_YEARS = 2_192;

/**
 * Everything a deployment may choose, in one place. What is not here is not a choice: encryption, MFA, backups and
 * audit have no switch.
 */
export const Settings = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Z][A-Za-z0-9]{1,12}$/, 'must be 2 to 13 letters and digits and begin with a capital')
      .refine(
        (name) => !/aws|amazon|cognito/i.test(name),
        'must not hold aws, amazon or cognito: the domain where bots get tokens begins with it, and AWS keeps these',
      )
      .default('Wardline')
      .describe(
        'First part of the stack names: <name>-Data, <name>-Audit, <name>-Messaging. Fixed for life. At most 13 ' +
          'characters, since policies know buckets (63) and roles (64) by the beginning of names that CloudFormation shortens.',
      ),

    regulation: z
      .enum(['current', 'proposal-2025'])
      .default('current')
      .describe(
        'Which text of the Security Rule binds this deployment: current, the one in force, or proposal-2025, what HHS ' +
          'proposed on 6 January 2025 (90 FR 898, not final as of November 2026), where what contradicts it is refused. Default current.',
      ),

    retentionDays: z
      .int()
      .min(1, 'must be at least 1 day')
      .max(36_500, 'must be at most 36500 days (100 years)')
      .default(2_192)
      .describe(
        'Days a message lives. Past them no read path returns it. Default 2192: six years, as 45 CFR 164.316(b)(2)(i) ' +
          'asks for documentation; ask your counsel what your records law asks for.',
      ),

    allowedOrigins: z
      .array(z.string().refine(isWebOrigin, { error: whyNotAnOrigin }))
      .max(20, 'must be at most 20 origins')
      .default([])
      .describe(
        'Origins of web apps that may connect, e.g. https://app.example.org. Default none: native apps only.',
      ),

    signIn: z
      .strictObject({
        plan: z
          .enum(['essentials', 'plus'])
          .default('essentials')
          .describe(
            'Cognito feature plan. Default essentials; plus adds threat protection at a higher price per user.',
          ),
        accessTokenMinutes: z
          .int()
          .min(5, 'must be at least 5 minutes, the shortest that Cognito issues')
          .max(15, 'must be at most 15 minutes: it bounds what a stolen token is worth')
          .default(15)
          .describe('Minutes an access token lives. Default 15.'),
        refreshTokenHours: z
          .int()
          .min(1, 'must be at least 1 hour, the shortest that Cognito issues')
          .max(12, 'must be at most 12 hours: a working day, after which the person signs in with MFA again')
          .default(12)
          .describe('Hours until a person signs in again. Default 12.'),
      })
      .prefault({}),

    signOut: z
      .strictObject({
        idleMinutes: minutes()
          .default(15)
          .describe('Minutes without activity after which a person is signed out. Default 15.'),
        idleMinutesByRole: z
          .partialRecord(Role, minutes())
          .default({})
          .describe(
            'The same for single roles, e.g. { patient: 30 }. Who holds several has the shortest. Default none.',
          ),
        hours: z
          .int()
          .min(1, 'must be at least 1 hour')
          .max(12, 'must be at most 12 hours: a working day, after which the person signs in with MFA again')
          .default(12)
          .describe('Hours after signing in that a person is signed out, whatever they do. Default 12.'),
      })
      .prefault({}),

    attachments: z
      .strictObject({
        gibibytesPerPersonPerDay: z
          .int()
          .min(5, 'must be at least 5 GiB, the largest attachment')
          .max(10_240, 'must be at most 10240 GiB')
          .default(20)
          .describe(
            'GiB (2^30 bytes) that one person may begin to upload on one day of UTC. Default 20: four of the largest attachments.',
          ),
        uploadsPerPersonPerDay: z
          .int()
          .min(1, 'must be at least 1')
          .max(100_000, 'must be at most 100000')
          .default(2_000)
          .describe('Attachments that one person may begin to upload on one day of UTC. Default 2000.'),
      })
      .prefault({}),

    emergency: z
      .strictObject({
        excludedSites: z
          .array(PlaceCode)
          .max(50, 'must be at most 50 sites')
          .default([])
          .describe(
            'Sites whose people never open a conversation that they are no member of, whatever the emergency. Default none.',
          ),
      })
      .prefault({}),

    throttle: z
      .strictObject({
        requestsPerSecond: z
          .int()
          .min(1, 'must be at least 1 a second')
          .max(10_000, "must be at most 10000 a second, an account's quota in a Region")
          .default(2_000)
          .describe('Steady requests or frames a second that each of the two APIs takes. Default 2000.'),
        burst: z
          .int()
          .min(1, 'must be at least 1')
          .max(5_000, "must be at most 5000, an account's burst quota in a Region")
          .default(2_000)
          .describe('Requests or frames taken at once before the steady rate counts. Default 2000.'),
      })
      .prefault({}),

    logRetentionDays: z
      .literal([
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
        3653,
      ])
      .default(3_653)
      .describe('Days that logs are kept, one of the values of CloudWatch Logs. Default 3653: ten years.'),

    timeZone: z
      .string()
      .refine(isTimeZone, 'must be the name of a time zone, e.g. America/Chicago')
      .default('UTC')
      .describe(
        'The clock on the wall: reviews of activity read hours of the day by it. An IANA name. Default UTC.',
      ),

    backupDays: z
      .int()
      .min(2, 'must be at least 2 days, or no backup exists while the next one is made')
      .max(36_500, 'must be at most 36500 days (100 years)')
      .default(35)
      .describe('Days a daily backup of conversations, people and sessions is kept. Default 35.'),

    keysRecoveryDays: z
      .int()
      .min(2, 'must be at least 2 days, or no backup exists while the next one is made')
      .max(35, 'must be at most 35 days, the longest point-in-time recovery of DynamoDB')
      .default(7)
      .describe(
        'Days that a lost data key can be brought back, and so the days until a shredded key is gone for good: ' +
          'point-in-time recovery and backups of the Keys table end then. Default 7.',
      ),

    auditRetentionDays: z
      .int()
      .min(1, 'must be at least 1 day')
      .max(36_500, 'must be at most 36500 days (100 years, the longest retention of S3 Object Lock)')
      .default(SIX_YEARS)
      .describe(
        'Days on which nobody can delete a sealed audit record or a log of CloudTrail, not even the root user where protect is ' +
          'true. Default 2192: six years, as 45 CFR 164.316(b)(2)(i) asks for. What is written keeps the days of its writing.',
      ),

    cloudTrailDataEvents: z
      .enum(['outsiders', 'all'])
      .default('outsiders')
      .describe(
        'Whose single calls on conversations, people and sessions CloudTrail records: of outsiders, which is whoever works in none ' +
          'of this deployment’s roles, or of all. Synth prints what each costs. Default outsiders: the app’s own calls are in its own record.',
      ),

    apiGatewayLogRole: z
      .enum(['create', 'existing'])
      .default('create')
      .describe(
        'The role with which API Gateway writes logs is one per account and Region. Default create; existing leaves ' +
          'the one that is there alone.',
      ),

    protect: z
      .boolean()
      .default(true)
      .describe(
        'Default true: tables, keys, backups and the user pool refuse deletion and outlive their stack. False is for ' +
          'throw-away accounts only.',
      ),
  })
  .check((context) => {
    const { protect, allowedOrigins, auditRetentionDays } = context.value;
    if (protect && auditRetentionDays < SIX_YEARS) {
      context.issues.push({
        code: 'custom',
        input: auditRetentionDays,
        path: ['auditRetentionDays'],
        message: `must be at least ${SIX_YEARS} days (six years, 45 CFR 164.316(b)(2)(i)) where protect is true`,
      });
    }
    for (const [place, origin] of allowedOrigins.entries()) {
      if (protect && origin.startsWith('http:')) {
        context.issues.push({
          code: 'custom',
          input: origin,
          path: ['allowedOrigins', place],
          message:
            'must be https where protect is true: a page on localhost may connect to a throw-away deployment only',
        });
      }
    }
    for (const { field, reason } of againstTheProposal(context.value)) {
      context.issues.push({ code: 'custom', input: context.value[field], path: [field], message: reason });
    }
  });

function minutes() {
  return z
    .int()
    .min(2, 'must be at least 2 minutes: activity is noted once a minute')
    .max(720, 'must be at most 720 minutes (12 hours)');
}

export type Settings = z.infer<typeof Settings>;

/** What a file under `bin/deployments/` writes down: only what differs from the defaults. */
export type GivenSettings = z.input<typeof Settings>;

/** Reads a deployment's settings, or says of each wrong field its name, the reason and the value seen. */
export function readSettings(deployment: string, given: unknown): Settings {
  const read = Settings.safeParse(given, { reportInput: true });
  if (read.success) return read.data;

  const reasons = read.error.issues.map((issue) => {
    const field = issue.path.join('.') || '(whole)';
    return `  ${field}: ${issue.message} (given: ${JSON.stringify(issue.input)})`;
  });
  throw new Error(`the settings of deployment "${deployment}" are refused:\n${reasons.join('\n')}`);
}

function isTimeZone(name: string): boolean {
  try {
    return (
      /^[A-Za-z0-9+/_-]+$/.test(name) && new Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined
    );
  } catch {
    return false;
  }
}

function isWebOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isTrusted = url.protocol === 'https:' || (url.protocol === 'http:' && url.hostname === 'localhost');
  return isTrusted && url.origin === text;
}

function whyNotAnOrigin(): string {
  return 'must be an origin as browsers send it: https://host[:port] without path, wildcard or final slash (http only for localhost)';
}
