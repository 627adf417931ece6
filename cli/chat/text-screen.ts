import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { InputEnded, type Screen } from './screen.ts';
import type { Sent, Told, Wanted } from './told.ts';
import { fitting } from './visible.ts';
import { onItsWay, worded } from './wording.ts';

/** The most messages on their way that are shown; the rest are counted. */
const MOST_SHOWN = 5;

const PROMPT = '> ';

/**
 * Plain lines. On a terminal what is settled scrolls up, and below it, above the prompt, stands what still changes: one's
 * own messages on their way, and a countdown. Nothing is kept of what was typed.
 */
export class TextScreen implements Screen {
  private readonly isTerminal: boolean;
  private readonly output: NodeJS.WriteStream;
  private readonly muted: Muted;
  private readonly reader: Interface;
  private readonly lines: AsyncIterator<string>;
  private readonly pending = new Map<string, Sent>();
  /** Own messages that were shown as stored before their place in the conversation came. */
  private readonly shownEarly = new Set<string>();
  private countdown = 0;
  private rowsBelow = 0;
  private typedRows = 0;
  private isAsking = false;
  private isClosed = false;

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream) {
    this.output = output;
    this.isTerminal = Boolean(input.isTTY && output.isTTY);
    this.muted = new Muted(output);
    if (this.isTerminal) {
      input.prependListener('keypress', (_text, key?: { name?: string }) => {
        if (key?.name === 'return' || key?.name === 'enter') this.measureTyped();
      });
    }
    this.reader = createInterface({
      input,
      output: this.muted,
      terminal: this.isTerminal,
      historySize: 0,
      prompt: PROMPT,
    });
    if (this.isTerminal) this.reader.on('line', () => this.entered());
    this.reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  tell(told: Told): void {
    const lines = this.note(told) ? worded(told, this.setting()) : [];
    if (this.isTerminal && !this.isClosed) this.repaint(lines);
    else for (const line of lines) this.output.write(`${line}\n`);
  }

  async ask(wanted: Wanted, why?: string): Promise<string> {
    if (why !== undefined) this.tell({ event: 'note', text: why });
    this.isAsking = true;
    this.reader.setPrompt(`${wanted}: `);
    if (this.isTerminal) this.reader.prompt();
    this.muted.isMuted = wanted.includes('password') && this.isTerminal;
    const { value, done } = await this.lines.next();
    if (this.muted.isMuted) this.output.write('\n');
    this.muted.isMuted = false;
    this.reader.setPrompt(PROMPT);
    this.isAsking = false;
    if (done) throw new InputEnded(wanted);
    return value;
  }

  async next(): Promise<string | undefined> {
    if (this.isTerminal) this.reader.prompt();
    const { value, done } = await this.lines.next();
    return done ? undefined : value;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.isTerminal) {
      this.eraseBelow();
      this.rowsBelow = 0;
    }
    this.reader.close();
  }

  /** Keeps what still changes; whether the event has lines of its own. */
  private note(told: Told): boolean {
    if (told.event === 'countdown') this.countdown = told.seconds;
    if (told.event === 'message' && told.ref !== undefined) {
      this.pending.delete(told.ref);
      return !this.shownEarly.delete(told.ref);
    }
    if (told.event !== 'status') return true;
    if (told.status === 'queued' || told.status === 'sending') {
      this.pending.set(told.ref, told);
      return false;
    }
    const wasPending = this.pending.delete(told.ref);
    if (wasPending && told.status === 'accepted') this.shownEarly.add(told.ref);
    return wasPending;
  }

  private setting() {
    const dim = (text: string) => (this.isTerminal && !process.env.NO_COLOR ? styleText('dim', text) : text);
    const width = this.isTerminal ? Math.max(20, this.output.columns) : Number.POSITIVE_INFINITY;
    return { width, now: Date.now(), dim };
  }

  /** Writes lines above what still changes and the prompt, with what is being typed. */
  private repaint(lines: readonly string[]): void {
    if (this.muted.isMuted) return;
    this.countRows();
    this.eraseBelow();
    for (const line of lines) this.output.write(`${line}\n`);
    const below = this.below();
    for (const line of below) this.output.write(`${line}\n`);
    this.rowsBelow = below.length;
    this.output.write('\n'.repeat(this.reader.getCursorPos().rows)); // readline begins by going up so many
    this.reader.prompt(true);
  }

  private eraseBelow(): void {
    moveCursor(this.output, 0, -(this.rowsBelow + this.reader.getCursorPos().rows));
    cursorTo(this.output, 0);
    clearScreenDown(this.output);
  }

  private below(): readonly string[] {
    const { width, dim } = this.setting();
    const waiting = [...this.pending.values()];
    const rows = waiting.slice(0, MOST_SHOWN).map(onItsWay);
    if (waiting.length > MOST_SHOWN) rows.push(`and ${waiting.length - MOST_SHOWN} more`);
    if (this.countdown > 0) rows.push(`the next code comes in ${this.countdown} s`);
    return rows.map((row) => dim(fitting(row, width - 1)));
  }

  /** How many rows the line takes that is about to be entered, so that its message can take its place. */
  private measureTyped(): void {
    this.countRows();
    this.reader.write(null, { ctrl: true, name: 'e' });
    this.typedRows = this.reader.getCursorPos().rows + 1;
  }

  /** What was written becomes a message or an answer, and is shown as that. */
  private entered(): void {
    if (this.isAsking) return;
    moveCursor(this.output, 0, -this.typedRows);
    cursorTo(this.output, 0);
    clearScreenDown(this.output);
    this.reader.prompt();
  }

  /** Readline loses count of the rows that pasted text takes, and counts anew when it paints. */
  private countRows(): void {
    const { isMuted } = this.muted;
    this.muted.isMuted = true;
    this.reader.prompt(true);
    this.muted.isMuted = isMuted;
  }
}

/** The terminal, or nothing while a password is typed. */
class Muted extends Writable {
  isMuted = false;
  readonly isTTY = true;
  private readonly output: NodeJS.WriteStream;

  constructor(output: NodeJS.WriteStream) {
    super();
    this.output = output;
    output.on('resize', () => this.emit('resize'));
  }

  get columns(): number {
    return this.output.columns;
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    if (!this.isMuted) this.output.write(chunk);
    done();
  }
}
