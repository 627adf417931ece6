import { createHash, createHmac, type Hash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { CredentialStore, type Credentials } from '../../../local/front-door/credentials.ts';
import { AwsError } from '../../../local/front-door/service.ts';
import { verifySignature, type WireRequest } from '../../../local/front-door/signature.ts';
import type { Principal } from '../../../local/iam/policy.ts';

const principal: Principal = {
  arn: 'arn:aws:sts::111122223333:assumed-role/Writer/one',
  identityArn: 'arn:aws:iam::111122223333:role/Writer',
  accountId: '111122223333',
  policies: [],
};

describe('signatures that AWS publishes', () => {
  const example: Credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  };
  const basis = {
    account: localAccount,
    clock: new Clock(new Date('2015-08-30T12:36:00Z')),
    credentials: { find: () => ({ credentials: example, principal, issuedAt: 0 }) },
  };

  test.each<[string, string, Partial<WireRequest>, string, string]>([
    [
      'get-vanilla',
      'service',
      {},
      'host;x-amz-date',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    [
      'post-vanilla',
      'service',
      { method: 'POST' },
      'host;x-amz-date',
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'get-vanilla-query-order-key-case',
      'service',
      { query: 'Param2=value2&Param1=value1' },
      'host;x-amz-date',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'ListUsers of the SigV4 guide',
      'iam',
      {
        query: 'Action=ListUsers&Version=2010-05-08',
        headers: {
          host: 'iam.amazonaws.com',
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        },
      },
      'content-type;host;x-amz-date',
      '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    ],
  ])('%s', async (_, service, parts, signedHeaders, signature) => {
    const wire: WireRequest = {
      method: 'GET',
      path: '/',
      query: '',
      body: Buffer.alloc(0),
      ...parts,
      headers: {
        host: 'example.amazonaws.com',
        ...parts.headers,
        'x-amz-date': '20150830T123600Z',
        authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/${service}/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      },
    };
    await expect(verifySignature(wire, service, basis)).resolves.toMatchObject({ principal });
  });
});

const clock = new Clock(new Date('2030-01-01T00:00:00Z'));
const credentials = new CredentialStore(clock);
const basis = { account: localAccount, clock, credentials };

describe('a request signed by the AWS SDK', () => {
  const issued = credentials.issue(principal);
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const segment = fc.string({ unit: 'grapheme', maxLength: 6 }).map(encodeURIComponent);
  const requests = fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    path: fc
      .array(
        segment.filter((part) => part !== '.' && part !== '..'),
        { maxLength: 3 },
      )
      .map((parts) => `/${parts.join('/')}`),
    query: fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 6 }), { maxKeys: 3 }),
    extra: fc.dictionary(
      name.map((rest) => `x-amz-meta-${rest}`),
      fc.stringMatching(/^[!-~]{1,12}$/),
      { maxKeys: 3 },
    ),
    body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    checksum: fc.boolean(),
  });
  type Request = typeof requests extends fc.Arbitrary<infer T> ? T : never;

  test('is accepted, and is its signer', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const wire = await signed(request, issued);
        expect((await verifySignature(wire, 'svc', basis)).principal).toBe(principal);
      }),
      { numRuns: 150 },
    );
  });

  test('is refused once one byte differs, wherever it stands', async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 93 }),
        async (request, where, at, by) => {
          const wire = await signed(request, issued);
          const tampered = tamper(wire, where, at, by);
          fc.pre(tampered !== undefined);
          await expect(verifySignature(tampered ?? wire, 'svc', basis)).rejects.toBeInstanceOf(AwsError);
        },
      ),
      { numRuns: 400 },
    );
  });

  async function signed(request: Request, by: Credentials): Promise<WireRequest> {
    const { method, path, query, extra, body, checksum } = request;
    const signer = new SignatureV4({
      credentials: by,
      region: 'us-east-1',
      service: 'svc',
      sha256: Sha256,
      applyChecksum: checksum,
    });
    const result = await signer.sign(
      {
        method,
        protocol: 'https:',
        hostname: 'svc',
        path,
        query,
        headers: { host: 'svc:1', ...extra },
        body,
      },
      { signingDate: new Date(clock.now()) },
    );
    const pairs = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    return { method, path, query: pairs.join('&'), headers: result.headers, body };
  }
});

