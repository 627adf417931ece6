import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Account } from '../account.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { Logs } from '../logs.ts';
import type { ErrorDocument, FunctionDefinition } from './definition.ts';
import { EnvironmentLog, type LogRights } from './environment-log.ts';
import { type Credentials, environmentVariables } from './environment-variables.ts';
import type { Report } from './log-lines.ts';
import { stopwatch } from './stopwatch.ts';

/** One event on its way into an environment. */
export interface Delivery {
  readonly requestId: string;
  /** JSON text: nothing but JSON crosses. */
  readonly event: string;
  readonly invokedFunctionArn: string;
  readonly traceId: string;
}

/** What the event came to: the handler's answer as JSON text, or the error document. */
export type Ending = { readonly report: Report; readonly coldStart: boolean } & (
  | { readonly body: string; readonly error?: undefined }
  | { readonly error: ErrorDocument; readonly body?: undefined }
);

/** What an environment needs of the run around it. */
export interface Surroundings extends LogRights {
  readonly account: Account;
  readonly clock: Clock;
  readonly logs: Logs;
  readonly awsEndpointUrl: () => string;
  readonly issueCredentials: () => Credentials;
  readonly revokeCredentials: (accessKeyId: string) => void;
}

/** The worker's part of an ending; `death` says what ended the worker, where something did. */
type Reply = { readonly memoryMb: number } & (
  | { readonly body: string; readonly error?: undefined; readonly death?: undefined }
  | { readonly error: ErrorDocument; readonly death?: string }
);

type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'log'; readonly line: string; readonly requestId?: string }
  | { readonly type: 'done'; readonly body: string; readonly memoryMb: number }
  | { readonly type: 'failed'; readonly error: ErrorDocument; readonly memoryMb: number }
  | { readonly type: 'fatal'; readonly error: ErrorDocument; readonly memoryMb: number };

/** Lambda gives an initialisation 10 s, and lets it begin again within the first event's timeout. */
const INIT_LIMIT_MS = 10_000;
/** Lambda's own bootstrap leaves a tenth of the memory to what is not V8's old space. */
const HEAP_SHARE = 0.9;
/** Node.js allows a full heap 16 MB more in which to stop its worker; a larger young generation fills them and aborts the process. */
const YOUNG_GENERATION_MB = 16;

/** One execution environment: a worker that has its bundle, its variables and its credentials to itself. */
export class ExecutionEnvironment {
  readonly id = randomBytes(16).toString('hex');
  /** Resolves when the worker is gone, however it went. */
  readonly gone: Promise<void>;
  state: 'starting' | 'idle' | 'busy' = 'starting';
  invocations = 0;

  private readonly definition: FunctionDefinition;
  private readonly around: Surroundings;
  private readonly log: EnvironmentLog;
  private readonly worker: Worker;
  private readonly doorbell = new Int32Array(new SharedArrayBuffer(4));
  private readonly initialised: Promise<'ready'>;
  private readonly sinceStart: () => number;
  private initDurationMs: number | undefined;
  private requestId = '';
  private settle: (reply: Reply) => void = () => {};
  private exited = false;
  private killedFor: 'crash' | 'timeout' | undefined;
  private lastWords: Extract<FromWorker, { type: 'fatal' }> | undefined;
  private ranOutOfMemory = false;

  constructor(definition: FunctionDefinition, around: Surroundings) {
    this.definition = definition;
    this.around = around;
    this.log = new EnvironmentLog(definition, this.id, around);
    this.log.initStart();
    this.sinceStart = stopwatch(around.clock);
    const credentials = around.issueCredentials();
    this.worker = this.startWorker(credentials);
    this.initialised = new Promise((resolve) => {
      this.worker.on('message', (message: FromWorker) => {
        if (message.type !== 'ready') return this.hear(message);
        this.initDurationMs = this.sinceStart();
        resolve('ready');
      });
    });
    this.worker.on('error', (error) => {
      this.ranOutOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (!this.ranOutOfMemory) this.log.write([String(error)]);
    });
    this.gone = new Promise((resolve) => {
      this.worker.on('exit', (status) => {
        this.exited = true;
        around.revokeCredentials(credentials.accessKeyId);
        this.settle(this.death(status));
        resolve();
      });
    });
  }

  get isAlive(): boolean {
    return !this.exited && this.killedFor === undefined;
  }

