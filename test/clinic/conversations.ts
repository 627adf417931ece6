import type { Cast, ClinicPerson } from './people.ts';
import type { Random } from './random.ts';
import type { Conversation, Recorder } from './recorder.ts';

const GENESIS = '0'.repeat(64);

/** Who talks with whom: each patient's team, and the departments among themselves. */
export class Conversations {
  readonly all: Conversation[] = [];
  private readonly byPerson = new Map<string, Conversation[]>();

  constructor(
    private readonly random: Random,
    private readonly recorder: Recorder,
    private readonly cast: Cast,
  ) {}

  of({ person }: Pick<ClinicPerson, 'person'>): readonly Conversation[] {
    return this.byPerson.get(person) ?? [];
  }

  /** A patient's team, begun by one of its clinicians. */
  openTeam(patient: ClinicPerson, at: number): Conversation {
    const { random, cast } = this;
    const owner = random.pick(cast.clinician);
    const colleagues = cast.clinician.filter(
      ({ department, person }) => department === owner.department && person !== owner.person,
    );
    const team = random.some(colleagues, 1 + random.whole(2));
    const helpers = random.chance(0.7) ? [random.pick(cast.staff)] : [];
    const relatives = random.chance(0.12) ? [random.pick(cast.caregiver)] : [];
    const guests = random.chance(0.06) ? [random.pick(cast.guest)] : [];
    const bots = random.chance(0.2) ? [random.pick(cast.bot)] : [];
    return this.open(owner, [patient, ...team, ...helpers, ...relatives, ...guests, ...bots], at, patient);
  }

  /** Those of one department among themselves. */
  openDepartments(at: number): void {
    const workers = [...this.cast.clinician, ...this.cast.staff];
    for (const department of new Set(workers.map((one) => one.department))) {
      const there = workers.filter((one) => one.department === department).slice(0, 39);
      const owner = there.find(({ role }) => role === 'clinician');
      if (owner)
        this.open(
          owner,
          there.filter((one) => one !== owner),
          at,
        );
    }
  }

  add(conversation: Conversation, person: ClinicPerson, at: number): void {
    const signIn = this.recorder.signIn(conversation.owner);
    this.recorder.entry(signIn, at, conversation, 'member.add', { people: [person.person] });
    this.join(conversation, person);
  }

  leave(conversation: Conversation, person: ClinicPerson, at: number): void {
    const signIn = this.recorder.signIn(person);
    this.recorder.entry(signIn, at, conversation, 'member.remove', {
      people: [person.person],
      rule: 'member-leaves',
    });
    this.forget(conversation, person);
  }

  /** Nobody talks in it any more. */
  end(conversation: Conversation): void {
    for (const person of [...conversation.members.values()]) this.forget(conversation, person);
    this.all.splice(this.all.indexOf(conversation), 1);
  }

  private open(owner: ClinicPerson, others: readonly ClinicPerson[], at: number, patient?: ClinicPerson) {
    const conversation: Conversation = {
      id: this.random.id(),
      owner,
      ...(patient && { patient }),
      members: new Map(),
      seq: 0,
      hash: GENESIS,
    };
    const people = [...new Set([owner, ...others])];
    const told = {
      object: conversation.id,
      people: people.map(({ person }) => person),
      rule: 'known-people',
    };
    this.recorder.allowed(this.recorder.signIn(owner), at, 'conversation.create', {
      ...told,
      purpose: 'treatment',
    });
    for (const person of people) this.join(conversation, person);
    this.all.push(conversation);
    return conversation;
  }

  private join(conversation: Conversation, person: ClinicPerson): void {
    conversation.members.set(person.person, person);
    this.byPerson.set(person.person, [...this.of(person), conversation]);
  }

  private forget(conversation: Conversation, person: ClinicPerson): void {
    conversation.members.delete(person.person);
    this.byPerson.set(
      person.person,
      this.of(person).filter((one) => one !== conversation),
    );
  }
}
