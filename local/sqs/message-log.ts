import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Message } from './message.ts';

const Line = z.union([
  z.object({ queue: z.string(), message: Message }),
  z.object({ queue: z.string(), id: z.string(), change: Message.partial() }),
  z.object({ queue: z.string(), gone: z.string() }),
]);
type Line = z.infer<typeof Line>;

/**
 * The messages of every queue between runs: one line for each that came, changed or went, in one file that only its
 * owner may read (mode 0600), written before a call is answered. Bodies lie there as they were sent.
 */
export class MessageLog {
  private readonly file: string;
  private readonly kept: Map<string, Map<string, Message>>;
  private descriptor: number | undefined;
  private lines = 0;

  constructor(file: string) {
    this.file = file;
    this.kept = read(file);
    this.compact();
  }

  /** What was left of a queue, by message id. */
  of(queue: string): Map<string, Message> {
    const known = this.kept.get(queue) ?? new Map<string, Message>();
    this.kept.set(queue, known);
    return known;
  }

  put(queue: string, message: Message): void {
    this.of(queue).set(message.id, message);
    this.append({ queue, message });
  }

  change(queue: string, message: Message, change: Partial<Message>): Message {
    const changed = { ...message, ...change };
    this.of(queue).set(message.id, changed);
    this.append({ queue, id: message.id, change });
    return changed;
  }

  remove(queue: string, id: string): void {
    if (this.of(queue).delete(id)) this.append({ queue, gone: id });
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private append(line: Line): void {
    if (this.descriptor === undefined) return; // closed: what happens now happens to nobody
    writeSync(this.descriptor, `${JSON.stringify(line)}\n`);
    this.lines += 1;
    const live = [...this.kept.values()].reduce((sum, messages) => sum + messages.size, 0);
    if (this.lines > 1000 + 4 * live) this.compact();
  }

  /** Writes anew what is still there. */
  private compact(): void {
    this.close();
    const lines = [...this.kept].flatMap(([queue, messages]) =>
      [...messages.values()].map((message) => `${JSON.stringify({ queue, message })}\n`),
    );
    mkdirSync(dirname(this.file), { recursive: true });
    const next = `${this.file}.${process.pid}`;
    writeFileSync(next, lines.join(''), { mode: 0o600 });
    renameSync(next, this.file);
    this.descriptor = openSync(this.file, 'a', 0o600);
    this.lines = lines.length;
  }
}

function read(file: string): Map<string, Map<string, Message>> {
  const kept = new Map<string, Map<string, Message>>();
  for (const line of linesOf(file)) {
    const messages = kept.get(line.queue) ?? new Map<string, Message>();
    kept.set(line.queue, messages);
    if ('message' in line) messages.set(line.message.id, line.message);
    else if ('gone' in line) messages.delete(line.gone);
    else {
      const message = messages.get(line.id);
      if (message) messages.set(line.id, { ...message, ...line.change });
    }
  }
  return kept;
}

function linesOf(file: string): Line[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const complete = content.slice(0, content.lastIndexOf('\n') + 1); // a crash may have cut the last line
  return complete
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const read = Line.safeParse(parsed(line));
      if (read.success) return read.data;
      throw new Error(`${file} does not hold queues; restore it, or start again without kept data`);
    });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
