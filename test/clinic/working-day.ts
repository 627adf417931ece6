import { type ClinicDay, HOUR_MS, MINUTE_MS } from './calendar.ts';
import type { Conversations } from './conversations.ts';
import type { ClinicPerson, Shift } from './people.ts';
import type { Random } from './random.ts';
import type { Conversation, Recorder, SignIn } from './recorder.ts';

const begins: Record<Exclude<Shift, 'none'>, number> = { day: 7, late: 13, night: 21 };

/** What an ordinary day leaves in the trail. */
export class WorkingDay {
  constructor(
    private readonly random: Random,
    private readonly recorder: Recorder,
    private readonly conversations: Conversations,
  ) {}

  /** Eight hours with a break, if it is a day of theirs: two sign-ins, since nobody is there meanwhile. */
  work(person: ClinicPerson, day: ClinicDay): void {
    const { random } = this;
    if (person.shift === 'none' || !random.chance(day.isWeekend ? 0.25 : 0.85)) return;
    const start = begins[person.shift] + random.between(-0.25, 0.25);
    const visits = person.role === 'clinician' ? 17 : 12;
    this.visit(person, day.at(start), random.between(3.5, 4) * HOUR_MS, visits);
    this.visit(person, day.at(start + 4.5), random.between(3, 3.6) * HOUR_MS, visits);
  }

  /** A patient, or whoever cares for one, looks in at any hour at which people are awake. */
  lookIn(person: ClinicPerson, day: ClinicDay): void {
    const { random } = this;
    if (this.conversations.of(person).length === 0 || !random.chance(0.4)) return;
    this.visit(
      person,
      day.at(random.between(7, 22.5)),
      random.between(3, 14) * MINUTE_MS,
      1 + random.whole(4),
    );
  }

  /** A machine reports what it has: a line into each of some conversations, with a file now and then. */
  report(bot: ClinicPerson, day: ClinicDay): void {
    const signIn = this.recorder.signIn(bot);
    for (const conversation of this.random.some(this.conversations.of(bot), 6))
      this.send(signIn, day.at(this.random.between(6, 18)), conversation, 0.5);
  }

  /** One sign-in with `visits` looks into conversations. */
  visit(person: ClinicPerson, at: number, lasts: number, visits: number, sourceIp?: string): SignIn {
    const { random, recorder } = this;
    const signIn = recorder.signIn(person, sourceIp);
    const mine = this.conversations.of(person);
    recorder.allowed(signIn, at, 'session.connect');
    recorder.allowed(signIn, at + 300, 'session.open');
    const opened = random.some(mine.slice(-12), 8).map(({ id }) => id);
    recorder.allowed(signIn, at + 600, 'sync', { opened, purpose: 'treatment' });
    if (random.chance(0.02)) this.stumble(signIn, at + 900);
    for (let visit = 0; visit < visits && mine.length > 0; visit += 1)
      this.look(
        signIn,
        at + 1_000 + ((visit + random.next()) * (lasts - 60_000)) / visits,
        random.pick(mine),
      );
    recorder.allowed(signIn, at + lasts, 'session.end');
    return signIn;
  }

  /** Reads a conversation and may answer. */
  look(signIn: SignIn, at: number, conversation: Conversation, answers = 0.4): void {
    const { random, recorder } = this;
    const object = conversation.id;
    const operation = random.chance(0.6) ? 'conversation.catch-up' : 'conversation.read';
    recorder.allowed(signIn, at, operation, { object, purpose: 'treatment' });
    if (random.chance(0.5))
      recorder.allowed(signIn, at + 4_000, 'conversation.mark-read', { object, purpose: 'treatment' });
    if (random.chance(0.06)) {
      const told = { object: random.id(), opened: [object], purpose: 'treatment' };
      recorder.allowed(signIn, at + 9_000, 'attachment.download', told);
    }
    if (random.chance(answers)) this.send(signIn, at + 20_000, conversation, 0.05);
  }

  private send(signIn: SignIn, at: number, conversation: Conversation, carries: number): void {
    const { random, recorder } = this;
    if (!random.chance(carries)) {
      recorder.entry(signIn, at, conversation, 'message.send');
      return;
    }
    recorder.allowed(signIn, at - 5_000, 'attachment.upload', {
      object: conversation.id,
      purpose: 'treatment',
    });
    recorder.entry(signIn, at, conversation, 'message.send', { attachment: random.id() });
  }

  /** What goes wrong on any day: a token that is past, a conversation that one has left, a ref used twice. */
  private stumble(signIn: SignIn, at: number): void {
    const { random, recorder } = this;
    const elsewhere = random.pick(this.conversations.all);
    const kinds = [
      () => recorder.refused(signIn, at, 'session.renew', { code: 'session-expired' }),
      () =>
        recorder.refused(signIn, at, 'conversation.read', {
          ...{ object: elsewhere.id, purpose: 'treatment', code: 'not-a-member' },
        }),
      () =>
        recorder.refused(signIn, at, 'message.send', {
          ...{ object: elsewhere.id, purpose: 'treatment', rule: 'one-ref-one-message', code: 'ref-reused' },
        }),
    ];
    random.pick(kinds)();
  }
}
