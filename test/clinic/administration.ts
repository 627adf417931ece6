import { type ClinicDay, HOUR_MS, MINUTE_MS } from './calendar.ts';
import type { Conversations } from './conversations.ts';
import type { Cast, ClinicPerson } from './people.ts';
import type { Random } from './random.ts';
import type { Recorder } from './recorder.ts';

/** Recertified in a quarter, and by whom; those who stand in no list of the year were left out by the clinic. */
export interface SignedOff {
  readonly quarter: string;
  readonly person: string;
}

/** What offices do: people come and go, rules change, matters are held, conversations are destroyed, rights are certified. */
export class Administration {
  readonly shredded: { readonly conversation: string; readonly at: string }[] = [];
  readonly holds: { readonly hold: string; readonly placed: string; readonly released?: string }[] = [];
  readonly signedOff: SignedOff[] = [];

  constructor(
    private readonly random: Random,
    private readonly recorder: Recorder,
    private readonly conversations: Conversations,
    private readonly cast: Cast,
  ) {}

  /** A few acts on most working days. */
  routine(day: ClinicDay): void {
    const { random, recorder, cast } = this;
    if (day.isWeekend) return;
    const administrator = random.pick(cast.administrator);
    const signIn = recorder.signIn(administrator);
    recorder.allowed(signIn, day.at(9), 'session.connect');
    const workers = [...cast.clinician, ...cast.staff];
    const acts = ['person.change-roles', 'person.disable', 'person.enable', 'session.revoke', 'session.list'];
    for (const operation of random.some(acts, random.whole(3)))
      recorder.allowed(signIn, day.at(random.between(9, 16)), operation, {
        object: random.pick(workers).person,
        rule: operation.startsWith('session.') ? 'security-role' : 'people-in-charge',
      });
    if (random.chance(0.3)) {
      const object = random.pick(cast['privacy-officer']).person;
      recorder.refused(signIn, day.at(16.2), 'person.change-roles', { object, code: 'operator-only' });
    }
    recorder.allowed(signIn, day.at(16.5), 'session.end');
  }

  changeRetention(day: ClinicDay): void {
    const { recorder, cast, random } = this;
    const signIn = recorder.signIn(random.pick(cast['privacy-officer']));
    recorder.allowed(signIn, day.at(10), 'retention.change', { object: '-' });
  }

  /** One asks for it and, where `twice`, another for the same an hour later; without a second nothing is destroyed. */
  shred(day: ClinicDay, twice: boolean): void {
    const { random, recorder, conversations, cast } = this;
    const [first, second] = this.twoOfficers();
    const withPatient = conversations.all.filter(({ patient }) => patient);
    const conversation = random.pick(withPatient.slice(0, 10));
    const told = { object: conversation.id, rule: 'security-role' };
    recorder.allowed(recorder.signIn(first), day.at(11), 'conversation.shred', told);
    if (!twice) return;
    const at = day.at(12);
    recorder.allowed(recorder.signIn(second), at, 'conversation.shred', told);
    const late = cast.clinician.find((one) => conversation.members.has(one.person));
    conversations.end(conversation);
    if (late)
      recorder.refused(recorder.signIn(late), at + 6 * HOUR_MS, 'conversation.read', {
        ...{ object: conversation.id, rule: 'not-destroyed', purpose: 'treatment', code: 'shredded' },
      });
    this.shredded.push({ conversation: conversation.id, at: new Date(at).toISOString() });
  }

  /** A matter is held; one that is released takes two people. */
  hold(placed: ClinicDay, released?: ClinicDay): void {
    const { recorder, random } = this;
    const [first, second] = this.twoOfficers();
    const hold = random.id();
    recorder.allowed(recorder.signIn(first), placed.at(14), 'hold.place', { object: hold });
    if (released) {
      recorder.allowed(recorder.signIn(first), released.at(9), 'hold.release', { object: hold });
      recorder.allowed(recorder.signIn(second), released.at(10), 'hold.release', { object: hold });
    }
    this.holds.push({ hold, placed: placed.day, ...(released && { released: released.day }) });
  }

  /** A quarter's list: opened, read, and signed for all workers but `forgotten`. */
  recertify(day: ClinicDay, quarter: string, forgotten: readonly ClinicPerson[]): void {
    const { recorder, random, cast } = this;
    const signIn = recorder.signIn(random.pick(cast.administrator));
    let at = day.at(9);
    recorder.allowed(signIn, at, 'recertification.open', { object: quarter, rule: 'security-role' });
    recorder.allowed(signIn, at + 30_000, 'recertification.read', { object: quarter, rule: 'audit-role' });
    for (const one of [...cast.clinician, ...cast.staff]) {
      if (forgotten.includes(one)) continue;
      at += MINUTE_MS;
      recorder.allowed(signIn, at, 'recertification.sign-off', {
        object: one.person,
        rule: 'people-in-charge',
      });
      this.signedOff.push({ quarter, person: one.person });
    }
  }

  private twoOfficers(): readonly [ClinicPerson, ClinicPerson] {
    const [first, second] = this.cast['privacy-officer'];
    if (!first || !second) throw new Error('a clinic has two privacy officers');
    return [first, second];
  }
}
