/** A number that the sealed audit trail gives, or why it does not. */
export interface Figure {
  /** Permanent, kebab-case. */
  readonly id: string;
  readonly says: string;
  readonly outcome: 'holds' | 'fails' | 'none';
  /** The number with what it counts, or the reason why there is none. */
  readonly seen: string;
}

const counted: Readonly<Record<string, string>> = {
  reads: 'Times that somebody was shown a conversation, a file or a person',
  refusals: 'Times that somebody was refused something',
  'reviews-signed': 'Activity reviews that were signed off',
  'break-glass-reviewed': 'Emergency accesses that were reviewed within 72 hours',
  revocations: 'Times that somebody’s access was ended',
  recertifications: 'People whose access was signed off in a quarter’s review',
  disclosures: 'Accesses for a purpose beside treatment, payment and operations',
};

/** What the records of an export say, or why they are not counted. */
export async function figuresOf(auditExport: string | undefined): Promise<readonly Figure[]> {
  return figuresLeftOut(
    auditExport === undefined ? 'no export of the trail was given (--audit-export)' : 'no',
  );
}

/** All figures, each left out for the one reason. */
export function figuresLeftOut(reason: string): readonly Figure[] {
  return Object.entries(counted).map(([id, says]) => ({
    id,
    says,
    outcome: 'none',
    seen: `not counted: ${reason}`,
  }));
}
