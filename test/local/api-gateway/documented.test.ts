import { describe, expect, test } from 'vitest';
import { httpAnswers } from './documented-http.ts';
import { connectionsAnswers, frames, handshakes } from './documented-sockets.ts';
import type { Row } from './provoke-answers.ts';
import { startHttpApi, startWebSocketApi } from './start-api.ts';

/** Headers of the connection, not of the API: HTTP/2, which AWS speaks, has none of them. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding'];
const ID = /(?<![\w-])[\w-]{15}=/g;

describe.each([
  ['an HTTP API', httpAnswers, { date: httpDate(), 'apigw-requestid': '<id>' }],
  ['a WebSocket API', frames, undefined],
  ['a WebSocket handshake', handshakes, { date: httpDate() }],
  ['@connections', connectionsAnswers, {}],
])('%s answers byte for byte', (_, rows, always) => {
  test.each(rows.map((row): [string, Row] => [row.what, row]))('%s', async (_, row) => {
    const { status, headers, text } = await row.provoke();
    expect({ status, text: text.replaceAll(ID, '<id>') }).toEqual({ status: row.status, text: row.text });
    if (always) expect(endToEnd(headers ?? {})).toEqual({ ...always, ...row.headers });
  });
});

test('an answer is dated by the clock of the run', async () => {
  const api = await startHttpApi({ routes: [] }, {});
  const sockets = await startWebSocketApi([], {});
  for (const clock of [api.clock, sockets.clock]) clock.advance(365 * 24 * 3_600_000);
  const handshake = (await sockets.dial({ path: '/other' }).refused).headers.date;
  const plain = (await fetch(sockets.url.replace('ws:', 'http:'))).headers.get('date');
  for (const date of [(await fetch(api.url)).headers.get('date'), handshake, plain]) {
    expect(Math.abs(Date.parse(date ?? '') - api.clock.now())).toBeLessThan(60_000);
  }
});

function endToEnd(headers: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !HOP_BY_HOP.includes(name))
      .map(([name, value]) => [name, String(value).replaceAll(ID, '<id>')]),
  );
}

function httpDate() {
  return expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
}
