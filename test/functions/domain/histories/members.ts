import type { MemberRole } from '../../../../protocol/bodies.ts';
import type { Call, Moment, Observations } from './observations.ts';

interface Stay {
  readonly person: string;
  readonly joined: number;
  /** The `seq` of the entry that removed them. */
  left: number;
}

export interface Version {
  readonly seq: number;
  readonly roles: ReadonlyMap<string, MemberRole>;
  readonly from: Moment;
  /** From here on the next version alone can be seen. */
  until: Moment;
}

/** Who was a member when, by the log alone. */
export class Members {
  readonly versions: Version[];
  private readonly stays: Stay[];

  constructor({ founders, stored }: Observations) {
    let roles = new Map<string, MemberRole>(founders.map(({ person, role }) => [person, role] as const));
    this.stays = founders.map(({ person }) => ({ person, joined: 0, left: Number.POSITIVE_INFINITY }));
    this.versions = [{ seq: 0, roles, from: 0, until: Number.POSITIVE_INFINITY }];
    for (const { seq, body, from, until } of stored) {
      if (!('person' in body)) continue;
      const before = roles;
      roles = new Map(roles);
      const stay = this.stays.find(({ person, left }) => person === body.person && left > seq);
      if (body.kind === 'member.added') roles.set(body.person, body.role);
      else roles.delete(body.person);
      if (body.kind === 'member.removed' && stay) stay.left = seq;
      if (body.kind === 'member.added' && !before.has(body.person)) {
        this.stays.push({ person: body.person, joined: seq, left: Number.POSITIVE_INFINITY });
      }
      const last = this.versions.at(-1);
      if (last) last.until = until;
      this.versions.push({ seq, roles, from, until: Number.POSITIVE_INFINITY });
    }
  }

  /** The members once everything up to `seq` was stored. */
  at(seq: number): Version {
    return this.versions.findLast((version) => version.seq <= seq) as Version;
  }

  /** Whether this person may know of the entry at `seq`: they joined by it, and were not removed before it. */
  mayHear(person: string, seq: number): boolean {
    return this.stays.some((stay) => stay.person === person && stay.joined <= seq && seq <= stay.left);
  }

  /** Whether one and the same stay spans both places. */
  stayed(person: string, seq: number, later: number): boolean {
    return this.stays.some((stay) => stay.person === person && stay.joined <= seq && later < stay.left);
  }

  /** Where somebody's stays began. */
  joined(person: string): readonly number[] {
    return this.stays.filter((stay) => stay.person === person).map((stay) => stay.joined);
  }

  /** The versions that a call may have met. */
  during({ invoked, returned = Number.POSITIVE_INFINITY }: Call): readonly Version[] {
    return this.versions.filter(({ from, until }) => from <= returned && until >= invoked);
  }
}
