import type { RequestHead } from '../front-door/request-head.ts';
import { type Answer, AwsError } from '../front-door/service.ts';
import { wildcardMatches } from '../iam/pattern.ts';
import type { CorsRule } from './bucket-settings.ts';

/** A preflight's answer by the bucket's rules (S3 user guide, "How does Amazon S3 evaluate the CORS configuration"). */
export function preflight({ headers }: RequestHead, rules: readonly CorsRule[]): Answer {
  const { origin } = headers;
  const method = headers['access-control-request-method'];
  if (origin === undefined || method === undefined) {
    throw new AwsError('BadRequest', 'Insufficient information. Origin request header needed.');
  }
  const asked = listed(headers['access-control-request-headers']);
  const rule = rules.find((one) => fits(one, origin, method) && asked.every((name) => isAllowed(one, name)));
  if (!rule) {
    throw new AwsError(
      'AccessForbidden',
      `CORSResponse: ${rules.length === 0 ? 'CORS is not enabled for this bucket.' : "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."}`,
      403,
      {
        Method: method,
        ResourceType: 'OBJECT',
      },
    );
  }
  return {
    headers: {
      ...allowing(rule, origin),
      ...(asked.length > 0 ? { 'access-control-allow-headers': asked.join(', ') } : {}),
      ...(rule.MaxAge === undefined ? {} : { 'access-control-max-age': String(rule.MaxAge) }),
    },
  };
}

/** The headers on an answer to a request with an Origin; none where no rule admits it. */
export function corsHeaders(
  { headers, method }: RequestHead,
  rules: readonly CorsRule[],
): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined || method === 'OPTIONS') return {};
  const rule = rules.find((one) => fits(one, origin, method));
  return rule ? allowing(rule, origin) : {};
}

function allowing(rule: CorsRule, origin: string): Record<string, string> {
  const anybody = rule.AllowedOrigins.includes('*');
  return {
    'access-control-allow-origin': anybody ? '*' : origin,
    'access-control-allow-methods': rule.AllowedMethods.join(', '),
    ...(rule.ExposedHeaders?.length
      ? { 'access-control-expose-headers': rule.ExposedHeaders.join(', ') }
      : {}),
    ...(anybody ? {} : { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function fits({ AllowedOrigins, AllowedMethods }: CorsRule, origin: string, method: string): boolean {
  return (
    AllowedMethods.includes(method) && AllowedOrigins.some((one) => wildcardMatches(one, 'anything', origin))
  );
}

function isAllowed({ AllowedHeaders = [] }: CorsRule, name: string): boolean {
  return AllowedHeaders.some((one) => wildcardMatches(one.toLowerCase(), 'anything', name));
}

function listed(header: string | undefined): readonly string[] {
  return (header ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}
