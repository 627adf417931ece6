import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';

/**
 * One JSON line per request: which request, when, how it ended, how long it took. Only named variables that hold ids, counts
 * and API Gateway's own words: nothing that a caller wrote (no path, query, header or body) and nothing of a token.
 */
export function accessLog(group: ILogGroup, kind: 'socket' | 'http'): CfnStage.AccessLogSettingsProperty {
  const destinationArn = Stack.of(group).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: group.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME, // without the `:*` of logGroupArn, as API Gateway documents it
  });
  return { destinationArn, format: JSON.stringify({ ...shared, ...(kind === 'socket' ? socket : http) }) };
}

const shared = {
  requestId: '$context.requestId',
  at: '$context.requestTimeEpoch',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey', // the route as declared, with {conversationId} in it and no value
  status: '$context.status',
  error: '$context.error.responseType',
  functionStatus: '$context.integration.status',
  functionRequestId: '$context.integration.requestId',
  functionMs: '$context.integration.latency',
};

const socket = {
  connectionId: '$context.connectionId',
  event: '$context.eventType',
  messageId: '$context.messageId',
};

const http = {
  responseBytes: '$context.responseLength',
  responseMs: '$context.responseLatency',
};
