import { createHash } from 'node:crypto';
import type { AuditRecord } from '../../functions/audit/record.ts';
import type { ClinicPerson } from './people.ts';
import type { Random } from './random.ts';

/** A sign-in: from where, and under which name. */
export interface SignIn {
  readonly person: string;
  readonly session: string;
  readonly sourceIp: string;
}

export interface Conversation {
  readonly id: string;
  readonly owner: ClinicPerson;
  readonly patient?: ClinicPerson;
  readonly members: Map<string, ClinicPerson>;
  seq: number;
  hash: string;
}

type Told = Partial<Pick<AuditRecord, 'object' | 'opened' | 'people' | 'purpose' | 'rule' | 'code'>>;

/** Writes down what happens, as the doors and the sealer would. */
export class Recorder {
  private waiting: Waiting[] = [];

  constructor(private readonly random: Random) {}

  signIn({ person, address }: ClinicPerson, sourceIp = address): SignIn {
    return { person, session: this.random.uuid(), sourceIp };
  }

  allowed(signIn: SignIn, at: number, operation: string, told: Told = {}): void {
    this.decided(signIn, at, operation, 'allowed', told);
  }

  refused(signIn: SignIn, at: number, operation: string, told: Told & { readonly code: string }): void {
    this.decided(signIn, at, operation, 'refused', told);
  }

  /** A message or a change of membership: its entry in the log is its record. */
  entry(
    signIn: SignIn,
    at: number,
    conversation: Conversation,
    operation: 'message.send' | 'member.add' | 'member.remove',
    told: { readonly people?: readonly string[]; readonly attachment?: string; readonly rule?: string } = {},
  ): void {
    const purpose = operation === 'message.send' ? 'treatment' : 'operations';
    const { rule = operation === 'message.send' ? 'member-of-conversation' : 'owner-of-conversation' } = told;
    this.waiting.push({
      kind: 'entry',
      conversation,
      ...{ id: this.random.id(), at: new Date(at).toISOString(), ...signIn },
      ...{ requestId: this.random.requestId(), operation, object: conversation.id },
      ...(told.people && { people: told.people }),
      ...{ purpose, rule, outcome: 'allowed' },
      ...(told.attachment && { attachment: told.attachment }),
    });
  }

  /** What was written down before `end` (milliseconds since the epoch), in the order in which it happened; it is forgotten here. */
  takeUntil(end: number): AuditRecord[] {
    const limit = new Date(end).toISOString();
    const taken = this.waiting.filter(({ at }) => at < limit);
    this.waiting = this.waiting.filter(({ at }) => at >= limit);
    return taken.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0)).map(sealed);
  }

  private decided(signIn: SignIn, at: number, operation: string, outcome: Outcome, told: Told): void {
    const { object = signIn.person, opened, people, purpose = 'operations', code } = told;
    const { rule = ruleOf(operation) } = told;
    this.waiting.push({
      kind: 'decision',
      ...{ id: this.random.id(), at: new Date(at).toISOString(), ...signIn },
      ...{ requestId: this.random.requestId(), operation, object },
      ...(opened && { opened }),
      ...(people && { people }),
      ...{ purpose, rule, outcome },
      ...(code && { code }),
    });
  }
}

type Decision = Extract<AuditRecord, { kind: 'decision' }>;
type Entry = Extract<AuditRecord, { kind: 'entry' }>;

/** An entry gets its place in its conversation's log when everything before it is there. */
type Waiting = Decision | (Omit<Entry, 'seq' | 'hash' | 'prev'> & { readonly conversation: Conversation });

function sealed(waiting: Waiting): AuditRecord {
  if (waiting.kind === 'decision') return waiting;
  const { conversation, attachment, ...plain } = waiting;
  const prev = conversation.hash;
  conversation.hash = createHash('sha256').update(prev).update(plain.id).digest('hex');
  conversation.seq += 1;
  const { seq, hash } = conversation;
  return { ...plain, seq, hash, prev, ...(attachment && { attachment }) };
}

type Outcome = AuditRecord['outcome'];

function ruleOf(operation: string): string {
  if (/^session\.|^me\./.test(operation)) return 'live-session';
  if (/^person\./.test(operation)) return 'people-in-charge';
  if (/^retention\.|^hold\./.test(operation)) return 'privacy-office';
  if (operation === 'sync' || operation === 'conversation.list') return 'signed-in-person';
  return 'member-of-conversation';
}
