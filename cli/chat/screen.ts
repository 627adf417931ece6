import type { Told, Wanted } from './told.ts';

/** Where a chat is shown and written. */
export interface Screen {
  tell(told: Told): void;
  /** @throws InputEnded */
  ask(wanted: Wanted, why?: string): Promise<string>;
  /** The next line that was written; undefined when there will be none. */
  next(): Promise<string | undefined>;
  close(): void;
}

/** There is nobody any more to answer. */
export class InputEnded extends Error {
  constructor(wanted: Wanted) {
    super(`the input ended before it gave the ${wanted}`);
    this.name = 'InputEnded';
  }
}
