import type { StageDefinition } from './definition.ts';

/** Where lines of logs go: a log group, a stream in it, one line. */
export interface LogSink {
  write(group: string, stream: string, line: string): void;
}

/** `$context` variables by their dotted name, without the `$context.`. */
export type ContextVariables = Readonly<Record<string, string | number | undefined>>;

/**
 * Writes a stage's access-log line, if the stage asks for one. A variable without a value is written as `-`
 * (developer guide, "Customize HTTP API access logs" and "Set up WebSocket API logging").
 */
export function writeAccessLog(
  logs: LogSink,
  apiId: string,
  stage: StageDefinition,
  context: ContextVariables,
): void {
  if (!stage.accessLog) return;
  logs.write(stage.accessLog.group, `${apiId}/${stage.name}`, fillContext(stage.accessLog.format, context));
}

/** Puts values into a text with `$context.<variable>` in it. */
export function fillContext(text: string, context: ContextVariables): string {
  return text.replaceAll(VARIABLE, (_, name: string) => {
    const value = Object.hasOwn(context, name) ? context[name] : undefined;
    return value === undefined || value === '' ? '-' : String(value);
  });
}

// a claim's name may hold a colon (`cognito:groups`); elsewhere a colon ends the variable
const VARIABLE = /\$context\.(authorizer\.claims\.[\w:-]+|\w+(?:\.\w+)*)/g;
