import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Recording } from '../audit/record.ts';
import { idFrom } from '../domain/id.ts';
import type { Told } from '../store/trail.ts';

/** What CloudWatch Logs sends a subscriber: a gzip of JSON in base64 (user guide, "Log group-level subscription filters"). */
export interface LogsEvent {
  readonly awslogs: { readonly data: string };
}

const Lines = z.object({
  messageType: z.string(),
  logEvents: z.array(z.object({ message: z.string() })),
});

/** A line of an access log of ours, as `lib/access-log.ts` has it written. */
const Line = z.object({
  requestId: z.string(),
  at: z.coerce.number().int(),
  ip: z.string(),
  status: z.coerce.number().int(),
});

/** The requests that API Gateway refused by itself, each under an id of its own, so that a line that comes twice is one record. */
export function gatewayRefusalsIn({ awslogs }: LogsEvent): readonly {
  readonly recording: Recording;
  readonly told: Told;
}[] {
  const { messageType, logEvents } = Lines.parse(
    JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString()),
  );
  if (messageType !== 'DATA_MESSAGE') return []; // CloudWatch asks whether anybody is there
  return logEvents.map(({ message }) => {
    const { requestId, at, ip, status } = Line.parse(JSON.parse(message));
    const id = idFrom(createHash('sha256').update(`gateway ${requestId}`).digest());
    const recording: Recording = {
      person: '-', // nobody who was known
      session: '-',
      sourceIp: ip,
      requestId,
      operation: 'gateway.refuse',
      object: '-',
      purpose: 'operations',
      rule: 'gateway',
      outcome: 'refused',
      code: (STATUS_CODES[status] ?? 'refused').toLowerCase().replaceAll(' ', '-'),
    };
    return { recording, told: { id, at } };
  });
}
