import * as z from 'zod';

/**
 * What an access is for: HIPAA's purposes of use (45 CFR 164.506(c) and, for emergencies, 164.510(a)(3)). Who states none
 * has the one that the policy names first for what they ask.
 */
export const Purpose = z.enum(['treatment', 'operations', 'emergency']).meta({ id: 'Purpose' });

export type Purpose = z.infer<typeof Purpose>;

/** The header in which a request states it; a frame does by a member `purpose`. */
export const PURPOSE_HEADER = 'wardline-purpose';
