import type { clientFrames, ServerFrame } from '../protocol/frames.ts';
import { isSound } from './shapes.ts';

/** A frame that a client may send. */
export type ClientFrame = {
  [T in keyof typeof clientFrames]: (typeof clientFrames)[T]['_zod']['output'];
}[keyof typeof clientFrames];

/** A frame of this type from the server. */
export type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

/** What becomes of a frame that was sent: an answer, or none although it may have been carried out. */
export type Answer = ServerFrame | Lost;

export interface Lost {
  readonly type: 'lost';
  /** `connection`: ask again on the next one. `fault`: ask again after a wait. `throttled`: nothing was done, wait longer. */
  readonly by: 'connection' | 'fault' | 'throttled';
}

/**
 * The frame in a WebSocket message. API Gateway's own errors have no `type` and name no frame, so they are `lost`.
 * Nothing for what is no frame at all.
 */
export function read(data: unknown): Answer | undefined {
  let value: Partial<Record<string, unknown>> | null | undefined;
  try {
    value = JSON.parse(String(data));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (typeof value.type === 'string' && value.type !== 'lost') {
    return isSound(value.type, value) ? (value as unknown as ServerFrame) : undefined;
  }
  if (typeof value.message !== 'string') return undefined;
  return { type: 'lost', by: value.message === 'Too Many Requests' ? 'throttled' : 'fault' };
}