describe('what is refused', () => {
  const issued = credentials.issue(principal);
  const refused = (wire: WireRequest) =>
    verifySignature(wire, 'svc', basis).then(
      () => 'accepted',
      (error: AwsError) => `${error.code}: ${error.message}`,
    );
  const invalidToken = 'UnrecognizedClientException: The security token included in the request is invalid.';

  test('no signature, or another kind of authorization', async () => {
    const wire = await sign(issued);
    const { authorization: _, ...headers } = wire.headers;
    const missing = 'MissingAuthenticationTokenException: Request is missing Authentication Token';
    expect(await refused({ ...wire, headers })).toBe(missing);
    expect(await refused(withHeaders(wire, { authorization: 'Bearer x' }))).toBe(missing);
  });

  test('an incomplete signature, saying what it lacks', async () => {
    const wire = await sign(issued);
    const authorization = 'AWS4-HMAC-SHA256 Credential=a/b/c/d';
    expect(await refused(withHeaders(wire, { authorization }))).toBe(
      `IncompleteSignatureException: Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization=${authorization}`,
    );
    expect(await refused(withHeaders(wire, { 'x-amz-date': '2030' }))).toContain(
      "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '2030'.",
    );
  });

  test('a signature older or newer than five minutes by the Clock', async () => {
    const at = (seconds: number) => sign(issued, new Date(clock.now() + seconds * 1000));
    expect(await refused(await at(-295))).toBe('accepted');
    expect(await refused(await at(295))).toBe('accepted');
    expect(await refused(await at(-302))).toMatch(
      /^InvalidSignatureException: Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(20300101T\d{6}Z - 5 min\.\)$/,
    );
    expect(await refused(await at(305))).toMatch(
      /^InvalidSignatureException: Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(20300101T\d{6}Z \+ 5 min\.\)$/,
    );
  });

  test('a host, target or token that is not under the signature', async () => {
    const wire = await sign(issued);
    expect(await refused(withHeaders(wire, { 'x-amz-target': 'Svc.Delete' }))).toBe(
      "InvalidSignatureException: 'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.",
    );
  });

  test('another region, another service', async () => {
    expect(await refused(await sign(issued, undefined, 'eu-west-1'))).toContain(
      "InvalidSignatureException: Credential should be scoped to a valid region, not 'eu-west-1'.",
    );
    expect(await refused(await sign(issued, undefined, 'us-east-1', 'kms'))).toContain(
      "Credential should be scoped to correct service: 'svc'.",
    );
  });

  test('a scope of another day than the date', async () => {
    const wire = await sign(issued);
    const authorization = wire.headers.authorization?.replace('/20300101/', '/20300102/') ?? '';
    expect(await refused(withHeaders(wire, { authorization }))).toContain(
      "InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20300102' != '20300101', from '20300101T",
    );
  });

  test('a path that only comes to the signed one by its dots', async () => {
    const wire = await sign(issued);
    expect(await refused({ ...wire, path: '/else/../' })).toContain('InvalidSignatureException: The request');
  });

  test('a key that nobody has, or that was revoked', async () => {
    const gone = credentials.issue(principal);
    const wire = await sign(gone);
    expect(await refused(wire)).toBe('accepted');
    credentials.revoke(gone.accessKeyId);
    expect(await refused(wire)).toBe(invalidToken);
  });

  test('a session key without its token, or with the token of another', async () => {
    const { sessionToken: _, ...withoutToken } = issued;
    const other = credentials.issue(principal);
    expect(await refused(await sign(withoutToken))).toBe(invalidToken);
    expect(await refused(await sign({ ...issued, sessionToken: other.sessionToken ?? '' }))).toBe(
      invalidToken,
    );
  });

  test('another secret', async () => {
    expect(await refused(await sign({ ...issued, secretAccessKey: 'guessed' }))).toBe(
      'InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  });

  test('a body hash that is signed and is not that of the body', async () => {
    const wire = await sign(issued, undefined, undefined, undefined, {
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    });
    expect(await refused(wire)).toContain('InvalidSignatureException');
  });
});

test('a role session gets a temporary key with a token, a user a lasting one without', () => {
  const user = { ...principal, arn: 'arn:aws:iam::1:user/ana', identityArn: 'arn:aws:iam::1:user/ana' };
  expect(credentials.issue(principal)).toEqual({
    accessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
    secretAccessKey: expect.stringMatching(/^[\w+/]{40}$/),
    sessionToken: expect.stringMatching(/^[\w+/]{256}$/),
  });
  const keys = credentials.issue(user);
  expect(keys.accessKeyId).toMatch(/^AKIA/);
  expect(keys).not.toHaveProperty('sessionToken');
});

async function sign(
  by: Credentials,
  signingDate = new Date(clock.now()),
  region = 'us-east-1',
  service = 'svc',
  extra: Record<string, string> = {},
): Promise<WireRequest> {
  const signer = new SignatureV4({ credentials: by, region, service, sha256: Sha256, applyChecksum: false });
  const body = Buffer.from('{"a":1}');
  const headers = { host: 'svc', 'content-type': 'application/json', ...extra };
  const result = await signer.sign(
    { method: 'POST', protocol: 'https:', hostname: 'svc', path: '/', query: {}, headers, body },
    { signingDate },
  );
  return { method: 'POST', path: '/', query: '', headers: result.headers, body };
}

function withHeaders(wire: WireRequest, headers: Record<string, string>): WireRequest {
  return { ...wire, headers: { ...wire.headers, ...headers } };
}

/** Changes one character of one part to another that is neither a space nor outside printable ASCII. */
function tamper(wire: WireRequest, where: number, at: number, by: number): WireRequest | undefined {
  const names = Object.keys(wire.headers);
  const part = ['method', 'path', 'query', 'body', ...names][where % (4 + names.length)] ?? 'method';
  if (part === 'body') {
    if (wire.body.length === 0) return { ...wire, body: Buffer.from('x') };
    const body = Buffer.from(wire.body);
    const index = at % body.length;
    body.writeUInt8(body.readUInt8(index) ^ by, index);
    return { ...wire, body };
  }
  const text =
    part === 'method' || part === 'path' || part === 'query' ? wire[part] : (wire.headers[part] ?? '');
  const index = text.length === 0 ? 0 : at % text.length;
  const code = 33 + ((text.charCodeAt(index) - 33 + by) % 94);
  const changed = text.slice(0, index) + String.fromCharCode(code || 33) + text.slice(index + 1);
  if (part === 'path' && (changed === text || sameAddress(changed, text))) return undefined;
  if (part === 'query' && (changed.includes('?') || sameAddress(changed, text))) return undefined;
  return part in wire && part !== 'headers'
    ? { ...wire, [part]: changed }
    : { ...wire, headers: { ...wire.headers, [part]: changed } };
}

/** `%2f` and `%2F` are the same address, in canonical form too; so are `a&b` and `b&a`. */
function sameAddress(one: string, other: string): boolean {
  const plain = (text: string) => {
    try {
      return text
        .split('&')
        .map((part) => decodeURIComponent(part.endsWith('=') ? part.slice(0, -1) : part))
        .sort()
        .join('&');
    } catch {
      return undefined;
    }
  };
  return plain(one) !== undefined && plain(one) === plain(other);
}

class Sha256 {
  private readonly hash: Hash | ReturnType<typeof createHmac>;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {}
}
