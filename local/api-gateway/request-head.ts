import type { IncomingMessage } from 'node:http';

/**
 * "Total combined size of request line and header values", which for an HTTP API is 10,240 bytes at most (developer guide,
 * "Quotas for configuring and running an HTTP API"): the line without its end, and of each header the value alone.
 */
export function isHeadTooLong({ method, url, httpVersion, rawHeaders }: IncomingMessage): boolean {
  const line = `${method} ${url} HTTP/${httpVersion}`;
  const values = rawHeaders.filter((_, at) => at % 2 === 1);
  return line.length + values.reduce((sum, value) => sum + value.length, 0) > LONGEST_HEAD;
}

const LONGEST_HEAD = 10_240;

/** What Node.js reads of a head before it gives up without an answer of API Gateway's: the quota does not count header names. */
export const READ_HEAD = 4 * LONGEST_HEAD;

/**
 * Whether a WebSocket API's URL is longer than 4,096 characters, scheme and host included (developer guide, "Quotas for
 * configuring and running a WebSocket API").
 */
export function isUrlTooLong(domainName: string, requestTarget: string): boolean {
  return `wss://${domainName}${requestTarget}`.length > LONGEST_URL;
}

const LONGEST_URL = 4096;
