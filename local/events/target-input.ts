import { readJsonPath } from './json-path.ts';

/** What a rule's target says of its input; at most one of these is there. */
export interface InputProperties {
  readonly Input?: string | undefined;
  readonly InputPath?: string | undefined;
  readonly InputTransformer?:
    | {
        readonly InputPathsMap?: Readonly<Record<string, string>> | undefined;
        readonly InputTemplate: string;
      }
    | undefined;
}

/** The rule that an event passed, and when it came in. */
export interface Passed {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The text that the target gets for an event. */
export type InputOf = (event: Readonly<Record<string, unknown>>, passed: Passed) => string;

/** Throws, after `where`, for an input that EventBridge, or the local run, does not take. */
export function readInput(given: InputProperties, where: string): InputOf {
  const { Input: constant, InputPath: path, InputTransformer: transformer } = given;
  if ([constant, path, transformer].filter((one) => one !== undefined).length > 1) {
    throw new Error(`${where}: only one of Input, InputPath, or InputTransformer must be provided`);
  }
  if (constant !== undefined) {
    if (!isJson(constant)) throw new Error(`${where}: JSON syntax error in input: ${constant}`);
    return () => constant;
  }
  if (path !== undefined) {
    const find = pathOf(path, where);
    return (event) => JSON.stringify(find(event) ?? null);
  }
  if (transformer === undefined) return (event) => JSON.stringify(event);
  return transformerOf(transformer.InputPathsMap ?? {}, transformer.InputTemplate, where);
}

const VARIABLE = /<([\w.-]+)>/g;

/**
 * The template with its variables filled in (user guide, "Input transformation"): inside quotes a value stands as text,
 * elsewhere as JSON. A variable whose path leads nowhere is empty text.
 */
function transformerOf(paths: Readonly<Record<string, string>>, template: string, where: string): InputOf {
  const finds = new Map(Object.entries(paths).map(([name, path]) => [name, pathOf(path, where)]));
  const unknown = [...template.matchAll(VARIABLE)]
    .map(([, name = '']) => name)
    .find((name) => !finds.has(name) && !name.startsWith('aws.events.'));
  if (unknown !== undefined) {
    throw new Error(`${where}: Invalid InputTemplate: the variable <${unknown}> is not in InputPathsMap`);
  }
  return (event, passed) => {
    const values = predefined(event, passed);
    return template.replaceAll(VARIABLE, (_, name: string, at: number) => {
      const value = finds.get(name)?.(event) ?? values[name] ?? '';
      return isQuoted(template, at) ? asText(value) : JSON.stringify(value);
    });
  };
}

function predefined(event: Readonly<Record<string, unknown>>, passed: Passed): Record<string, unknown> {
  const { detail: _, ...withoutDetail } = event;
  return {
    'aws.events.rule-arn': passed.ruleArn,
    'aws.events.rule-name': passed.ruleName,
    'aws.events.event.ingestion-time': new Date(passed.at).toISOString().replace(/\.\d{3}/, ''),
    'aws.events.event': withoutDetail,
    'aws.events.event.json': event,
  };
}

/** Escaped, so that what it stands in stays JSON. */
function asText(value: unknown): string {
  return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).slice(1, -1);
}

function isQuoted(template: string, at: number): boolean {
  const quotes = template.slice(0, at).replaceAll(/\\./g, '').split('"').length - 1;
  return quotes % 2 === 1;
}

function pathOf(path: string, where: string): (document: unknown) => unknown {
  const find = readJsonPath(path);
  if (find) return find;
  throw new Error(`${where}: the JSON path ${path} is not one of those that EventBridge has`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
