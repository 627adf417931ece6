import * as z from 'zod';
import { env as names } from './env-names.ts';

const schema = z.object({
  [names.conversationsTable]: z.string().min(1),
  [names.peopleTable]: z.string().min(1),
  [names.sessionsTable]: z.string().min(1),
  [names.keysTable]: z.string().min(1),
  [names.organisationKeyArn]: z.string().startsWith('arn:'),
  [names.userPoolId]: z.string().min(1),
  [names.userPoolClientId]: z.string().min(1),
  [names.signingKeyArn]: z.string().startsWith('arn:'),
  [names.socketCallbackUrl]: z.url(),
  [names.retentionDays]: z.coerce.number().int().positive(),
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
