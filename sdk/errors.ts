import type { FrameOf } from './frames.ts';

interface Facts {
  readonly retryable?: boolean;
  readonly ref?: string;
  readonly mayBeStored?: boolean;
  readonly cause?: unknown;
}

/** What was refused, or could not be done. `code` is one of PROTOCOL.md's refusals, or one of the README's. */
export class ChatError extends Error {
  readonly code: string;
  /** Whether doing the same again may succeed. */
  readonly retryable: boolean;
  /** The `ref` to repeat it with, so that it is done once. */
  readonly ref: string | undefined;
  /** It may have been done all the same: an earlier attempt was never answered. */
  readonly mayBeStored: boolean;

  constructor(
    code: string,
    message: string,
    { retryable = false, ref, mayBeStored = false, cause }: Facts = {},
  ) {
    super(message, { cause });
    this.name = 'ChatError';
    this.code = code;
    this.retryable = retryable;
    this.ref = ref;
    this.mayBeStored = mayBeStored;
  }
}

/** The refusal that the server sent. */
export function refusal(frame: FrameOf<'refused'>, mayBeStored = false): ChatError {
  const { code, message, retryable, ref } = frame;
  return new ChatError(code, message, { retryable, mayBeStored, ...(ref !== undefined && { ref }) });
}