  /** Runs one event to its end and never throws. Takes the next only when this has resolved. */
  async run(delivery: Delivery): Promise<Ending> {
    const { clock } = this.around;
    const { requestId } = delivery;
    const timeoutMs = this.definition.timeoutSeconds * 1000;
    const coldStart = this.invocations === 0;
    this.invocations += 1;
    this.requestId = requestId;
    if (!coldStart) this.state = 'busy';
    const replied = new Promise<Reply>((resolve) => {
      this.settle = resolve;
    });
    if (this.exited) this.settle(this.death(1));

    let stopWaiting = coldStart ? this.timeOutAfter(INIT_LIMIT_MS + timeoutMs) : () => {};
    const first = await Promise.race([this.initialised, replied]);
    stopWaiting();
    this.state = 'busy';
    const elapsed = stopwatch(clock);
    if (first !== 'ready') this.log.initFailed(this.report(first, this.sinceStart(), false));
    this.log.start(requestId);
    if (first === 'ready') {
      stopWaiting = this.timeOutAfter(timeoutMs);
      this.worker.postMessage({ ...delivery, deadline: clock.now() + timeoutMs });
      Atomics.add(this.doorbell, 0, 1);
      Atomics.notify(this.doorbell, 0);
    }
    const reply = await replied;
    stopWaiting();
    this.settle = () => {};
    if (this.isAlive) this.state = 'idle';
    const report = this.report(reply, elapsed(), coldStart);
    this.log.end(requestId, report, reply.death);
    return reply.error ? { report, coldStart, error: reply.error } : { report, coldStart, body: reply.body };
  }

  /** Ends the worker from outside. An event that it was serving ends in Runtime.ExitError, or as timed out. */
  async kill(reason: 'crash' | 'timeout'): Promise<void> {
    this.killedFor ??= reason;
    await this.worker.terminate();
    await this.gone;
  }

  private startWorker(credentials: Credentials): Worker {
    const { definition, around } = this;
    const frontDoor = around.awsEndpointUrl();
    return new Worker(new URL('./worker/bootstrap.mjs', import.meta.url), {
      name: definition.name,
      env: environmentVariables(definition, around.account, credentials, this.log.stream, frontDoor),
      execArgv: [], // the loaders of this process are not the function's
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.floor(definition.memoryMb * HEAP_SHARE),
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
      workerData: {
        clockOffset: around.clock.offset,
        doorbell: this.doorbell.buffer,
        codeDirectory: definition.codeDirectory,
        handler: definition.handler,
        frontDoor,
        urlSuffix: around.account.urlSuffix,
      },
    });
  }

  private timeOutAfter(milliseconds: number): CancelTimer {
    return this.around.clock.after(milliseconds, () => void this.kill('timeout'));
  }

  private hear(message: Exclude<FromWorker, { type: 'ready' }>): void {
    if (message.type === 'log') this.log.write([message.line], message.requestId);
    else if (message.type === 'fatal') this.lastWords = message;
    else if (this.killedFor === undefined) this.settle(message);
  }

  private death(status: number): Reply {
    const death = this.causeOfDeath(status);
    const memoryMb = this.ranOutOfMemory ? this.definition.memoryMb : (this.lastWords?.memoryMb ?? 0);
    if (this.killedFor === undefined && this.lastWords)
      return { error: this.lastWords.error, memoryMb, death };
    const errorType =
      this.killedFor === 'timeout'
        ? 'Sandbox.Timedout'
        : this.ranOutOfMemory
          ? 'Runtime.OutOfMemory'
          : 'Runtime.ExitError';
    return {
      error: { errorType, errorMessage: `RequestId: ${this.requestId} Error: ${death}` },
      memoryMb,
      death,
    };
  }

  private causeOfDeath(status: number): string {
    if (this.killedFor === 'timeout') {
      return `Task timed out after ${this.definition.timeoutSeconds.toFixed(2)} seconds`;
    }
    if (this.killedFor === 'crash' || this.ranOutOfMemory) return 'Runtime exited with error: signal: killed';
    return status === 0
      ? 'Runtime exited without providing a reason'
      : `Runtime exited with error: exit status ${status}`;
  }

  private report(reply: Reply, elapsedMs: number, coldStart: boolean): Report {
    const died = reply.death !== undefined;
    const timedOut = died && this.killedFor === 'timeout';
    return {
      durationMs: timedOut ? this.definition.timeoutSeconds * 1000 : elapsedMs,
      maxMemoryUsedMb: reply.memoryMb,
      status: timedOut ? 'timeout' : reply.error ? 'error' : 'success',
      died,
      ...(coldStart && this.initDurationMs !== undefined ? { initDurationMs: this.initDurationMs } : {}),
      ...(reply.error && !timedOut ? { errorType: reply.error.errorType } : {}),
    };
  }
}
