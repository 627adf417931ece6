import type { Clock } from '../clock.ts';
import type { Logs } from '../logs.ts';
import type { FunctionDefinition } from './definition.ts';
import { type Report, type SystemLines, systemLines } from './log-lines.ts';

/** What decides whether a function's lines reach its log group: its role. */
export interface LogRights {
  readonly mayWriteLogs: () => boolean;
  readonly mayCreateLogGroup: () => boolean;
}

/** The log stream of one execution environment: Lambda's own lines and the function's. */
export class EnvironmentLog {
  readonly stream: string;
  private readonly definition: FunctionDefinition;
  private readonly logs: Logs;
  private readonly clock: Clock;
  private readonly rights: LogRights;
  private readonly lines: SystemLines;
  private mayWrite = false;
  private mayCreate = false;

  constructor(
    definition: FunctionDefinition,
    environmentId: string,
    around: LogRights & { readonly logs: Logs; readonly clock: Clock },
  ) {
    this.definition = definition;
    this.logs = around.logs;
    this.clock = around.clock;
    this.rights = around;
    this.lines = systemLines(definition, () => new Date(around.clock.now()));
    const day = new Date(around.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    this.stream = `${day}/[$LATEST]${environmentId}`;
  }

  initStart(): void {
    this.askRole();
    this.write(this.lines.initStart());
  }

  initFailed(report: Report): void {
    this.write(this.lines.initFailed(report));
  }

  start(requestId: string): void {
    this.askRole();
    this.write(this.lines.start(requestId), requestId);
  }

  /** `death` is what ended the environment, where something did. */
  end(requestId: string, report: Report, death?: string): void {
    if (death !== undefined) {
      this.write(this.lines.died(requestId, new Date(this.clock.now()), death, report), requestId);
    }
    this.write(this.lines.end(requestId, report), requestId);
  }

  write(lines: readonly string[], requestId?: string): void {
    const group = this.definition.logGroup;
    for (const line of lines) {
      if (this.mayWrite) {
        const options = { createOnWrite: this.mayCreate };
        this.logs.write(
          group,
          this.stream,
          line,
          requestId === undefined ? options : { ...options, requestId },
        );
      } else {
        this.logs.drop(group, `${this.definition.principal.identityArn} may not write to it`);
      }
    }
  }

  /** Once an event, not once a line: a policy does not change within one. */
  private askRole(): void {
    this.mayWrite = this.rights.mayWriteLogs();
    this.mayCreate = !this.logs.has(this.definition.logGroup) && this.rights.mayCreateLogGroup();
  }
}
