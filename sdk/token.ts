import { ChatError } from './errors.ts';
import { type Ending, transitions } from './states.ts';

/**
 * Gives an access token that is good for two minutes more; with `fresh` one newer than the last, which the server refused
 * or which is about to expire. Nothing where nobody is signed in any more. Where it fails it is asked again later.
 */
export type GetToken = (need: { readonly fresh: boolean }) => Promise<string | undefined>;

/** What a chat without a token is told. */
export type NoToken = 'no-token' | 'nobody-signed-in' | 'other-person';

/** Tokens of one person: what waits in a chat must never leave under somebody else's name. */
export class Tokens {
  readonly #getToken: GetToken;
  #person: string | undefined;

  constructor(getToken: GetToken) {
    this.#getToken = getToken;
  }

  /** Whose they are (the claim `person`); unknown before the first. */
  get person(): string | undefined {
    return this.#person;
  }

  async take(fresh: boolean): Promise<{ readonly token: string } | { readonly failure: NoToken }> {
    let token: string | undefined;
    try {
      token = await this.#getToken({ fresh });
    } catch {
      return { failure: 'no-token' }; // what it threw is the app's, and may hold anything
    }
    if (token === undefined) return { failure: 'nobody-signed-in' };
    const person = personOf(token);
    if (person === undefined) return { failure: 'no-token' };
    this.#person ??= person;
    return person === this.#person ? { token } : { failure: 'other-person' };
  }
}

/** The error for whoever needed a token, or a connection, that there will not be. */
export function ended(code: NoToken | Ending | 'closed-by-app'): ChatError {
  const { reason } = transitions[code];
  if (code === 'closed-by-app') return new ChatError('closed', reason);
  return new ChatError(code, reason, { retryable: code === 'no-token' });
}

/** Read, not verified: that is the server's. */
function personOf(token: string): string | undefined {
  try {
    const [, payload = ''] = token.split('.');
    const { person } = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')));
    return typeof person === 'string' ? person : undefined;
  } catch {
    return undefined;
  }
}
