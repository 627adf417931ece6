import { type ClinicDay, HOUR_MS, MINUTE_MS } from './calendar.ts';
import type { Conversations } from './conversations.ts';
import type { Cast, ClinicPerson } from './people.ts';
import type { Random } from './random.ts';
import type { Conversation, Recorder } from './recorder.ts';
import type { WorkingDay } from './working-day.ts';

/** An access for an emergency, and how its review went; hours are those between opening and review. */
export interface KnownEmergency {
  readonly emergency: string;
  readonly person: string;
  readonly conversation: string;
  readonly at: string;
  readonly reviewedAfterHours?: number;
}

export interface KnownDisclosure {
  readonly at: string;
  readonly patient: string;
  readonly purpose: string;
}

/** What must not go unnoticed; each notes what it did, so that a test can ask a report for it. */
export class Incidents {
  readonly emergencies: KnownEmergency[] = [];
  readonly disclosures: KnownDisclosure[] = [];
  readonly snooped: { readonly person: string; readonly conversation: string }[] = [];

  constructor(
    private readonly random: Random,
    private readonly recorder: Recorder,
    private readonly conversations: Conversations,
    private readonly cast: Cast,
    private readonly working: WorkingDay,
  ) {}

  /** Is added to one conversation after another, reads each within minutes, says nothing and leaves. */
  snoop(snooper: ClinicPerson, day: ClinicDay, conversations: number): void {
    const { random, recorder } = this;
    const others = this.conversations.all.filter(
      ({ members, patient }) => patient && !members.has(snooper.person),
    );
    const signIn = recorder.signIn(snooper);
    let at = day.at(17.5);
    recorder.allowed(signIn, at - MINUTE_MS, 'session.connect');
    for (const conversation of random.some(others, conversations)) {
      this.conversations.add(conversation, snooper, at);
      this.working.look(signIn, at + 3 * MINUTE_MS, conversation, 0);
      this.conversations.leave(conversation, snooper, at + 20 * MINUTE_MS);
      this.snooped.push({ person: snooper.person, conversation: conversation.id });
      at += 7 * MINUTE_MS;
    }
    recorder.allowed(signIn, at + HOUR_MS, 'session.end');
  }

  /** Somebody of the clinic who lives with a patient is added to what is said of them, and looks again and again. */
  lookAtHousehold(worker: ClinicPerson, conversation: Conversation, days: readonly ClinicDay[]): void {
    const [first] = days;
    if (!first) return;
    this.conversations.add(conversation, worker, first.at(8));
    for (const day of days) {
      const signIn = this.recorder.signIn(worker);
      this.working.look(signIn, day.at(12.4), conversation, 0);
      this.working.look(signIn, day.at(19.8), conversation, 0);
    }
  }

  /** Reads in the small hours, from an address of their home. */
  readByNight(reader: ClinicPerson, day: ClinicDay): void {
    this.working.visit(reader, day.at(2.2), 1.5 * HOUR_MS, 30, '198.51.100.77');
  }

  /** Tries conversations by their ids, twenty a minute. */
  probe(prober: ClinicPerson, day: ClinicDay, tries: number): void {
    const signIn = this.recorder.signIn(prober);
    const closed = this.conversations.all.filter(({ members }) => !members.has(prober.person));
    this.random.some(closed, tries).forEach(({ id: object }, place) => {
      const told = { object, purpose: 'treatment', code: 'not-a-member' };
      this.recorder.refused(signIn, day.at(15) + place * 3_000, 'conversation.read', told);
    });
  }

  /** A clinician who is no member opens a conversation and reads it; a privacy officer looks at it later, or nobody does. */
  breakGlass(day: ClinicDay, reviewedAfterHours: number | undefined): void {
    const { random, recorder, cast } = this;
    const conversation = random.pick(this.conversations.all.filter(({ patient }) => patient));
    const strangers = cast.clinician.filter(({ person }) => !conversation.members.has(person));
    const clinician = random.pick(strangers);
    const { person } = clinician;
    const signIn = recorder.signIn(clinician);
    const at = day.at(random.between(0, 23));
    recorder.allowed(signIn, at - 40_000, 'session.connect');
    const emergency = random.id();
    const about = { object: conversation.id, purpose: 'emergency' };
    recorder.allowed(signIn, at, 'emergency.open', { ...about, people: [person], rule: 'emergency-access' });
    const looks = 1 + random.whole(4);
    for (let look = 1; look <= looks; look += 1)
      recorder.allowed(signIn, at + look * 9 * MINUTE_MS, 'conversation.read', {
        ...about,
        rule: 'emergency-grant',
      });
    if (reviewedAfterHours !== undefined)
      recorder.allowed(
        recorder.signIn(random.pick(cast['privacy-officer'])),
        at + reviewedAfterHours * HOUR_MS,
        'emergency.review',
        { object: emergency, opened: [conversation.id], people: [person], rule: 'privacy-office' },
      );
    this.emergencies.push({
      ...{ emergency, person, conversation: conversation.id, at: new Date(at).toISOString() },
      ...(reviewedAfterHours !== undefined && { reviewedAfterHours }),
    });
  }

  /** Something of a patient leaves the clinic, for a purpose that an accounting must tell or may leave out. */
  disclose(day: ClinicDay, purpose: string): void {
    const { random, recorder, cast } = this;
    const conversation = random.pick(this.conversations.all.filter(({ patient }) => patient));
    const patient = conversation.patient?.person ?? '';
    const at = day.at(random.between(9, 16));
    recorder.allowed(recorder.signIn(random.pick(cast['privacy-officer'])), at, 'export.download', {
      ...{
        object: random.id(),
        opened: [conversation.id],
        people: [patient],
        purpose,
        rule: 'privacy-office',
      },
    });
    this.disclosures.push({ at: new Date(at).toISOString(), patient, purpose });
  }
}
