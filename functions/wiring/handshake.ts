import { BEARER_PREFIX, SUBPROTOCOL } from '../../protocol/frames.ts';
import { type Phi, phi } from '../domain/phi.ts';
import { setting } from './env.ts';

type Headers = Readonly<Record<string, string | undefined>> | null;

/** The access token among the offered subprotocols, empty where there is none or `wardline.v1` is not offered too. */
export function bearerOf(headers: Headers): Phi<string> {
  const offered =
    header(headers, 'sec-websocket-protocol')
      ?.split(',')
      .map((name) => name.trim()) ?? [];
  const bearer = offered.find((name) => name.startsWith(BEARER_PREFIX));
  return phi(offered.includes(SUBPROTOCOL) ? (bearer ?? '').slice(BEARER_PREFIX.length) : '');
}

/** Browsers always send an origin, and it must be listed; other clients send none (OWASP ASVS 4.4.2). */
export function openOrigins(): (headers: Headers) => boolean {
  const allowed = setting('allowedOrigins').split(',').filter(Boolean);
  return (headers) => {
    const origin = header(headers, 'origin');
    return origin === undefined || allowed.includes(origin);
  };
}

function header(headers: Headers, name: string): string | undefined {
  return Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
}
