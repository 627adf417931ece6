import type { RouteDefinition } from './definition.ts';

const LIFECYCLE = new Set(['$connect', '$disconnect', '$default']);

/**
 * The route that a WebSocket message selects. A body that is not JSON, whose key is missing or no text, or whose key
 * names no route of its own goes to `$default`; undefined where the API has none (developer guide, "Create routes for
 * WebSocket APIs" and "Route selection expressions").
 */
export function selectRoute(
  routes: readonly RouteDefinition[],
  selection: readonly string[],
  body: string,
): RouteDefinition | undefined {
  const key = routeKeyIn(body, selection);
  const own = key === undefined || LIFECYCLE.has(key) ? undefined : routes.find((route) => route.key === key);
  return own ?? routes.find((route) => route.key === '$default');
}

function routeKeyIn(body: string, selection: readonly string[]): string | undefined {
  let value = parsed(body);
  for (const step of selection) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : undefined;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // no JSON, or nested too deep to be read: both are for $default
  }
}
