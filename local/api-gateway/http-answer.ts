import { objectOf } from './call-function.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/**
 * What a function's answer of format 2.0 means (developer guide, "Lambda function response for format 2.0"): without a
 * `statusCode` any JSON is the body of a 200. Undefined where the answer is malformed.
 */
export function readAnswer(payload: unknown): HttpAnswer | undefined {
  const answer = objectOf(payload);
  if (answer?.statusCode === undefined) {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload ?? null);
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      cookies: [],
      body: Buffer.from(body),
    };
  }

  const status = Number(answer.statusCode);
  const { body = '', cookies = [] } = answer;
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  if (typeof body !== 'string' || !Array.isArray(cookies)) return undefined;
  const headers = headersOf(answer.headers);
  if (!headers) return undefined;
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    cookies: cookies.map(String),
    body: Buffer.from(body, answer.isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

/**
 * What a function's answer of format 1.0 means (same guide, "Lambda function response for format 1.0"): a `statusCode` is
 * asked for, and cookies stand among `multiValueHeaders`.
 */
export function readAnswerV1(payload: unknown): HttpAnswer | undefined {
  const answer = objectOf(payload);
  if (answer?.statusCode === undefined) return undefined;
  const { multiValueHeaders, headers, cookies: _, ...rest } = answer;
  const many = Object.entries(objectOf(multiValueHeaders ?? {}) ?? {});
  if (!many.every(([, values]) => Array.isArray(values))) return undefined;
  const isCookie = ([name]: [string, unknown]) => name.toLowerCase() === 'set-cookie';
  const joined = many.filter((entry) => !isCookie(entry)).map(([name, values]) => [name, String(values)]);
  const cookies = many.filter(isCookie).flatMap(([, values]) => values as unknown[]);
  return readAnswer({
    ...rest,
    cookies,
    headers: { ...objectOf(headers ?? {}), ...Object.fromEntries(joined) },
  });
}

/** An answer of API Gateway's own. */
export function gatewayAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    cookies: [],
    body: Buffer.from(JSON.stringify({ message })),
  };
}

/** Lower-case names; undefined where a value is neither text, number nor boolean, or could end its header. */
function headersOf(given: unknown): Record<string, string> | undefined {
  const entries = Object.entries(objectOf(given ?? {}) ?? { bad: undefined });
  const sound = entries.every(
    ([name, value]) =>
      /^[\w!#$%&'*+.^`|~-]+$/.test(name) &&
      ['string', 'number', 'boolean'].includes(typeof value) &&
      !/[^\t\x20-\x7e\x80-\xff]/.test(String(value)),
  );
  return sound
    ? Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
    : undefined;
}
