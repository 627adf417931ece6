import {
  connections,
  forbid,
  frame,
  handshake,
  JSON_TYPE,
  never,
  policy,
  quota,
  type Row,
  raise,
  urlOf,
} from './provoke-answers.ts';

const FRAME_SEEN = 'seen: frames that many clients of deployed APIs pasted, spaces included';

export const frames: readonly Row[] = [
  {
    what: 'a message without a route where there is no $default',
    source: FRAME_SEEN,
    provoke: () => frame({ key: 'other' }),
    text: '{"message": "Forbidden", "connectionId":"<id>", "requestId":"<id>"}',
  },
  ...(
    [
      ['a function that throws', raise('boom')],
      ['a function that may not be invoked', forbid],
      ['an answer without a status', () => 'hello'],
      ['no answer', () => undefined],
    ] as const
  ).map(
    ([what, fn]): Row => ({
      what: `${what}, told in a frame`,
      source: FRAME_SEEN,
      provoke: () => frame({ fn }),
      text: '{"message": "Internal server error", "connectionId":"<id>", "requestId":"<id>"}',
    }),
  ),
  {
    what: 'a function that takes 29 s, told in a frame',
    source: `seen: frames of deployed APIs; the 29 s stand in the ${quota} a WebSocket API`,
    provoke: () => frame({ fn: never, turn: 29_000 }),
    text: '{"message": "Endpoint request timed out", "connectionId":"<id>", "requestId":"<id>"}',
  },
  {
    what: 'a frame above the rate and burst of its route',
    source: 'guess: the words; the form is that of the other frames',
    provoke: () => frame({ throttled: true }),
    text: '{"message": "Too Many Requests", "connectionId":"<id>", "requestId":"<id>"}',
  },
];

const HANDSHAKE_GUESS = 'guess: the body; "$connect and $disconnect routes" of the guide has the status';
const refusal = (message: string) => `{"message": "${message}", "connectionId":"<id>", "requestId":"<id>"}`;

const handshakeRows: readonly Row[] = [
  {
    what: 'a stage that is none',
    source: 'seen: execute-api answers so for what it does not know',
    provoke: () => handshake({ path: '/other' }),
    status: 403,
    text: '{"message":"Forbidden"}',
  },
  {
    what: 'a URL of 4,097 characters',
    source: `guess: the answer; the length stands in the ${quota} a WebSocket API`,
    provoke: () => handshake({ path: urlOf(4097) }),
    status: 414,
    text: '{"message":"URI Too Long"}',
  },
  {
    what: 'a handshake without the identity source of its authorizer',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ protocols: [] }),
    status: 401,
    text: refusal('Unauthorized'),
  },
  {
    what: 'an authorizer that throws Unauthorized',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ authorize: raise('Unauthorized') }),
    status: 401,
    text: refusal('Unauthorized'),
  },
  {
    what: 'an authorizer that denies',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ authorize: policy({ Effect: 'Deny', Action: '*', Resource: '*' }) }),
    status: 403,
    text: refusal(
      'User is not authorized to access this resource with an explicit deny in an identity-based policy',
    ),
  },
  {
    what: 'an authorizer that allows something else',
    source: HANDSHAKE_GUESS,
    provoke: () =>
      handshake({ authorize: policy({ Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::x' }) }),
    status: 403,
    text: refusal('User is not authorized to access this resource'),
  },
  {
    what: 'an authorizer that fails',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ authorize: raise('boom') }),
    status: 500,
    text: refusal('Internal server error'),
  },
  {
    what: 'a $connect function that may not be invoked',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ connect: forbid }),
    status: 500,
    text: refusal('Internal server error'),
  },
  {
    what: 'a $connect function that throws',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ connect: raise('boom') }),
    status: 502,
    text: refusal('Internal server error'),
  },
  {
    what: 'a $connect function that takes 29 s',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ connect: never, turn: 29_000 }),
    status: 504,
    text: refusal('Endpoint request timed out'),
  },
  {
    what: 'a $connect function that answers 418',
    source: 'guide: "$connect and $disconnect routes"',
    provoke: () => handshake({ connect: () => ({ statusCode: 418, body: 'no' }) }),
    status: 418,
    text: 'no',
  },
  {
    what: 'a handshake above the rate and burst of $connect',
    source: HANDSHAKE_GUESS,
    provoke: () => handshake({ throttled: true }),
    status: 429,
    text: refusal('Too Many Requests'),
  },
];

export const handshakes: readonly Row[] = handshakeRows.map((row) => ({
  ...row,
  headers: { ...JSON_TYPE, 'content-length': String(row.text.replaceAll('<id>', 'AAAAAAAAAAAAAAA=').length) },
}));

export const connectionsAnswers: readonly Row[] = [
  {
    what: 'a post to a connection that is gone',
    source:
      'seen: aws-sdk-js 2 shows the status as the message, which it does where there is no body; API reference, 410',
    provoke: () => connections({ id: 'AAAAAAAAAAAAAAA=' }),
    status: 410,
    headers: { 'x-amzn-errortype': 'GoneException' },
    text: '',
  },
  {
    what: 'a post of 128 KB and a byte',
    source: 'guess: the words; the API reference has name and status',
    provoke: () => connections({ bytes: 128 * 1024 + 1 }),
    status: 413,
    headers: { ...JSON_TYPE, 'x-amzn-errortype': 'PayloadTooLargeException' },
    text: '{"message":"Message too long","connectionId":"<id>","requestId":"<id>"}',
  },
  {
    what: 'a post to a stage that is none',
    source: 'seen: execute-api answers so for what it does not know; API reference, 403',
    provoke: () => connections({ stage: 'other' }),
    status: 403,
    headers: { ...JSON_TYPE, 'x-amzn-errortype': 'ForbiddenException' },
    text: '{"message":"Forbidden"}',
  },
];
