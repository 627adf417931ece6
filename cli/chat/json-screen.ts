import { createInterface, type Interface } from 'node:readline';
import { InputEnded, type Screen } from './screen.ts';
import type { Told, Wanted } from './told.ts';
import { visibleJson } from './visible.ts';

/** One line of JSON for each event; no character of it can be obeyed by a terminal. */
export class JsonScreen implements Screen {
  private readonly input: Interface = createInterface({ input: process.stdin, terminal: false });
  private readonly lines = this.input[Symbol.asyncIterator]();

  tell(told: Told): void {
    if (told.event !== 'countdown') process.stdout.write(`${visibleJson(told)}\n`);
  }

  async ask(wanted: Wanted, why?: string): Promise<string> {
    this.tell({ event: 'asked', for: wanted, ...(why !== undefined && { why }) });
    const line = await this.next();
    if (line === undefined) throw new InputEnded(wanted);
    return line;
  }

  async next(): Promise<string | undefined> {
    const { value, done } = await this.lines.next();
    return done ? undefined : value;
  }

  close(): void {
    this.input.close();
  }
}
