import type { EventEmitter } from 'node:events';
import type { Deployment } from './deployment.mjs';
import type { Tokens } from './sign-in.mjs';

export interface Entry {
  seq: number;
  messageId: string;
  /** Absent in what this device sent and has not read back. */
  sender?: string;
  at: string;
  body: { kind: string; text?: string; person?: string; role?: string };
  ref?: string;
}

export declare class Refused extends Error {
  code: string;
  retryable: boolean;
}

export declare class PlainClient extends EventEmitter<{
  entry: [conversationId: string, entry: Entry];
  'signed-out': [error: Error];
}> {
  constructor(deployment: Deployment, tokens: Tokens);
  connect(): Promise<{ features: string[]; expiresAt: string }>;
  renew(): Promise<{ expiresAt: string }>;
  request(method: string, path: string, body?: object): Promise<unknown>;
  createConversation(
    kind: 'direct' | 'group',
    members: string[],
    title?: string,
  ): Promise<{ conversationId: string }>;
  send(
    conversationId: string,
    text: string,
    ref?: string,
  ): Promise<{ seq: number; messageId: string; at: string }>;
  catchUp(conversationId: string): Promise<void>;
  entries(conversationId: string): Entry[];
  drop(): void;
  close(): void;
}
