import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { AwsError } from '../front-door/service.ts';
import type { Principal } from '../iam/policy.ts';
import type { Logs } from '../logs.ts';
import type { FunctionDefinition } from './definition.ts';
import { EnvironmentPool } from './environment-pool.ts';
import type { Credentials } from './environment-variables.ts';
import type { Ending } from './execution-environment.ts';
import { type Functions, type Invocation, InvokeRefused, type Invoker } from './invoke.ts';
import { billedMs } from './log-lines.ts';
import { letsIn, type Permission } from './permissions.ts';
import { stopwatch } from './stopwatch.ts';
import { traceFor } from './trace.ts';

export interface LambdaOptions {
  readonly account: Account;
  readonly clock: Clock;
  readonly logs: Logs;
  /** Credentials of one execution environment; they must be good until revoked. */
  readonly issueCredentials: (principal: Principal) => Credentials;
  readonly revokeCredentials: (accessKeyId: string) => void;
  /** Asked when an environment starts. */
  readonly awsEndpointUrl: () => string;
  /** Asked once an event. */
  readonly mayWriteLogs: (principal: Principal, logGroup: string) => boolean;
  /** `logs:CreateLogGroup`: without it, lines for a group that does not exist are lost. @default nobody may */
  readonly mayCreateLogGroup?: (principal: Principal, logGroup: string) => boolean;
  /** For each function. @default 12 */
  readonly maxEnvironments?: number;
}

/** One invocation that has ended, as `on('invocation')` tells it. */
export interface InvocationRecord {
  readonly functionName: string;
  readonly functionArn: string;
  readonly invoker: Invoker;
  readonly requestId: string;
  readonly traceId: string;
  readonly environmentId: string;
  readonly coldStart: boolean;
  readonly initDurationMs?: number;
  readonly durationMs: number;
  readonly billedDurationMs: number;
  readonly memoryMb: number;
  readonly maxMemoryUsedMb: number;
  /** Set when the invocation failed: `Error`, `Sandbox.Timedout`, `Runtime.ExitError`, … */
  readonly errorType?: string;
}

export interface EnvironmentView {
  readonly function: string;
  readonly id: string;
  readonly state: 'starting' | 'idle' | 'busy';
  readonly invocations: number;
}

/** Lambda quotas, "Invocation payload", as the service's own error sentences give it. */
const LARGEST_EVENT_BYTES = 6_291_456;
const LARGEST_RESPONSE_BYTES = 6_291_556;

/** Lambda for one run: functions from their own bundles, each execution environment a worker of its own. */
export class LambdaService implements Functions {
  private readonly options: LambdaOptions;
  private readonly pools = new Map<string, EnvironmentPool>();
  private readonly permissions = new Map<string, Permission[]>();
  private readonly events = new EventEmitter<{ invocation: [InvocationRecord] }>();

  constructor(options: LambdaOptions) {
    this.options = options;
  }

  add(definition: FunctionDefinition): void {
    const { account, clock, logs, awsEndpointUrl, revokeCredentials, ...asked } = this.options;
    const { principal, logGroup } = definition;
    const around = {
      account,
      clock,
      logs,
      awsEndpointUrl,
      revokeCredentials,
      issueCredentials: () => asked.issueCredentials(principal),
      mayWriteLogs: () => asked.mayWriteLogs(principal, logGroup),
      mayCreateLogGroup: () => asked.mayCreateLogGroup?.(principal, logGroup) ?? false,
    };
    this.pools.set(definition.name, new EnvironmentPool(definition, around, asked.maxEnvironments ?? 12));
  }

  /**
   * Lets a service in, as `AWS::Lambda::Permission` does. Lambda's own pollers (queues, streams) need none on AWS; here
   * whoever runs them permits `lambda.amazonaws.com` for the source of each event source mapping.
   */
  permit(permission: Permission): void {
    const name = nameOf(permission.functionArn);
    this.permissions.set(name, [...(this.permissions.get(name) ?? []), permission]);
  }

