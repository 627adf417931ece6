import middy from '@middy/core';
import * as z from 'zod';
import type { ServerFrame } from '../../protocol/frames.ts';
import { Ref } from '../../protocol/ids.ts';
import type { Purpose } from '../../protocol/purposes.ts';
import { refusals } from '../../protocol/refusals.ts';
import { type Admitting, admit } from '../domain/caller.ts';
import type { Operation } from '../domain/decision.ts';
import type { Withheld } from '../domain/phi.ts';
import { Refusal } from '../domain/refusal.ts';
import { identityOf } from './identity.ts';
import { parsing } from './parse.ts';
import { record } from './record.ts';
import {
  type Admission,
  type Answer,
  malformed,
  type RequestContext,
  recorded,
  statedFor,
} from './request.ts';
import { open } from './rooms.ts';

/** A MESSAGE event of API Gateway's WebSocket APIs, as far as a door needs it. */
interface FrameEvent {
  readonly body?: string;
  readonly requestContext: {
    readonly connectionId: string;
    readonly requestId: string;
    readonly identity: { readonly sourceIp: string };
    readonly authorizer?: Readonly<Record<string, unknown>>;
  };
}

interface FrameAnswer {
  readonly statusCode: 200;
  readonly body: string;
}

/**
 * The door of one frame: parses it strictly and withholds what a person wrote, reads the caller's session beside it, records the one decision, and
 * answers the socket it came from with a frame, refusals included.
 */
export function onFrame<Schema extends z.ZodType>(
  door: {
    readonly schema: Schema;
    readonly operation: Operation;
    readonly metric: string;
    readonly sessions: Admitting;
  },
  run: (frame: Withheld<z.infer<Schema>>, admission: Admission) => Answer<ServerFrame>,
) {
  type Context = RequestContext<Withheld<z.infer<Schema>>>;
  const parse = parsing(door.schema);
  const trail = open.trail();

  return middy<FrameEvent, FrameAnswer, Error, Context>()
    .before(({ event, context }) => {
      const { authorizer, connectionId, requestId, identity: from } = event.requestContext;
      const shown = identityOf(authorizer);
      const source = { session: shown.session, sourceIp: from.sourceIp, requestId };
      const identity = { ...shown, connectionId, source };
      context.asker = { person: identity.person, ...source };
      const caller = admit(door.sessions, identity, door.operation, Date.now());
      caller.catch(() => {}); // whoever needs the caller meets the refusal; a malformed frame does not wait for it
      context.admission = { identity, caller };
    })
    .before(async ({ event, context }) => {
      const parsed = parse(json(event.body));
      if (parsed === undefined) {
        await context.admission.caller;
        throw malformed(door.operation);
      }
      context.parsed = parsed;
      const { purpose } = parsed as { readonly purpose?: Purpose };
      context.admission = statedFor(context.admission, purpose);
    })
    .onError(async (request) => {
      const outcome = await recorded(trail, request.context.asker, door, request.error);
      request.error = outcome;
      if (!(outcome instanceof Refusal)) return; // middy throws it: API Gateway answers with its own frame
      request.response = { statusCode: 200, body: JSON.stringify(refusedFrame(outcome, request.event.body)) };
    })
    .handler(async (_event, context) => {
      const { decision, value } = await run(context.parsed, context.admission);
      await record(trail, context.asker, decision, door.metric);
      return { statusCode: 200, body: JSON.stringify(value) };
    });
}

/** What API Gateway could not parse it sends to `$default`; what it could may still not be an object. */
export function json(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? '');
  } catch {
    return undefined;
  }
}

function refusedFrame({ code }: Refusal, body: string | undefined): ServerFrame {
  const { message, retryable } = refusals[code];
  const ref = z.object({ ref: Ref }).safeParse(json(body)).data?.ref;
  return { type: 'refused', ...(ref && { ref }), code, message, retryable };
}
