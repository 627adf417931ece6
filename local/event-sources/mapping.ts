import type { Principal } from '../iam/policy.ts';
import type { Resource } from '../template/resource.ts';
import { type Filter, filterOf } from './filter.ts';

/** The function that a mapping invokes. */
export interface MappedFunction {
  readonly arn: string;
  readonly name: string;
  readonly timeoutSeconds: number;
  /** Its role: the poller reads as that. */
  readonly principal: Principal;
}

interface AnyMapping {
  readonly id: string;
  /** Stack and logical id. */
  readonly where: string;
  readonly target: MappedFunction;
  readonly sourceArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly reportsFailures: boolean;
  readonly patterns: readonly string[];
  readonly matches: Filter;
}

export interface StreamMapping extends AnyMapping {
  readonly source: 'stream';
  readonly startsAtLatest: boolean;
  /** Infinity where nothing is said. */
  readonly maximumRetries: number;
  readonly maximumAgeMs: number;
  readonly bisects: boolean;
  /** ARN of the queue that hears of what was given up. */
  readonly onFailure?: string;
}

export interface QueueMapping extends AnyMapping {
  readonly source: 'queue';
  readonly maximumConcurrency: number;
}

export type Mapping = StreamMapping | QueueMapping;

/**
 * Reads an AWS::Lambda::EventSourceMapping with the defaults and bounds of the Lambda API reference,
 * CreateEventSourceMapping; throws, by name, for what is not done here.
 */
export function mappingOf(resource: Resource, target: MappedFunction): Mapping {
  const { properties } = resource;
  const where = `${resource.stack}.${resource.logicalId}`;
  const refuse = (what: string): never => {
    throw new Error(`${where} (${resource.type}) ${what}`);
  };
  const sourceArn = String(properties.EventSourceArn);
  const source = sourceOf(sourceArn);
  if (!source) return refuse(`reads ${sourceArn}; the local run reads DynamoDB streams and SQS queues only`);
  const heeded = [...FOR_BOTH, ...(source === 'stream' ? FOR_STREAMS : FOR_QUEUES)];
  for (const name of Object.keys(properties)) {
    if (!heeded.includes(name)) refuse(`sets ${name}, which the local run does not do for a ${source}`);
  }
  const whole = (name: string, fallback: number, least: number, most: number, also?: number): number => {
    const value = Number(properties[name] ?? fallback);
    if (Number.isInteger(value) && ((value >= least && value <= most) || value === also)) return value;
    return refuse(`sets ${name} to ${String(properties[name])}, which must be from ${least} to ${most}`);
  };
  const patterns = patternsIn(properties.FilterCriteria, refuse);
  const batchSize = whole('BatchSize', source === 'stream' ? 100 : 10, 1, 10_000);
  const windowMs = 1000 * whole('MaximumBatchingWindowInSeconds', 0, 0, 300);
  const responseTypes = list(properties.FunctionResponseTypes);
  const unknownType = responseTypes.find((type) => type !== 'ReportBatchItemFailures');
  if (unknownType !== undefined) refuse(`asks for the response type ${String(unknownType)}`);
  const common = {
    id: resource.ref,
    where,
    target,
    sourceArn,
    enabled: String(properties.Enabled ?? true) !== 'false',
    batchSize,
    windowMs,
    reportsFailures: responseTypes.length > 0,
    patterns,
    matches: filterOf(patterns, where),
  };

  if (source === 'queue') {
    if (batchSize > 10 && windowMs === 0) {
      refuse('has a BatchSize above 10, for which MaximumBatchingWindowInSeconds must be at least 1');
    }
    const { MaximumConcurrency = QUEUE_CONCURRENCY } = object(properties.ScalingConfig);
    const maximumConcurrency = Math.min(Number(MaximumConcurrency), QUEUE_CONCURRENCY);
    return { ...common, source, maximumConcurrency };
  }
  if (whole('ParallelizationFactor', 1, 1, 10) !== 1) {
    refuse('sets ParallelizationFactor above 1, which the local run does not do');
  }
  if (whole('TumblingWindowInSeconds', 0, 0, 900) !== 0) {
    refuse('sets TumblingWindowInSeconds, which the local run does not do');
  }
  const retries = whole('MaximumRetryAttempts', -1, 0, 10_000, -1);
  const age = whole('MaximumRecordAgeInSeconds', -1, 60, 604_800, -1);
  const position = properties.StartingPosition;
  if (position !== 'LATEST' && position !== 'TRIM_HORIZON') {
    refuse(`starts at ${String(position)}; a DynamoDB stream starts at LATEST or TRIM_HORIZON`);
  }
  const { Destination } = object(object(properties.DestinationConfig).OnFailure);
  if (Destination !== undefined && sourceOf(String(Destination)) !== 'queue') {
    refuse(`sends what fails to ${String(Destination)}; the local run sends to SQS queues only`);
  }
  return {
    ...common,
    source,
    startsAtLatest: position === 'LATEST',
    maximumRetries: retries === -1 ? Number.POSITIVE_INFINITY : retries,
    maximumAgeMs: age === -1 ? Number.POSITIVE_INFINITY : age * 1000,
    bisects: String(properties.BisectBatchOnFunctionError ?? false) === 'true',
    ...(Destination === undefined ? {} : { onFailure: String(Destination) }),
  };
}

const FOR_BOTH = [
  'BatchSize',
  'Enabled',
  'EventSourceArn',
  'FilterCriteria',
  'FunctionName',
  'FunctionResponseTypes',
  'MaximumBatchingWindowInSeconds',
  'Tags',
];
const FOR_STREAMS = [
  'BisectBatchOnFunctionError',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'ParallelizationFactor',
  'StartingPosition',
  'TumblingWindowInSeconds',
];
const FOR_QUEUES = ['ScalingConfig'];

/** Lambda starts with five batches of a queue at a time, and goes higher only as load lasts. */
const QUEUE_CONCURRENCY = 5;
const MOST_FILTERS = 5;

function sourceOf(arn: string): 'stream' | 'queue' | undefined {
  if (/^arn:[^:]+:dynamodb:[^:]*:\d{12}:table\/[^/]+\/stream\/.+$/.test(arn)) return 'stream';
  return /^arn:[^:]+:sqs:[^:]*:\d{12}:[\w-]+$/.test(arn) ? 'queue' : undefined;
}

function patternsIn(criteria: unknown, refuse: (what: string) => never): string[] {
  const patterns = list(object(criteria).Filters).map((filter) => String(object(filter).Pattern));
  if (patterns.length > MOST_FILTERS) refuse(`has ${patterns.length} filters; Lambda takes ${MOST_FILTERS}`);
  return patterns;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
