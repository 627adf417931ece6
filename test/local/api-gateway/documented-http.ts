import {
  cors,
  forbid,
  headOf,
  http,
  JSON_TYPE,
  never,
  preflight,
  quota,
  type Row,
  raise,
  withToken,
} from './provoke-answers.ts';

const issue = 'message pasted by users of the JWT authorizer';

const refusedToken = (description: string) => ({
  'content-length': '26',
  'www-authenticate': `Bearer scope="" error="invalid_token" error_description="${description}"`,
});

export const httpAnswers: readonly Row[] = [
  {
    what: 'a path without a route',
    source: 'seen: curl -i of a deployed API, with content-length 23',
    provoke: () => http({}, { path: '/none' }),
    status: 404,
    headers: { ...JSON_TYPE, 'content-length': '23' },
    text: '{"message":"Not Found"}',
  },
  ...(
    [
      ['a function that throws', raise('boom')],
      ['a function that may not be invoked', forbid],
      ['an answer with a body that is an object', () => ({ statusCode: 200, body: {} })],
      ['an answer whose status is none', () => ({ statusCode: 'x' })],
      ['an answer whose header splits', () => ({ statusCode: 200, headers: { a: 'b\r\nc: d' } })],
    ] as const
  ).map(
    ([what, fn]): Row => ({
      what,
      source: 'guide: "Troubleshooting issues with HTTP API Lambda integrations"',
      provoke: () => http({ fn }),
      status: 500,
      headers: { ...JSON_TYPE, 'content-length': '35' },
      text: '{"message":"Internal Server Error"}',
    }),
  ),
  {
    what: 'a function that takes as long as its time-out',
    source: `seen: the body, in notes of users; the 30 s stand in the ${quota} an HTTP API`,
    provoke: () => http({ fn: never, turn: 29_000 }),
    status: 503,
    headers: { ...JSON_TYPE, 'content-length': '33' },
    text: '{"message":"Service Unavailable"}',
  },
  {
    what: 'a request above the rate and burst of its route',
    source: 'seen: the body, in notes of users',
    provoke: () => http({ throttled: true }),
    status: 429,
    headers: { ...JSON_TYPE, 'content-length': '31' },
    text: '{"message":"Too Many Requests"}',
  },
  {
    what: 'a body of 10 MB and a byte',
    source: `guess: the answer; the size stands in the ${quota} an HTTP API`,
    provoke: () => http({ body: Buffer.alloc(10 * 1024 * 1024 + 1) }, { method: 'POST' }),
    status: 413,
    headers: { ...JSON_TYPE, 'content-length': '38' },
    text: '{"message":"Request Entity Too Large"}',
  },
  {
    what: 'a request line and header values of 10,241 bytes',
    source: `guess: the answer; the size stands in the ${quota} an HTTP API`,
    provoke: () => http({}, headOf(10_241)),
    status: 431,
    headers: { ...JSON_TYPE, 'content-length': '45' },
    text: '{"message":"Request Header Fields Too Large"}',
  },
  {
    what: 'a request line and header values of 10,240 bytes, which pass',
    source: `guide: "Total combined size of request line and header values", ${quota} an HTTP API`,
    provoke: () => http({}, headOf(10_240)),
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': '2' },
    text: 'ok',
  },
  {
    what: 'a token for another client',
    source: 'guide: "Troubleshooting issues with HTTP API JWT authorizers", curl -v without a content-type',
    provoke: () => withToken({ client_id: 'other' }),
    status: 401,
    headers: refusedToken('the token does not have a valid audience'),
    text: '{"message":"Unauthorized"}',
  },
  {
    what: 'a token that is none',
    source: `seen: ${issue}`,
    provoke: () => withToken('nonsense'),
    status: 401,
    headers: refusedToken('token contains an invalid number of segments'),
    text: '{"message":"Unauthorized"}',
  },
  {
    what: 'an issuer whose keys cannot be read',
    source: `seen: ${issue}, in headers and access logs`,
    provoke: () => withToken({}, { issuerIsAway: true }),
    status: 401,
    headers: refusedToken('JWKS communication error'),
    text: '{"message":"Unauthorized"}',
  },
  {
    what: 'no token',
    source: 'guess: the bare challenge',
    provoke: () => withToken(''),
    status: 401,
    headers: { 'content-length': '26', 'www-authenticate': 'Bearer' },
    text: '{"message":"Unauthorized"}',
  },
  {
    what: 'a token without a scope that the route asks for',
    source: 'guess: the description; RFC 6750 has the error',
    provoke: () => withToken({ scope: 'openid' }, { scopes: ['a/b', 'a/c'] }),
    status: 403,
    headers: {
      'content-length': '23',
      'www-authenticate':
        'Bearer scope="a/b a/c" error="insufficient_scope" error_description="the token does not have a required scope"',
    },
    text: '{"message":"Forbidden"}',
  },
  {
    what: 'a preflight of a listed origin, with no OPTIONS route and no token',
    source: 'guide: "Configure CORS for HTTP APIs"; 204 is seen',
    provoke: () => http({ cors }, preflight('https://a.example')),
    status: 204,
    headers: {
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '300',
      'access-control-allow-credentials': 'true',
    },
    text: '',
  },
  {
    what: 'a preflight of another origin',
    source: 'guess: the status; the guide promises headers to listed origins alone',
    provoke: () => http({ cors }, preflight('https://b.example')),
    status: 204,
    headers: {},
    text: '',
  },
];
