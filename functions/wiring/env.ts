import * as z from 'zod';
import { env as names } from './env-names.ts';

/** Minutes without activity, by role; `default` for roles that have no time of their own. */
const IdleMinutes = z.object({ default: z.number().positive() }).catchall(z.number().positive());

export type IdleMinutes = z.infer<typeof IdleMinutes>;

/** Of one person on one day. */
const Quota = z.object({ bytes: z.int().positive(), uploads: z.int().positive() });

const schema = z.object({
  [names.conversationsTable]: z.string().min(1),
  [names.peopleTable]: z.string().min(1),
  [names.sessionsTable]: z.string().min(1),
  [names.auditTrailTable]: z.string().min(1),
  [names.sealedRecordsBucket]: z.string().min(1),
  [names.sealedRecordsKeyArn]: z.string().startsWith('arn:'),
  [names.attachmentsBucket]: z.string().min(1),
  [names.attachmentsKeyArn]: z.string().startsWith('arn:'),
  [names.downloadRoleArn]: z.string().startsWith('arn:'),
  [names.emergencyRoleArn]: z.string().startsWith('arn:'),
  [names.exportRoleArn]: z.string().startsWith('arn:'),
  [names.keysTable]: z.string().min(1),
  [names.backupDays]: z.coerce.number().int().positive(),
  [names.organisationKeyArn]: z.string().startsWith('arn:'),
  [names.keysRecoveryDays]: z.coerce.number().int().positive(),
  [names.userPoolId]: z.string().min(1),
  [names.userPoolClientId]: z.string().min(1),
  [names.signingKeyArn]: z.string().startsWith('arn:'),
  [names.socketCallbackUrl]: z.url(),
  [names.idleMinutes]: z.string().transform((text) => IdleMinutes.parse(JSON.parse(text))),
  [names.signInHours]: z.coerce.number().positive(),
  [names.retentionDays]: z.coerce.number().int().positive(),
  [names.uploadQuota]: z.string().transform((text) => Quota.parse(JSON.parse(text))),
  [names.emergencyExcludedSites]: z.string().transform((text) => text.split(',').filter(Boolean)),
  [names.allowedOrigins]: z.string(),
});

type Setting = keyof typeof names;

/**
 * One setting of this door. A door asks for what it needs while it starts, so that a missing setting stops the cold
 * start and not the tenth request.
 */
export function setting<S extends Setting>(name: S): z.infer<typeof schema>[(typeof names)[S]] {
  const variable = names[name];
  const parsed = schema.shape[variable].safeParse(process.env[variable]);
  if (!parsed.success) {
    throw new Error(
      `the environment variable ${variable} is missing or malformed: lib/ sets it where it grants what it names`,
    );
  }
  return parsed.data as z.infer<typeof schema>[(typeof names)[S]];
}
