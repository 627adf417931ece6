import middy from '@middy/core';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { z } from 'zod';
import { PURPOSE_HEADER, Purpose } from '../../protocol/purposes.ts';
import { refusals } from '../../protocol/refusals.ts';
import { type Admitting, admit } from '../domain/caller.ts';
import type { Operation } from '../domain/decision.ts';
import type { Withheld } from '../domain/phi.ts';
import { Refusal } from '../domain/refusal.ts';
import { identityIfAny } from './identity.ts';
import { json } from './on-frame.ts';
import { parsing } from './parse.ts';
import { record } from './record.ts';
import {
  type Admission,
  type Answer,
  malformed,
  nobody,
  type RequestContext,
  recorded,
  statedFor,
} from './request.ts';
import { open } from './rooms.ts';

type Event = APIGatewayProxyEventV2WithJWTAuthorizer;

/** One route of a door: what it takes, what it is called, and what it answers. */
export interface Route<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly operation: Operation;
  readonly metric: string;
  /** @default 200 */
  readonly status?: number;
  readonly run: (request: Withheld<z.infer<Schema>>, admission: Admission) => Answer<object>;
}

/** A route that parses for itself. */
interface ParsingRoute extends Omit<Route<z.ZodType>, 'schema' | 'run'> {
  readonly parse: (value: unknown) => unknown;
  readonly run: (request: unknown, admission: Admission) => Answer<object>;
}

/** Keeps a route's schema and its function in step; `onRequest` takes routes of different schemas side by side. */
export function route<Schema extends z.ZodType>({ schema, ...given }: Route<Schema>): ParsingRoute {
  return { ...given, parse: parsing(schema) } as ParsingRoute;
}

/**
 * The door of one resource's HTTP routes: parses path, query and body strictly as one object and withholds what a
 * person wrote, reads the caller's session beside it, records the one decision, and answers with JSON, refusals included.
 */
export function onRequest(sessions: Admitting, routes: Readonly<Record<string, ParsingRoute>>) {
  const trail = open.trail();
  const routeOf = (event: Event): ParsingRoute => {
    const found = routes[event.routeKey];
    if (!found) throw new Error(`this door has no route ${event.routeKey}`);
    return found;
  };

  return middy<Event, APIGatewayProxyStructuredResultV2, Error, RequestContext<unknown>>()
    .before(({ event, context }) => {
      const { authorizer, http, requestId } = event.requestContext;
      const shown = identityIfAny(authorizer.jwt.claims);
      const source = { session: shown?.session ?? '-', sourceIp: http.sourceIp, requestId };
      context.asker = { person: shown?.person ?? '-', ...source };
      if (!shown) throw nobody(routeOf(event).operation);
      const identity = { ...shown, source };
      const caller = admit(sessions, identity, routeOf(event).operation, Date.now());
      caller.catch(() => {}); // whoever needs the caller meets the refusal; a malformed request does not wait for it
      context.admission = { identity, caller };
    })
    .before(async ({ event, context }) => {
      const { parse, operation } = routeOf(event);
      context.parsed = parse(requestOf(event));
      const purpose = Purpose.optional().safeParse(event.headers[PURPOSE_HEADER]);
      if (context.parsed === undefined || !purpose.success) {
        await context.admission.caller;
        throw malformed(operation);
      }
      context.admission = statedFor(context.admission, purpose.data);
    })
    .onError(async (request) => {
      const outcome = await recorded(trail, request.context.asker, routeOf(request.event), request.error);
      request.error = outcome;
      if (!(outcome instanceof Refusal)) return; // middy throws it: API Gateway answers 500
      const { message, retryable, status } = refusals[outcome.code];
      const { requestId } = request.context.asker;
      request.response = answer(status, { code: outcome.code, message, retryable, requestId });
    })
    .handler(async (event, context) => {
      const { run, metric, status = 200 } = routeOf(event);
      const { decision, value } = await run(context.parsed, context.admission);
      await record(trail, context.asker, decision, metric);
      return answer(status, value);
    });
}

/** Path and body as one object, or path and query where the method has no body: nothing stands in two places. */
function requestOf(event: Event): unknown {
  const hasBody = event.requestContext.http.method === 'POST';
  const query = event.queryStringParameters ?? {};
  const body = hasBody ? json(event.isBase64Encoded ? decoded(event.body ?? '') : event.body) : query;
  const isStray = hasBody ? Object.keys(query).length > 0 : (event.body ?? '') !== '';
  if (isStray || typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const parts = [event.pathParameters ?? {}, body];
  const names = parts.flatMap(Object.keys);
  return new Set(names).size === names.length ? Object.fromEntries(parts.flatMap(Object.entries)) : undefined;
}

function decoded(body = ''): string | undefined {
  try {
    return utf8.decode(Buffer.from(body, 'base64'));
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function answer(statusCode: number, body: object): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
