/** What an access log format gives away, one sentence for each variable. */
export function toldByAccessLog(format: string): string[] {
  const variables = [...format.matchAll(/\$([A-Za-z]+)\.?([A-Za-z.]*)/g)];
  return variables
    .filter(([, source, name]) => source !== 'context' || !mayBeLogged.has(String(name)))
    .map(([variable]) => `writes ${variable} to its access log`);
}

/** The only variables that an access log may hold: ids, counts, times and API Gateway's own words. */
const mayBeLogged = new Set([
  'requestId',
  'requestTimeEpoch',
  'identity.sourceIp',
  'routeKey',
  'status',
  'error.responseType',
  'integration.status',
  'integration.requestId',
  'integration.latency',
  'connectionId',
  'eventType',
  'messageId',
  'responseLength',
  'responseLatency',
]);
