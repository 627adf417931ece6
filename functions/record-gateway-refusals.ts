import { gatewayRefusalsIn, type LogsEvent } from './wiring/gateway-refusals.ts';
import { onEvent } from './wiring/on-event.ts';
import { open } from './wiring/rooms.ts';

const trail = open.trail();

/** What API Gateway refused without asking our code, from its access logs: recorded a little later than it was, and once. */
export const handler = onEvent('RecordGatewayRefusals', async (event: LogsEvent) => {
  await Promise.all(gatewayRefusalsIn(event).map(({ recording, told }) => trail.put(recording, told)));
});