  async invoke(functionArn: string, event: unknown, invoker: Invoker): Promise<Invocation> {
    const { account, clock } = this.options;
    const name = nameOf(functionArn);
    const pool = this.pools.get(name);
    if (!pool) throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn}`, 404);
    if (!letsIn(this.permissions.get(name) ?? [], invoker, account)) {
      throw new InvokeRefused(pool.definition.arn, invoker);
    }
    const requestId = randomUUID();
    const traceId = traceFor(clock.now(), invoker.traceId);
    const elapsed = stopwatch(clock);
    const { ending, environmentId } = await pool.serve({
      requestId,
      event: eventText(event),
      invokedFunctionArn: arnOf(functionArn, pool.definition),
      traceId,
    });
    const failure = ending.error ?? tooLarge(ending);
    this.tell(pool.definition, invoker, { requestId, traceId, environmentId }, ending, failure?.errorType);
    return {
      payload: failure ?? JSON.parse(bodyOf(ending)),
      ...(failure ? { functionError: 'Unhandled' as const } : {}),
      requestId,
      durationMs: elapsed(),
      coldStart: ending.coldStart,
      traceId,
    };
  }

  environments(): EnvironmentView[] {
    return [...this.pools.values()].flatMap((pool) =>
      pool.list().map(({ id, state, invocations }) => ({
        function: pool.definition.name,
        id,
        state,
        invocations,
      })),
    );
  }

  /**
   * Kills one environment, or all of a function's, from outside and in the midst of whatever they do. Resolves with
   * how many there were, when they are gone. Who waits for one sees what AWS shows of a sandbox that died: the invocation
   * ends in `Runtime.ExitError`, a WebSocket frame in the gateway's `Internal server error` frame, an HTTP request in 500;
   * a call that was on its way to the front door may still take effect. The next event starts a new environment.
   */
  async crash(environmentIdOrFunctionName: string): Promise<number> {
    const hit = [...this.pools.values()].flatMap((pool) =>
      pool
        .list()
        .filter(
          ({ id }) =>
            id === environmentIdOrFunctionName || pool.definition.name === environmentIdOrFunctionName,
        ),
    );
    await Promise.all(hit.map((environment) => environment.kill('crash')));
    return hit.length;
  }

  /** Calls `listener` after each invocation; the answer takes it off again. */
  on(event: 'invocation', listener: (record: InvocationRecord) => void): () => void {
    this.events.on(event, listener);
    return () => this.events.off(event, listener);
  }

  /** Ends every worker and resolves when none is left; events still waiting are rejected. */
  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.close()));
  }

  private tell(
    definition: FunctionDefinition,
    invoker: Invoker,
    ids: Pick<InvocationRecord, 'requestId' | 'traceId' | 'environmentId'>,
    { report, coldStart }: Ending,
    errorType: string | undefined,
  ): void {
    this.events.emit('invocation', {
      functionName: definition.name,
      functionArn: definition.arn,
      invoker,
      ...ids,
      coldStart,
      ...(report.initDurationMs === undefined ? {} : { initDurationMs: report.initDurationMs }),
      durationMs: report.durationMs,
      billedDurationMs: billedMs(report),
      memoryMb: definition.memoryMb,
      maxMemoryUsedMb: report.maxMemoryUsedMb,
      ...(errorType === undefined ? {} : { errorType }),
    });
  }
}

/** The name in a function's ARN, with or without a qualifier, in API Gateway's URI around one, or by itself. */
function nameOf(functionArn: string): string {
  const inner = functionArn.match(/\/functions\/(.+)\/invocations$/)?.[1] ?? functionArn;
  return inner.match(/^arn:[^:]+:lambda:[^:]*:[^:]*:function:([^:]+)/)?.[1] ?? inner.split(':')[0] ?? inner;
}

function arnOf(functionArn: string, { arn }: FunctionDefinition): string {
  const inner = functionArn.match(/\/functions\/(.+)\/invocations$/)?.[1] ?? functionArn;
  return inner.startsWith('arn:') ? inner : arn;
}

function eventText(event: unknown): string {
  const text = JSON.stringify(event) ?? 'null';
  if (Buffer.byteLength(text) > LARGEST_EVENT_BYTES) {
    throw new AwsError(
      'RequestTooLargeException',
      `Request must be smaller than ${LARGEST_EVENT_BYTES} bytes for the InvokeFunction operation`,
      413,
    );
  }
  return text;
}

function bodyOf(ending: Ending): string {
  return ending.error === undefined ? ending.body : 'null';
}

function tooLarge(ending: Ending) {
  if (Buffer.byteLength(bodyOf(ending)) <= LARGEST_RESPONSE_BYTES) return undefined;
  return {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size exceeded maximum allowed payload size (${LARGEST_RESPONSE_BYTES} bytes).`,
  };
}
