import * as z from 'zod';

/** What a person is to the organisation. Each role opens only what the policy's rows name it for; roles do not include each other. */
export const Role = z
  .enum([
    'patient',
    'caregiver',
    'clinician',
    'staff',
    'administrator',
    'privacy-officer',
    'auditor',
    'bot',
    'guest',
  ])
  .meta({ id: 'Role' });

export type Role = z.infer<typeof Role>;
