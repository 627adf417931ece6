import { type Account, arn } from '../account.ts';
import type { Clock } from '../clock.ts';
import { type LogSink, writeAccessLog } from './access-log.ts';
import { gatewayId, mintTraceId } from './request-ids.ts';
import type { TrafficRecord } from './traffic.ts';
import { requestContext, type SocketFacts } from './web-socket-events.ts';

export interface ExchangeEnd {
  readonly status: number;
  readonly functionArn?: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly billedFrames: number;
  /** `message` is what the client was told, `reason` what only the access log says. */
  readonly error?: { readonly message: string; readonly reason: string };
}

/** One connect, message or disconnect on its way: its ids, its time, and what is recorded when it ends. */
export class Exchange {
  readonly requestId = gatewayId();
  readonly now: number;
  readonly traceId: string;
  readonly routeKey: string;
  private readonly socket: SocketFacts;
  private readonly type: 'CONNECT' | 'MESSAGE' | 'DISCONNECT';
  private readonly run: ExchangeRun;

  constructor(
    socket: SocketFacts,
    type: 'CONNECT' | 'MESSAGE' | 'DISCONNECT',
    routeKey: string,
    run: ExchangeRun,
  ) {
    this.socket = socket;
    this.type = type;
    this.routeKey = routeKey;
    this.run = run;
    this.now = run.clock.now();
    this.traceId = mintTraceId(this.now);
  }

  /** What an integration of this exchange is called with. */
  invocation() {
    const { connectionId } = this.socket;
    return {
      sourceArn: this.arnOf(`${this.socket.stage.name}/${this.routeKey}`),
      traceId: this.traceId,
      context: { connectionId, requestId: this.requestId, routeKey: this.routeKey },
    };
  }

  /** `arn:aws:execute-api:<region>:<account>:<api>/<path>`, for routes `<stage>/<route key>`. */
  arnOf(path: string): string {
    return arn(this.run.account, 'execute-api', `${this.socket.api.apiId}/${path}`);
  }

  /** The body of API Gateway's own error answers, spaced as AWS spaces it. */
  errorBody(message: string): string {
    const { connectionId } = this.socket;
    return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${this.requestId}"}`;
  }

  end(end: ExchangeEnd, socket: SocketFacts = this.socket): void {
    const durationMs = this.run.clock.now() - this.now;
    writeAccessLog(this.run.logs, socket.api.apiId, socket.stage, this.variables(end, socket, durationMs));
    this.run.onFrame?.({
      api: socket.api.apiId,
      routeKey: this.routeKey,
      connectionId: socket.connectionId,
      traceId: this.traceId,
      requestId: this.requestId,
      functionArn: end.functionArn,
      status: end.status,
      durationMs,
      bytesIn: end.bytesIn,
      bytesOut: end.bytesOut,
      billedFrames: end.billedFrames,
    });
  }

  private variables(end: ExchangeEnd, socket: SocketFacts, durationMs: number) {
    const { identity, authorizer = {}, ...plain } = requestContext(socket, this, this.type);
    const called = end.functionArn !== undefined;
    return {
      ...plain,
      ...Object.fromEntries(Object.entries(authorizer).map(([key, value]) => [`authorizer.${key}`, value])),
      'identity.sourceIp': identity.sourceIp,
      'identity.userAgent': identity.userAgent,
      status: end.status,
      'error.message': end.error?.message,
      'error.messageString': end.error && JSON.stringify(end.error.message),
      integrationErrorMessage: called ? end.error?.reason : undefined,
      'integration.error': called ? end.error?.reason : undefined,
      'authorizer.error': called ? undefined : end.error?.reason,
      integrationLatency: called ? durationMs : undefined,
      'integration.latency': called ? durationMs : undefined,
      integrationStatus: called ? 200 : undefined,
      'integration.status': called ? end.status : undefined,
      xrayTraceId: this.traceId.replace('Root=', ''),
    };
  }
}

interface ExchangeRun {
  readonly account: Account;
  readonly clock: Clock;
  readonly logs: LogSink;
  readonly onFrame?: (record: TrafficRecord) => void;
}
