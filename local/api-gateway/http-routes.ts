import type { RouteDefinition } from './definition.ts';

export interface RouteMatch {
  readonly route: RouteDefinition;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * The most specific route for a request: literal segments before `{variables}` before a greedy `{proxy+}`, a method
 * before ANY, and `$default` last (developer guide, "Create routes for HTTP APIs": selecting routes). `path` is as it
 * stands in the request, without the stage.
 */
export function matchRoute(
  routes: readonly RouteDefinition[],
  method: string,
  path: string,
): RouteMatch | undefined {
  const segments = path.split('/').slice(1);
  const found = routes
    .flatMap((route) => {
      const [wanted = '', pattern = ''] = route.key.split(' ');
      if (wanted !== method && wanted !== 'ANY') return [];
      const pathParameters = matchPath(pattern.split('/').slice(1), segments);
      return pathParameters ? [{ route, pathParameters, rank: rankOf(wanted, pattern) }] : [];
    })
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const fallback = routes.find(({ key }) => key === '$default');
  return found[0] ?? (fallback && { route: fallback, pathParameters: {} });
}

function matchPath(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [at, part] of pattern.entries()) {
    const [, name, greedy] = /^\{([\w.-]+)(\+?)\}$/.exec(part) ?? [];
    const rest = segments.slice(at).join('/');
    if (name && greedy) return rest ? { ...parameters, [name]: decoded(rest) } : undefined;
    const segment = segments[at];
    if (name && segment) parameters[name] = decoded(segment);
    else if (part !== segment) return undefined;
  }
  return pattern.length === segments.length ? parameters : undefined;
}

/** Compares as text: one digit per segment, the smaller the more specific, then the method. */
function rankOf(method: string, pattern: string): string {
  const digits = pattern
    .split('/')
    .slice(1)
    .map((part) => (part.endsWith('+}') ? 2 : part.startsWith('{') ? 1 : 0));
  return `${digits.join('')}${method === 'ANY' ? 9 : 8}`;
}

/** The text behind percent-encoding; as it is where the encoding is broken. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
