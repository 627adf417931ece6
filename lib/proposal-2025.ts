/** The settings of which the proposal says something. */
interface Bound {
  readonly regulation: 'current' | 'proposal-2025';
  readonly protect: boolean;
  readonly logRetentionDays: number;
  readonly keysRecoveryDays: number;
}

interface Contradiction {
  readonly field: Exclude<keyof Bound, 'regulation'>;
  readonly reason: string;
}

/** In days, leap days included. */
const SIX_YEARS = 2_192;

/**
 * What a deployment may choose today and could not under the Security Rule as HHS proposed it on 6 January 2025 (90 FR 898), where no
 * safeguard is addressable any more; nothing where the rule in force binds. What no setting can contradict (encryption, MFA, daily backups)
 * stands in the template and is looked at by `wardline audit evidence`.
 */
export function againstTheProposal(settings: Bound): readonly Contradiction[] {
  if (settings.regulation !== 'proposal-2025') return [];
  const { protect, logRetentionDays, keysRecoveryDays } = settings;
  const found: readonly (Contradiction | false)[] = [
    !protect && {
      field: 'protect',
      reason: 'must be true: what anybody may delete is not there to be restored within 72 hours',
    },
    logRetentionDays < SIX_YEARS && {
      field: 'logRetentionDays',
      reason: `must be at least ${SIX_YEARS}: records of activity are documentation, kept six years (45 CFR 164.316(b)(2)(i))`,
    },
    keysRecoveryDays < 4 && {
      field: 'keysRecoveryDays',
      reason:
        'must be at least 4: keys that are gone before 72 hours are over cannot be restored within them',
    },
  ];
  return found
    .filter((one) => one !== false)
    .map(({ field, reason }) => ({ field, reason: `${reason} (regulation is proposal-2025)` }));
}
