import type { Head } from '../../../../functions/domain/conversation.ts';
import type { Entry } from '../../../../functions/domain/entry.ts';
import type { BareSocket } from '../../../fixtures/bare-socket.ts';
import type { Mishap, Step, Who } from './history.ts';
import type { Observations } from './observations.ts';

/** A step in which somebody asks for something. */
export type Asking = Exclude<Step, { do: 'raise' | 'days' }>;

/** The functions that a call may be dealt with by, as the template names them. */
export type DoorName = 'SendMessage' | 'ChangeMembers' | 'CatchUp' | 'ReadMessages';

/** A mishap that came to pass. */
export interface Strike {
  /** `half`: a transaction of which only a half could be seen for a while. */
  readonly kind: Mishap['kind'] | 'half';
  readonly door: DoorName;
  /** By `performance.now()`. */
  readonly at: number;
  /** Whether a call of this door that was under way may have failed by it: the AWS SDK could not make it good. */
  readonly isFatal: boolean;
}

/** A running deployment as a history sees it: people with sockets, a log to look at, and things that go wrong. */
export interface Theatre {
  readonly ids: Readonly<Record<Who, string>>;
  readonly sockets: Readonly<Record<Who, readonly BareSocket[]>>;
  request(who: Who, method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  stored(conversationId: string): Promise<{ readonly head: Head; readonly entries: readonly Entry[] }>;
  /** Plants the step's mishap for this conversation and this door; takes it away again. */
  plant(conversationId: string, step: Asking, door: DoorName): () => void;
  /** Every mishap so far. */
  readonly strikes: readonly Strike[];
  /** Every invocation that failed so far, in words. */
  readonly failures: readonly string[];
}

/** What was seen of a history, and what befell it. */
export interface Replayed {
  readonly seen: Observations;
  readonly strikes: readonly Strike[];
}
