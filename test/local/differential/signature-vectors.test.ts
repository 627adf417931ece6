import { expect, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { verifySignature, type WireRequest } from '../../../local/front-door/signature.ts';
import type { Principal } from '../../../local/iam/policy.ts';

/**
 * Signatures of AWS's Signature Version 4 test suite (`aws-sig-v4-test-suite`, published with the SigV4 guide and kept in
 * awslabs/aws-c-auth under Apache-2.0), beside those in front-door/signature.test.ts. Each was made by AWS, so that none
 * can be met by chance.
 */
const principal: Principal = {
  arn: 'arn:aws:iam::111122223333:user/example',
  identityArn: 'arn:aws:iam::111122223333:user/example',
  accountId: '111122223333',
  policies: [],
};
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const basis = {
  account: localAccount,
  clock: new Clock(new Date('2015-08-30T12:36:00Z')),
  credentials: { find: () => ({ credentials, principal, issuedAt: 0 }) },
};

type Vector = [name: string, request: Partial<WireRequest>, signedHeaders: string, signature: string];

const VANILLA = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
const vectors: Vector[] = [
  [
    'get-header-value-trim',
    { headers: { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' } },
    'host;my-header1;my-header2;x-amz-date',
    'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  ],
  [
    'get-header-value-order',
    { headers: { 'my-header1': 'value4,value1,value3,value2' } },
    'host;my-header1;x-amz-date',
    '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  ],
  [
    'get-header-key-duplicate',
    { headers: { 'my-header1': 'value2,value2,value1' } },
    'host;my-header1;x-amz-date',
    'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  ],
  [
    'get-unreserved',
    { path: '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz' },
    'host;x-amz-date',
    '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  ],
  [
    'get-utf8',
    { path: '/\u1234' },
    'host;x-amz-date',
    '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85',
  ],
  [
    'get-space-normalized',
    { path: '/example space/' },
    'host;x-amz-date',
    '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
  ],
  [
    'get-vanilla-query-unreserved',
    {
      query:
        '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    },
    'host;x-amz-date',
    '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  ],
  [
    'get-vanilla-empty-query-key',
    { query: 'Param1=value1' },
    'host;x-amz-date',
    'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  ],
  [
    'get-vanilla-utf8-query',
    { query: '%E1%88%B4=bar' },
    'host;x-amz-date',
    '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  ],
  ['get-slash-normalized', { path: '//' }, 'host;x-amz-date', VANILLA],
  [
    'get-slashes-normalized',
    { path: '//example//' },
    'host;x-amz-date',
    '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  ],
  [
    'post-header-key-sort',
    { method: 'POST', headers: { 'my-header1': 'value1' } },
    'host;my-header1;x-amz-date',
    'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  ],
  [
    'post-header-value-case',
    { method: 'POST', headers: { 'my-header1': 'VALUE1' } },
    'host;my-header1;x-amz-date',
    'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
  ],
  [
    'post-vanilla-query',
    { method: 'POST', query: 'Param1=value1' },
    'host;x-amz-date',
    '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
  ],
  [
    'post-x-www-form-urlencoded',
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from('Param1=value1'),
    },
    'content-type;host;x-amz-date',
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
  [
    'post-x-www-form-urlencoded-parameters',
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf8' },
      body: Buffer.from('Param1=value1'),
    },
    'content-type;host;x-amz-date',
    '1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe',
  ],
];

test.each(vectors)('%s is accepted, and refused once its signature differs', async (...vector) => {
  await expect(verify(vector)).resolves.toMatchObject({ principal });
  const [name, request, signedHeaders, signature] = vector;
  const other = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`;
  await expect(verify([name, request, signedHeaders, other])).rejects.toMatchObject({
    code: 'InvalidSignatureException',
  });
});

test.each<Vector>([
  ['get-relative-normalized', { path: '/example/..' }, 'host;x-amz-date', VANILLA],
  ['get-relative-relative-normalized', { path: '/example1/example2/../..' }, 'host;x-amz-date', VANILLA],
  ['get-slash-dot-slash-normalized', { path: '/./' }, 'host;x-amz-date', VANILLA],
  [
    'get-slash-pointless-dot-normalized',
    { path: '/./example' },
    'host;x-amz-date',
    'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5',
  ],
])('%s is refused, though AWS accepts it: no client of ours writes dots into a path', async (...vector) => {
  await expect(verify(vector)).rejects.toMatchObject({ code: 'InvalidSignatureException' });
});

test('a vector of another key, another day or another body is none', async () => {
  const [name, request, signedHeaders, signature] = vectors.at(-1) ?? [];
  if (!name || !request || !signedHeaders || !signature) throw new Error('there is no vector');
  const changed: Partial<WireRequest>[] = [
    { ...request, body: Buffer.from('Param1=value2') },
    { ...request, method: 'PUT' },
    { ...request, path: '/other' },
    { ...request, headers: { 'content-type': 'text/plain' } },
  ];
  for (const other of changed)
    await expect(verify([name, other, signedHeaders, signature])).rejects.toMatchObject({
      code: 'InvalidSignatureException',
    });
});

function verify([, request, signedHeaders, signature]: Vector) {
  const wire: WireRequest = {
    method: 'GET',
    path: '/',
    query: '',
    body: Buffer.alloc(0),
    ...request,
    headers: {
      host: 'example.amazonaws.com',
      ...request.headers,
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=${signedHeaders}, Signature=${signature}`,
    },
  };
  return verifySignature(wire, 'service', basis);
}
