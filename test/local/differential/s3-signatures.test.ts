import { expect, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import type { RequestHead } from '../../../local/front-door/request-head.ts';
import type { Principal } from '../../../local/iam/policy.ts';
import { identify } from '../../../local/s3/identify.ts';

/**
 * The examples of S3's API reference, "Authenticating Requests: Using Query Parameters" and "Signature Calculations for the
 * Authorization Header: Transferring Payload in a Single Chunk", each with the signature that AWS publishes there.
 */
const arn = 'arn:aws:iam::111122223333:user/example';
const principal: Principal = { arn, identityArn: arn, accountId: '111122223333', policies: [] };
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const clock = new Clock(new Date('2013-05-24T00:00:00Z'));
const basis = {
  ...{ account: localAccount, clock },
  credentials: {
    find: (id: string) =>
      id === credentials.accessKeyId ? { credentials, principal, issuedAt: 0 } : undefined,
  },
};
const host = 'examplebucket.s3.amazonaws.com';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const presigned: RequestHead = {
  method: 'GET',
  path: '/test.txt',
  query: [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    'X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request',
    'X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host',
    'X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  ].join('&'),
  headers: { host },
};

const inHeaders: readonly (readonly [name: string, request: Partial<RequestHead>, signature: string])[] = [
  [
    'GET Object',
    { path: '/test.txt', headers: { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY } },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'PUT Object',
    {
      method: 'PUT',
      path: '/test%24file.text',
      headers: {
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      },
    },
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'GET Bucket Lifecycle',
    { query: 'lifecycle', headers: { 'x-amz-content-sha256': EMPTY } },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'Get Bucket (List Objects)',
    { query: 'max-keys=2&prefix=J', headers: { 'x-amz-content-sha256': EMPTY } },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
];

test('AWS’s own presigned URL is its signer’s for a day, and nobody’s with one character changed', () => {
  expect(identify(presigned, basis).principal).toBe(principal);
  const longer = { ...presigned, query: presigned.query.replace('86400', '86401') };
  expect(() => identify(longer, basis)).toThrow('The request signature we calculated does not match');
  const other = { ...presigned, path: '/test.tx' };
  expect(() => identify(other, basis)).toThrow('The request signature we calculated does not match');
  const late = new Clock(new Date('2013-05-25T00:00:00Z'));
  expect(() => identify(presigned, { ...basis, clock: late })).toThrow('Request has expired');
});

test.each(inHeaders)('AWS’s own %s is its signer’s', (_, given, signature) => {
  const request = { method: 'GET', path: '/', query: '', ...given };
  const headers: Record<string, string> = { host, 'x-amz-date': '20130524T000000Z', ...given.headers };
  const signed = Object.keys(headers).sort().join(';');
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${signed},Signature=${signature}`;
  expect(identify({ ...request, headers: { ...headers, authorization } }, basis).principal).toBe(principal);
  const tampered = { ...headers, authorization, 'x-amz-content-sha256': EMPTY.replace('e3', 'e4') };
  expect(() => identify({ ...request, headers: tampered }, basis)).toThrow();
});
