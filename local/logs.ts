import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';

export interface LogEntry {
  /** Milliseconds since the epoch, on the run's clock. */
  readonly timestamp: number;
  readonly stream: string;
  readonly message: string;
  /** The invocation that wrote it; CloudWatch keeps this only inside the message. */
  readonly requestId?: string;
}

export interface WriteOptions {
  readonly requestId?: string;
  /** Makes the group where it does not exist: what `logs:CreateLogGroup` allows. @default false */
  readonly createOnWrite?: boolean;
}

/** Lines that reached no group, and why. */
export interface DroppedLines {
  readonly group: string;
  readonly reason: string;
  readonly count: number;
}

/** Log group names hold letters, digits and `_-/.#` (CreateLogGroup), so a plus sign stands for nothing else. */
const SLASH = '+';
const EXTENSION = '.jsonl';

/**
 * CloudWatch Logs as files: one append-only file of JSON lines for each log group, kept over restarts.
 * As on AWS, a line for a group that does not exist is lost unless its writer may create the group.
 */
export class Logs {
  private readonly directory: string;
  private readonly clock: Clock;
  private readonly open = new Map<string, GroupFile>();
  private readonly listeners = new Set<(group: string, entry: LogEntry) => void>();
  private readonly dropCounts = new Map<string, Map<string, number>>();
  private closed = false;

  constructor({ directory, clock }: { readonly directory: string; readonly clock: Clock }) {
    this.directory = directory;
    this.clock = clock;
    mkdirSync(directory, { recursive: true });
    for (const group of this.groupsOnDisk()) this.open.set(group, new GroupFile(this.pathOf(group)));
  }

  /** Makes the group, as `AWS::Logs::LogGroup` does; a group that exists is left as it is. */
  declare(group: string): void {
    if (!this.open.has(group)) this.open.set(group, new GroupFile(this.pathOf(group)));
  }

  has(group: string): boolean {
    return this.open.has(group);
  }

  write(group: string, stream: string, line: string, options: WriteOptions = {}): void {
    if (this.closed) {
      this.drop(group, 'the run is over');
      return;
    }
    if (options.createOnWrite) this.declare(group);
    const file = this.open.get(group);
    if (!file) {
      this.drop(group, 'the log group does not exist');
      return;
    }
    const entry: LogEntry = {
      timestamp: this.clock.now(),
      stream,
      message: line,
      ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
    };
    file.append(JSON.stringify(entry));
    for (const listener of this.listeners) listener(group, entry);
  }

  /** Hears of each line that reached a group; call what it returns to hear no more. */
  on(listener: (group: string, entry: LogEntry) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Counts a line that its writer was not allowed to write. */
  drop(group: string, reason: string): void {
    const reasons = this.dropCounts.get(group) ?? new Map<string, number>();
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    this.dropCounts.set(group, reasons);
  }

  dropped(): DroppedLines[] {
    return [...this.dropCounts].flatMap(([group, reasons]) =>
      [...reasons].map(([reason, count]) => ({ group, reason, count })),
    );
  }

  /** Every entry of the group, oldest first; of a group that does not exist, none. */
  read(group: string): LogEntry[] {
    this.open.get(group)?.flush();
    if (!this.open.has(group)) return [];
    return readFileSync(this.pathOf(group), 'utf8').split('\n').flatMap(entryOf);
  }

  groups(): string[] {
    return [...this.open.keys()].sort();
  }

  /** Writes out what is still held and closes the files; later lines are dropped. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const file of this.open.values()) file.close();
  }

  private pathOf(group: string): string {
    return join(this.directory, group.replaceAll('/', SLASH) + EXTENSION);
  }

  private groupsOnDisk(): string[] {
    return readdirSync(this.directory)
      .filter((name) => name.endsWith(EXTENSION))
      .map((name) => name.slice(0, -EXTENSION.length).replaceAll(SLASH, '/'));
  }
}

/** An append-only file that takes one write for all lines of a turn of the event loop. */
class GroupFile {
  private readonly descriptor: number;
  private pending: string[] = [];
  private flushing: NodeJS.Immediate | undefined;

  constructor(path: string) {
    this.descriptor = openSync(path, 'a+');
    if (endsMidLine(this.descriptor)) writeSync(this.descriptor, '\n');
  }

  append(line: string): void {
    this.pending.push(line, '\n');
    this.flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.flushing);
    this.flushing = undefined;
    if (this.pending.length === 0) return;
    const text = this.pending.join('');
    this.pending = [];
    writeSync(this.descriptor, text);
  }

  close(): void {
    this.flush();
    closeSync(this.descriptor);
  }
}

/** True where a run was killed in the middle of a write. */
function endsMidLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last.toString() !== '\n';
}

function entryOf(line: string): LogEntry[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as LogEntry];
  } catch {
    return []; // the half line of a run that was killed
  }
}
