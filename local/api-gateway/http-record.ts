import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { type LogSink, writeAccessLog } from './access-log.ts';
import { functionArnOf } from './call-function.ts';
import type { RouteDefinition } from './definition.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { RequestFacts } from './http-event.ts';
import { clfTime } from './request-ids.ts';
import type { TrafficRecord } from './traffic.ts';

/** How a request ended. */
export interface HttpOutcome {
  readonly answer: HttpAnswer;
  readonly route?: RouteDefinition;
  readonly functionUri?: string;
  readonly claims?: Readonly<Record<string, string>>;
  readonly authorizerError?: string;
  readonly integrationError?: string;
}

/** Writes the access log's line and tells the run. */
export function recordRequest(
  request: IncomingMessage,
  facts: RequestFacts,
  outcome: HttpOutcome & { readonly bytesIn: number },
  run: {
    readonly clock: Clock;
    readonly logs: LogSink;
    readonly onRequest?: (record: TrafficRecord) => void;
  },
): void {
  const durationMs = run.clock.now() - facts.now;
  const { answer } = outcome;
  const routeKey = outcome.route?.key ?? '-';
  writeAccessLog(run.logs, facts.api.apiId, facts.stage, {
    accountId: facts.accountId,
    apiId: facts.api.apiId,
    ...claimVariables(outcome.claims),
    'authorizer.error': outcome.authorizerError,
    dataProcessed: outcome.bytesIn + answer.body.length,
    domainName: facts.domainName,
    domainPrefix: facts.domainName.split('.')[0],
    ...errorVariables(outcome),
    extendedRequestId: facts.requestId,
    httpMethod: facts.method,
    'identity.sourceIp': facts.sourceIp,
    'identity.userAgent': request.headers['user-agent'],
    ...integrationVariables(outcome, durationMs),
    path: facts.path,
    protocol: `HTTP/${request.httpVersion}`,
    requestId: facts.requestId,
    requestTime: clfTime(facts.now),
    requestTimeEpoch: facts.now,
    responseLatency: durationMs,
    responseLength: answer.body.length,
    routeKey: outcome.route?.key,
    stage: facts.stage.name,
    status: answer.status,
  });
  run.onRequest?.({
    api: facts.api.apiId,
    routeKey,
    traceId: facts.traceId,
    requestId: facts.requestId,
    functionArn: outcome.functionUri && functionArnOf(outcome.functionUri),
    status: answer.status,
    durationMs,
    bytesIn: outcome.bytesIn,
    bytesOut: answer.body.length,
    billedFrames: 0,
  });
}

function claimVariables(claims: HttpOutcome['claims']) {
  return Object.fromEntries(
    Object.entries(claims ?? {}).map(([name, value]) => [`authorizer.claims.${name}`, value]),
  );
}

/** API Gateway's own answers are the ones with an error to tell. */
function errorVariables({ answer, functionUri, integrationError }: HttpOutcome) {
  if (answer.status < 400 || (functionUri && !integrationError)) return {};
  const message = /"message":"([^"]*)"/.exec(answer.body.toString())?.[1];
  return { 'error.message': message, 'error.messageString': message && JSON.stringify(message) };
}

function integrationVariables({ answer, functionUri, integrationError }: HttpOutcome, durationMs: number) {
  if (!functionUri) return {};
  return {
    integrationErrorMessage: integrationError,
    'integration.error': integrationError,
    integrationLatency: durationMs,
    'integration.latency': durationMs,
    integrationStatus: 200,
    'integration.integrationStatus': 200,
    'integration.status': integrationError ? undefined : answer.status,
  };
}
