import * as z from 'zod';
import { showMe } from './domain/show-me.ts';
import { features } from './wiring/features.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open } from './wiring/rooms.ts';

/** `GET /me`: who the caller is to this deployment. */
export const handler = onRequest(open.sessions(), {
  'GET /me': route({
    schema: z.strictObject({}),
    operation: 'me.show',
    metric: 'ShowMe',
    run: async (_request, { caller }) => {
      const { decision, value } = await showMe(caller);
      return { decision, value: { id: value.person, roles: value.roles, features } };
    },
  }),
});
