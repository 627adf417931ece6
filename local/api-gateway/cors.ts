import type { IncomingHttpHeaders } from 'node:http';
import type { CorsDefinition } from './definition.ts';

type Headers = Readonly<Record<string, string>>;

/** A browser's question before the request itself. */
export function isPreflight(method: string, headers: IncomingHttpHeaders): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/**
 * The CORS headers of a preflight's answer, none for an origin that is not listed (developer guide, "Configure CORS for
 * HTTP APIs").
 */
export function preflightHeaders(cors: CorsDefinition, origin: string | undefined): Headers {
  const allowed = allowedOrigin(cors, origin);
  if (!allowed) return {};
  return {
    'access-control-allow-origin': allowed,
    ...(cors.methods.length > 0 && { 'access-control-allow-methods': cors.methods.join(',') }),
    ...(cors.headers.length > 0 && { 'access-control-allow-headers': cors.headers.join(',') }),
    ...(cors.maxAgeSeconds !== undefined && { 'access-control-max-age': String(cors.maxAgeSeconds) }),
    ...(cors.credentials && { 'access-control-allow-credentials': 'true' }),
  };
}

/** An answer's headers with CORS as configured; what the integration said of CORS is ignored. */
export function withCors(
  cors: CorsDefinition | undefined,
  origin: string | undefined,
  headers: Headers,
): Headers {
  if (!cors) return headers;
  const own = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith('access-control-')),
  );
  const allowed = allowedOrigin(cors, origin);
  if (!allowed) return own;
  return {
    ...own,
    'access-control-allow-origin': allowed,
    ...(cors.exposed.length > 0 && { 'access-control-expose-headers': cors.exposed.join(',') }),
    ...(cors.credentials && { 'access-control-allow-credentials': 'true' }),
  };
}

function allowedOrigin({ origins }: CorsDefinition, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (origins.includes('*')) return '*';
  const listed = origins.some(
    (one) => one === origin || (one.endsWith('//*') && origin.startsWith(one.slice(0, -1))),
  );
  return listed ? origin : undefined;
}
