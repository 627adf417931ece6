import type { FunctionDefinition } from './definition.ts';

/** What one invocation or initialisation came to. */
export interface Report {
  readonly durationMs: number;
  readonly maxMemoryUsedMb: number;
  /** Set on the first invocation of an environment. */
  readonly initDurationMs?: number;
  readonly status: 'success' | 'error' | 'timeout';
  readonly errorType?: string;
  /** True where the environment did not outlive it. */
  readonly died: boolean;
}

/**
 * The lines that Lambda itself writes around an invocation, in the function's log format. An empty list where the
 * system log level hides them (Lambda developer guide, "Working with Lambda function logs" and "Telemetry API schema").
 */
export interface SystemLines {
  initStart(): string[];
  initFailed(report: Report): string[];
  start(requestId: string): string[];
  end(requestId: string, report: Report): string[];
  died(requestId: string, now: Date, message: string, report: Report): string[];
}

export function systemLines(definition: FunctionDefinition, now: () => Date): SystemLines {
  return definition.logFormat === 'JSON' ? jsonLines(definition, now) : textLines(definition);
}

/** Since August 2025 the initialisation is billed too. */
export function billedMs(report: Report): number {
  return Math.ceil(report.durationMs + (report.initDurationMs ?? 0));
}

function textLines(definition: FunctionDefinition): SystemLines {
  return {
    initStart: () => [`INIT_START Runtime Version: ${runtimeVersion(definition)}`],
    initFailed: (report) => [
      `INIT_REPORT Init Duration: ${ms(report.durationMs)}\tPhase: init\t${failure(report)}`,
    ],
    start: (requestId) => [`START RequestId: ${requestId} Version: $LATEST`],
    end: (requestId, report) => [`END RequestId: ${requestId}`, reportLine(requestId, report)],
    died: (requestId, now, message, report) => [
      report.status === 'timeout'
        ? `${now.toISOString()} ${requestId} ${message}`
        : `RequestId: ${requestId} Error: ${message}\nRuntime.ExitError`,
    ],
  };

  function reportLine(requestId: string, report: Report): string {
    const fields = [
      `REPORT RequestId: ${requestId}`,
      `Duration: ${ms(report.durationMs)}`,
      `Billed Duration: ${billedMs(report)} ms`,
      `Memory Size: ${definition.memoryMb} MB`,
      `Max Memory Used: ${report.maxMemoryUsedMb} MB`,
    ];
    if (report.initDurationMs !== undefined) fields.push(`Init Duration: ${ms(report.initDurationMs)}`);
    if (report.died) fields.push(failure(report));
    return `${fields.join('\t')}\t`;
  }
}

function failure({ status, errorType }: Report): string {
  return status === 'timeout' ? 'Status: timeout' : `Status: error\tError Type: ${errorType}`;
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

function jsonLines(definition: FunctionDefinition, now: () => Date): SystemLines {
  const tellsAll = definition.systemLogLevel !== 'WARN';
  const line = (type: string, record: unknown): string[] => [
    JSON.stringify({ time: now().toISOString(), type, record }),
  ];
  return {
    initStart: () =>
      tellsAll
        ? line('platform.initStart', {
            initializationType: 'on-demand',
            phase: 'init',
            runtimeVersion: runtimeVersion(definition),
            functionName: definition.name,
            functionVersion: '$LATEST',
          })
        : [],
    initFailed: (report) =>
      line('platform.initReport', {
        initializationType: 'on-demand',
        phase: 'init',
        ...outcome(report),
        metrics: { durationMs: rounded(report.durationMs) },
      }),
    start: (requestId) => (tellsAll ? line('platform.start', { requestId, version: '$LATEST' }) : []),
    end: (requestId, report) =>
      tellsAll || report.status !== 'success'
        ? line('platform.report', {
            requestId,
            metrics: {
              durationMs: rounded(report.durationMs),
              billedDurationMs: billedMs(report),
              memorySizeMB: definition.memoryMb,
              maxMemoryUsedMB: report.maxMemoryUsedMb,
              ...(report.initDurationMs === undefined
                ? {}
                : { initDurationMs: rounded(report.initDurationMs) }),
            },
            ...outcome(report),
          })
        : [],
    died: () => [], // the report says it
  };
}

function outcome({ status, errorType }: Report): Record<string, string> {
  return errorType === undefined ? { status } : { status, errorType };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function runtimeVersion({ runtime }: FunctionDefinition): string {
  return `${runtime.replace(/^nodejs(\d+)\.x$/, 'nodejs:$1')} (this machine: ${process.version})`;
}
