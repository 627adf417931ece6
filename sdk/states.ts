/** Where a chat stands. `recovering` tries again by itself; `signed-out` waits for the app; `closed` is the end. */
export type ChatState = 'idle' | 'connecting' | 'live' | 'recovering' | 'signed-out' | 'closed';

interface Transition {
  readonly from: readonly ChatState[];
  readonly to: ChatState;
  readonly reason: string;
}

const OPEN = ['connecting', 'live', 'recovering'] as const;

/** Every way from one state to another. Codes are permanent; reasons are for developers. */
export const transitions = {
  'connect-called': {
    from: ['idle', 'signed-out'],
    to: 'connecting',
    reason: 'the app asked to connect',
  },
  opened: {
    from: ['connecting', 'recovering'],
    to: 'live',
    reason: 'the server registered the socket; what was missed is on its way',
  },
  unreachable: {
    from: ['connecting'],
    to: 'recovering',
    reason: 'no socket could be opened: there is no network, or the handshake was refused',
  },
  'no-token': {
    from: ['connecting'],
    to: 'recovering',
    reason: 'getToken failed, or gave something that is no access token',
  },
  'connection-lost': { from: ['live'], to: 'recovering', reason: 'the connection broke' },
  'going-away': {
    from: ['live'],
    to: 'recovering',
    reason: 'the server closed the connection, as it does after 10 silent minutes and after 2 hours',
  },
  'no-answer': {
    from: ['live'],
    to: 'recovering',
    reason: 'a frame was not answered within 10 s, so the connection is taken for lost',
  },
  'session-expired': {
    from: ['connecting', 'live'],
    to: 'recovering',
    reason: 'the access token expired before it was renewed; opening a socket with a newer one',
  },
  'token-refused': {
    from: ['live'],
    to: 'recovering',
    reason: 'the socket cannot be put under the newer token; opening a socket with it',
  },
  'session-ended': {
    from: OPEN,
    to: 'signed-out',
    reason: 'the organisation ended this sign-in; the person must sign in again',
  },
  'session-idle': {
    from: OPEN,
    to: 'signed-out',
    reason: 'nobody was at this device for too long; the person must sign in again',
  },
  'session-time-limit': {
    from: OPEN,
    to: 'signed-out',
    reason: 'the sign-in is too long ago; the person must sign in again',
  },
  'nobody-signed-in': {
    from: OPEN,
    to: 'signed-out',
    reason: 'getToken gave no token; the person must sign in again',
  },
  'other-person': {
    from: OPEN,
    to: 'signed-out',
    reason: 'getToken gave the token of somebody else; a chat is one person\u2019s, make another',
  },
  'closed-by-app': {
    from: ['idle', 'connecting', 'live', 'recovering', 'signed-out'],
    to: 'closed',
    reason: 'the app closed the chat',
  },
} as const satisfies Record<string, Transition>;

export type TransitionCode = keyof typeof transitions;

/** The transitions that end in `To`. */
export type CodeTo<To extends ChatState> = {
  [Code in TransitionCode]: (typeof transitions)[Code]['to'] extends To ? Code : never;
}[TransitionCode];

/** How the server says that a sign-in is over. */
export type Ending = Extract<CodeTo<'signed-out'>, `session-${string}`>;

export function isEnding(code: unknown): code is Ending {
  return code === 'session-ended' || code === 'session-idle' || code === 'session-time-limit';
}

/** The event `state`. */
export interface StateChange {
  readonly from: ChatState;
  readonly to: ChatState;
  readonly code: TransitionCode;
  readonly reason: string;
}
