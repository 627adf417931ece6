import type { AuditRecord } from '../../functions/audit/record.ts';
import { Administration } from './administration.ts';
import { ClinicDay, daysFrom } from './calendar.ts';
import { Conversations } from './conversations.ts';
import { Incidents } from './incidents.ts';
import { type Cast, type ClinicPerson, castOf } from './people.ts';
import { Random } from './random.ts';
import { Recorder } from './recorder.ts';
import { WorkingDay } from './working-day.ts';

export interface ClinicYearOptions {
  readonly people: number;
  readonly seed: number;
  /** The first day, YYYY-MM-DD, and how many there are. */
  readonly from: string;
  readonly days: number;
}

export const TIME_ZONE = 'America/Chicago';

/** A clinic that never was, day by day: what its trail says, and what is true of it. */
export class ClinicYear {
  readonly cast: Cast;
  readonly days: readonly ClinicDay[];
  readonly conversations: Conversations;
  readonly administration: Administration;
  readonly incidents: Incidents;
  /** Who is at the bottom of what must be noticed. */
  readonly snooper: ClinicPerson;
  readonly nightReader: ClinicPerson;
  readonly prober: ClinicPerson;
  readonly relative: ClinicPerson;
  /** The patient that the relative lives with. */
  relation: ClinicPerson | undefined;
  private readonly random: Random;
  private readonly recorder: Recorder;
  private readonly working: WorkingDay;

  constructor({ people, seed, from, days }: ClinicYearOptions) {
    this.random = new Random(seed);
    this.recorder = new Recorder(this.random);
    this.cast = castOf(this.random, people);
    this.days = daysFrom(from, days).map((day) => new ClinicDay(day, TIME_ZONE));
    const rooms = [this.random, this.recorder] as const;
    this.conversations = new Conversations(...rooms, this.cast);
    this.working = new WorkingDay(...rooms, this.conversations);
    this.administration = new Administration(...rooms, this.conversations, this.cast);
    this.incidents = new Incidents(...rooms, this.conversations, this.cast, this.working);
    const { clinician, staff } = this.cast;
    this.snooper = at(clinician, -1);
    this.relative = at(clinician, -2);
    this.nightReader = at(staff, -1);
    this.prober = at(staff, -2);
  }

  /** The records of one UTC day after the other, each in the order in which they were made. */
  *records(): Generator<{ readonly day: string; readonly records: readonly AuditRecord[] }> {
    const first = at(this.days, 0);
    this.conversations.openDepartments(first.at(5));
    this.cast.patient.forEach((patient, place) => {
      if (place % 4 !== 3) this.conversations.openTeam(patient, first.at(5) + place * 200);
    });
    for (const [place, day] of this.days.entries()) {
      this.ordinary(day, place);
      this.unusual(day, place);
      yield {
        day: day.day,
        records: this.recorder.takeUntil(endOf(day.day)),
      };
    }
    for (const { day } of daysAfter(this.days)) yield { day, records: this.recorder.takeUntil(endOf(day)) };
  }

  private ordinary(day: ClinicDay, place: number): void {
    const { cast, random, working } = this;
    for (const worker of [...cast.clinician, ...cast.staff]) working.work(worker, day);
    for (const person of [...cast.patient, ...cast.caregiver, ...cast.guest]) working.lookIn(person, day);
    for (const bot of cast.bot) working.report(bot, day);
    this.administration.routine(day);
    const newcomer = cast.patient[random.whole(cast.patient.length)];
    if (place % 5 === 4 && newcomer) this.conversations.openTeam(newcomer, day.at(10.5));
  }

  /** Planted by their place in the span, so that a short one has each of them too. */
  private unusual(day: ClinicDay, place: number): void {
    const { administration, incidents } = this;
    const last = this.days.length - 1;
    const when = (...parts: readonly number[]) => parts.some((part) => Math.round(part * last) === place);
    if (when(0.3, 0.34, 0.38)) incidents.snoop(this.snooper, day, 7);
    if (when(0.5, 0.52, 0.55, 0.6)) incidents.readByNight(this.nightReader, day);
    if (when(0.42)) incidents.probe(this.prober, day, 25);
    if (when(0.2, 0.7)) incidents.breakGlass(day, 20);
    if (when(0.45)) incidents.breakGlass(day, 96);
    if (when(0.65)) incidents.breakGlass(day, undefined);
    if (when(0.15, 0.62)) incidents.disclose(day, 'public-health');
    if (when(0.33)) incidents.disclose(day, 'judicial');
    if (when(0.48)) incidents.disclose(day, 'research');
    if (when(0.25, 0.75)) incidents.disclose(day, 'individual');
    if (when(0.22)) this.lookAtRelation(place);
    if (when(0.1, 0.66)) administration.changeRetention(day);
    if (when(0.35, 0.8)) administration.shred(day, true);
    if (when(0.58)) administration.shred(day, false);
    if (when(0.12)) administration.hold(day, this.days[Math.round(0.9 * last)]);
    if (when(0.4)) administration.hold(day);
    this.recertify(day, place);
  }

  private lookAtRelation(place: number): void {
    const { relative, conversations, days } = this;
    const conversation = conversations.all.find(
      ({ patient, members }) => patient && !members.has(relative.person),
    );
    if (!conversation) throw new Error('somebody is in everything');
    this.relation = conversation.patient;
    this.incidents.lookAtHousehold(relative, conversation, days.slice(place, place + 5));
  }

  /** On the eleventh day of each quarter, and of the span; each time the last two workers are forgotten. */
  private recertify(day: ClinicDay, place: number): void {
    const [year, month, date] = day.day.split('-').map(Number);
    if (!(date === 11 && month !== undefined && month % 3 === 1) && place !== 5) return;
    const quarter = `${year}-Q${Math.ceil((month ?? 1) / 3)}`;
    if (this.administration.signedOff.some((one) => one.quarter === quarter)) return;
    this.administration.recertify(day, quarter, this.cast.staff.slice(-2));
  }
}

function at<T>(list: readonly T[], place: number): T {
  const one = list.at(place);
  if (one === undefined) throw new Error('the clinic is too small');
  return one;
}

/** Night shifts and reviews of the last days end after them. */
function daysAfter(days: readonly ClinicDay[]): readonly { readonly day: string }[] {
  return daysFrom(at(days, -1).day, 8)
    .slice(1)
    .map((day) => ({ day }));
}

function endOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + 86_400_000;
}
