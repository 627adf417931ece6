import type { ChatEvents, MessageStatus, StateChange } from '../../sdk/index.ts';

type Entry = ChatEvents['message'];

/** Somebody, with the name that people.json knows them by, or else their id. */
export interface Named {
  readonly person: string;
  readonly name: string;
}

/** A conversation as the inbox lists it. */
export interface Listed {
  /** What it is opened by. */
  readonly number: number;
  readonly conversationId: string;
  readonly who: string;
  readonly unread: number;
  readonly lastAt: string;
  readonly latest?: string;
}

/** One's own message and how far it has come. */
export interface Sent {
  readonly ref: string;
  readonly conversationId: string;
  readonly text: string;
  readonly status: MessageStatus;
  /** Where it is stored. */
  readonly seq?: number;
  readonly at?: string;
  /** Why it is not. */
  readonly code?: string;
  readonly message?: string;
}

/** What the person at the terminal can be asked for. */
export type Wanted = 'user name' | 'password' | 'new password' | 'new password again' | 'code';

/** Everything that can happen in a terminal chat; with `--json` one line each, as it stands here. */
export type Told =
  | { readonly event: 'asked'; readonly for: Wanted; readonly why?: string }
  | { readonly event: 'code-used'; readonly seconds: number }
  | { readonly event: 'countdown'; readonly seconds: number }
  | { readonly event: 'enrolment'; readonly secret: string; readonly uri: string }
  | ({ readonly event: 'signed-in' } & Named)
  | ({ readonly event: 'state' } & StateChange)
  | { readonly event: 'inbox'; readonly conversations: readonly Listed[]; readonly more: boolean }
  | {
      readonly event: 'opened';
      readonly conversationId: string;
      readonly who: string;
      /** Whether there are messages before those that are shown now. */
      readonly hasOlder: boolean;
    }
  | ({ readonly event: 'message'; readonly name: string; readonly older?: true } & Entry & About)
  | ({ readonly event: 'older'; readonly shown: number; readonly hasOlder: boolean } & In)
  | ({ readonly event: 'status' } & Sent)
  | ({ readonly event: 'gap'; readonly from: number; readonly to: number } & In)
  | ({ readonly event: 'elsewhere'; readonly name: string } & In)
  | ({ readonly event: 'members'; readonly members: readonly (Named & { readonly role: string })[] } & In)
  | ({ readonly event: 'removed' } & In)
  | ({ readonly event: 'restored' } & In)
  | { readonly event: 'refused'; readonly code: string; readonly message: string }
  | { readonly event: 'note'; readonly text: string }
  | { readonly event: 'help'; readonly lines: readonly string[] }
  | { readonly event: 'ended'; readonly unacknowledged: number };

interface In {
  readonly conversationId: string;
}

interface About {
  /** Whom a change of membership is about. */
  readonly about?: string;
  /** Whether it is one's own. */
  readonly own: boolean;
}
