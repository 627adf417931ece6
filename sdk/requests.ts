import type { PURPOSE_HEADER, Purpose } from '../protocol/purposes.ts';
import { ChatError } from './errors.ts';
import { waitBefore } from './reconnect.ts';
import { ended, type Tokens } from './token.ts';
import { pause, type World } from './world.ts';

const purposeHeader: typeof PURPOSE_HEADER = 'wardline-purpose';
const TRIES = 5;
/** API Gateway answers within 29 s or not at all. */
const ANSWER_WITHIN_MS = 30_000;

interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without a slash at its beginning. */
  readonly path: string;
  readonly body?: { readonly ref?: string; readonly [field: string]: unknown };
  /** So often it is sent at most. @default 5 */
  readonly tries?: number;
}

/** HTTP requests under the person's token. */
export class Requests {
  readonly #world: World;
  readonly #url: string;
  readonly #tokens: Tokens;
  readonly #purpose: Purpose | undefined;

  constructor(world: World, url: string, tokens: Tokens, purpose?: Purpose) {
    this.#world = world;
    this.#url = url.replace(/\/*$/, '/');
    this.#tokens = tokens;
    this.#purpose = purpose;
  }

  /**
   * The answer. Repeated unchanged where none came, a few times: every request of the protocol is done once however often it is
   * sent. Rejects where it is refused, or with `unreachable` and the `ref` to repeat it with.
   */
  async ask<Answer>(request: Request): Promise<Answer> {
    let isRefused = false;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#try(request, isRefused);
      if (answer && answer.status < 300) return answer.body as Answer;
      const refused = errorIn(answer?.body);
      if (answer?.status === 401 && !refused && !isRefused) {
        isRefused = true; // API Gateway's own: the token has expired
        continue;
      }
      if (refused && !refused.retryable) throw refused;
      const mayHelp = !answer || answer.status >= 500 || answer.status === 429 || refused?.retryable;
      if (!mayHelp || attempt >= (request.tries ?? TRIES))
        throw refused ?? this.#unreachable(request, answer?.status);
      await pause(this.#world, waitBefore(attempt, this.#world.random)).over;
    }
  }

  /** What a request is refused with at this moment; nothing where it is not, or where nobody answers. */
  async refusal(): Promise<string | undefined> {
    const answer = await this.#try({ method: 'GET', path: 'me' }, false).catch(() => undefined);
    return answer && errorIn(answer.body)?.code;
  }

  async #try(
    { method, path, body }: Request,
    fresh: boolean,
  ): Promise<{ status: number; body: unknown } | undefined> {
    const taken = await this.#tokens.take(fresh);
    if ('failure' in taken) throw ended(taken.failure);
    const headers: Record<string, string> = { authorization: `Bearer ${taken.token}` };
    if (body) headers['content-type'] = 'application/json';
    if (this.#purpose) headers[purposeHeader] = this.#purpose;
    const late = new AbortController();
    const cancel = this.#world.after(ANSWER_WITHIN_MS, () => late.abort());
    try {
      const init = { method, headers, signal: late.signal, ...(body && { body: JSON.stringify(body) }) };
      const answer = await this.#world.fetch(this.#url + path, init);
      return { status: answer.status, body: await answer.json().catch(() => undefined) };
    } catch {
      return undefined;
    } finally {
      cancel();
    }
  }

  #unreachable({ body }: Request, status: number | undefined): ChatError {
    const message =
      status === undefined
        ? 'the deployment could not be reached'
        : `the deployment answered with the status ${status}`;
    const mayBeStored = status === undefined || status >= 500;
    return new ChatError('unreachable', message, {
      retryable: true,
      mayBeStored,
      ...(body?.ref !== undefined && { ref: body.ref }),
    });
  }
}

/** The query of a path, from the values that are given; with its question mark. */
export function queryOf(values: object): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.length > 0
    ? `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, `${value}`]))}`
    : '';
}

function errorIn(body: unknown): ChatError | undefined {
  const { code, message, retryable } = (body ?? {}) as Partial<ChatError>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return new ChatError(code, message, { retryable: retryable === true });
}
