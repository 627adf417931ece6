import { z } from 'zod';
import { readTimetable, type Timetable } from '../scheduler/expression.ts';
import type { Resource } from '../template/resource.ts';
import { isObject, type Matches, readPattern } from './event-pattern.ts';
import { ruleOperators } from './pattern-operators.ts';
import { requireReachable, type Target, targetOf, targetShape } from './target.ts';
import { type InputOf, readInput } from './target-input.ts';

/** A rule as the template describes it. */
export interface Rule {
  readonly arn: string;
  readonly name: string;
  readonly busName: string;
  readonly enabled: boolean;
  /** Absent where the rule only follows the clock. */
  readonly matches?: Matches;
  readonly expression?: string;
  readonly targets: readonly { readonly target: Target; readonly inputOf: InputOf }[];
}

const RuleTarget = z.strictObject({
  ...targetShape,
  Id: z.string(),
  RoleArn: z.string().optional(),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  InputTransformer: z
    .strictObject({
      InputPathsMap: z.record(z.string(), z.string()).optional(),
      InputTemplate: z.string(),
    })
    .optional(),
});

const Properties = z.strictObject({
  Name: z.string().optional(),
  Description: z.unknown().optional(),
  EventBusName: z.string().default('default'),
  EventPattern: z.unknown().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS']).default('ENABLED'),
  Targets: z.array(RuleTarget).max(5).default([]),
  RoleArn: z.string().optional(), // of a rule on another account's bus
  Tags: z.unknown().optional(),
});

/** Reads an AWS::Events::Rule; throws, by name, for what EventBridge refuses or the local run does not do. */
export function readRule(resource: Resource, resources: readonly Resource[]): Rule {
  const where = `${resource.stack}.${resource.logicalId} (${resource.type})`;
  const read = Properties.safeParse(resource.properties);
  if (!read.success) throw new Error(`${where}: ${z.prettifyError(read.error)}`);
  const { EventPattern: pattern, ScheduleExpression: expression, Targets: targets, State } = read.data;
  const busName = busNameOf(read.data.EventBusName);
  if (pattern === undefined && expression === undefined) {
    throw new Error(`${where}: Parameter(s) EventPattern or ScheduleExpression must be specified.`);
  }
  if (expression !== undefined && busName !== 'default') {
    throw new Error(`${where}: ScheduleExpression is supported only on the default event bus.`);
  }
  if (expression !== undefined && !ruleTimetable(expression, 0)) {
    throw new Error(`${where}: Parameter ScheduleExpression is not valid: ${expression}`);
  }
  return {
    arn: resource.attributes.Arn ?? '',
    name: (resource.attributes.Arn ?? '').replace(/^.*\//, ''),
    busName,
    enabled: State !== 'DISABLED',
    ...(pattern === undefined ? {} : { matches: patternOf(pattern, where) }),
    ...(expression === undefined ? {} : { expression }),
    targets: targets.map((given) => {
      const target = targetOf(given);
      requireReachable(target, resources, where);
      return { target, inputOf: readInput(given, where) };
    }),
  };
}

/** A rule's timetable, which is of UTC; a rate has its first time one period after `from`. */
export function ruleTimetable(expression: string, from: number): Timetable | undefined {
  const timetable = readTimetable(expression, 'UTC', from);
  return timetable?.kind === 'at' ? undefined : timetable;
}

/** A bus is named by name or by ARN. */
export function busNameOf(given: string): string {
  return given.replace(/^arn:.*:event-bus\//, '');
}

function patternOf(given: unknown, where: string): Matches {
  const pattern: unknown = typeof given === 'string' ? JSON.parse(given) : given;
  const refuse = (why: string): never => {
    throw new Error(`${where}: Event pattern is not valid. Reason: ${JSON.stringify(pattern)} ${why}`);
  };
  if (!isObject(pattern) || Object.keys(pattern).length === 0) return refuse('is no object with members');
  return readPattern(pattern, ruleOperators, refuse);
}
