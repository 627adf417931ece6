import type { Safeguard } from '../safeguard.ts';
import { administrative } from './administrative.ts';
import { documentation } from './documentation.ts';
import { physical } from './physical.ts';
import { privacy } from './privacy.ts';
import { technical } from './technical.ts';

/**
 * The safeguards of 45 CFR part 164 that a messaging system meets. The proposal is the Security Rule's of 6 January 2025 (90 FR 898,
 * RIN 0945-AA22), not final as of November 2026; what it would ask is told in our words, from HHS's fact sheet and summaries of it.
 */
export const safeguards: readonly Safeguard[] = [
  ...administrative,
  ...physical,
  ...technical,
  ...documentation,
  ...privacy,
];
