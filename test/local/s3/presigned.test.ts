import { createHash } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../../local/iam/policy.ts';
import { role } from '../front-door/open-front-door.ts';
import { BUCKET as Bucket, type Buckets, KEY_ARN, openBuckets } from './open-buckets.ts';

const objects = `arn:aws:s3:::${Bucket}/in/*`;
const viaS3 = { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } };
/** May put under `in/` with the bucket's key, and nothing else. */
const uploader = role(
  'Uploader',
  { Sid: 'Put', Effect: 'Allow', Action: 's3:PutObject', Resource: objects },
  { Sid: 'Key', Effect: 'Allow', Action: 'kms:GenerateDataKey', Resource: KEY_ARN, Condition: viaS3 },
);
const reader = role(
  'Reader',
  { Effect: 'Allow', Action: ['s3:GetObject', 's3:GetObjectVersion'], Resource: objects },
  { Effect: 'Allow', Action: 'kms:Decrypt', Resource: KEY_ARN, Condition: viaS3 },
);
const policy = [
  {
    Sid: 'NoPlainTransport',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  },
  {
    Sid: 'OnlyOurKey',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: objects,
    Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': KEY_ARN } },
  },
  {
    Sid: 'OnlyOnce',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: objects,
    Condition: { Null: { 's3:if-none-match': 'true' } },
  },
] as const;
const properties = {
  VersioningConfiguration: { Status: 'Enabled' },
  BucketEncryption: {
    ServerSideEncryptionConfiguration: [
      {
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY_ARN },
        BucketKeyEnabled: true,
      },
    ],
  },
  CorsConfiguration: {
    CorsRules: [
      {
        AllowedMethods: ['PUT'],
        AllowedOrigins: ['https://clinic.example'],
        AllowedHeaders: ['*'],
        MaxAge: 60,
      },
    ],
  },
};

const content = Buffer.from('a picture of nobody');
const sha256 = createHash('sha256').update(content).digest('base64');
const headers = {
  'content-length': String(content.length),
  'content-type': 'image/png',
  'if-none-match': '*',
  'x-amz-checksum-sha256': sha256,
  'x-amz-server-side-encryption': 'aws:kms',
  'x-amz-server-side-encryption-aws-kms-key-id': KEY_ARN,
};

describe('a presigned PUT with length, type, checksum, key and If-None-Match under its signature', () => {
  let buckets: Buckets;
  beforeAll(async () => {
    buckets = await openBuckets({ properties, policy });
  });
  afterAll(() => buckets.close());

  const presigned = (Key: string, who: Principal = uploader) =>
    getSignedUrl(
      buckets.client(who),
      new PutObjectCommand({
        ...{ Bucket, Key, IfNoneMatch: '*', ContentType: 'image/png', ContentLength: content.length },
        ...{ ChecksumSHA256: sha256, ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KEY_ARN },
      }),
      {
        expiresIn: 300,
        signableHeaders: new Set([...Object.keys(headers), 'host']),
        unhoistableHeaders: new Set(Object.keys(headers)),
      },
    );
  const put = async (url: string, sent: Record<string, string> = headers, body: Uint8Array = content) => {
    const answer = await fetch(url, { method: 'PUT', headers: sent, body: new Uint8Array(body) });
    const text = await answer.text();
    const [, code] = /<Code>(\w+)</.exec(text) ?? [];
    return { status: answer.status, code, text, headers: answer.headers };
  };
  const without = (name: string) =>
    Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name));

  test('stores the object once, under its key, and answers what S3 answers', async () => {
    const url = await presigned('in/once');
    const first = await put(url);
    expect(first).toMatchObject({ status: 200, text: '' });
    expect(Object.fromEntries(first.headers)).toMatchObject({
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      'x-amz-checksum-sha256': sha256,
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': KEY_ARN,
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
      'x-amz-version-id': expect.stringMatching(/^[\w.]{32}$/),
    });
    expect(await put(url)).toMatchObject({ status: 412, code: 'PreconditionFailed' });

    const got = await buckets.client(reader).send(new GetObjectCommand({ Bucket, Key: 'in/once' }));
    expect(await got.Body?.transformToString()).toBe(String(content));
    expect(got).toMatchObject({ ContentType: 'image/png', VersionId: first.headers.get('x-amz-version-id') });
    const record = buckets.meter.totals(
      ({ operation, status }) => operation === 'PutObject' && status === 200,
    );
    expect(record).toMatchObject({ calls: 1, requestBytes: content.length });
    const allowed = buckets.permissions
      .allowances()
      .map(({ action, statement }) => `${action} by ${statement}`);
    expect(allowed).toEqual(expect.arrayContaining(['s3:PutObject by Put', 'kms:GenerateDataKey by Key']));
    expect(buckets.trail.events()[0]).toMatchObject({
      eventName: 'PutObject',
      eventCategory: 'Data',
      requestParameters: { bucketName: Bucket, key: 'in/once', 'x-amz-server-side-encryption': 'aws:kms' },
      additionalEventData: { AuthenticationMethod: 'QueryString', bytesTransferredIn: content.length },
    });
    expect(JSON.stringify(buckets.trail.events())).not.toMatch(/X-Amz-(Signature|Security-Token)/i);
  });

  test('refuses whatever is otherwise than it was signed, and stores nothing', async () => {
    const longer = Buffer.concat([content, Buffer.from('!')]);
    const other = Buffer.from(content).fill('x');
    const refusals: Record<string, [sent: Record<string, string>, body: Buffer, code: string]> = {
      'one byte more': [{ ...headers, 'content-length': '20' }, longer, 'SignatureDoesNotMatch'],
      'one byte less': [{ ...headers, 'content-length': '18' }, content.subarray(1), 'SignatureDoesNotMatch'],
      'another type': [{ ...headers, 'content-type': 'text/html' }, content, 'SignatureDoesNotMatch'],
      'other bytes': [headers, other, 'BadDigest'],
      'another checksum': [
        { ...headers, 'x-amz-checksum-sha256': createHash('sha256').update(other).digest('base64') },
        other,
        'SignatureDoesNotMatch',
      ],
      'no checksum': [without('x-amz-checksum-sha256'), content, 'SignatureDoesNotMatch'],
      'no encryption header': [without('x-amz-server-side-encryption'), content, 'SignatureDoesNotMatch'],
      'no condition': [without('if-none-match'), content, 'SignatureDoesNotMatch'],
      'a header beside the signed ones': [{ ...headers, 'x-amz-meta-more': '1' }, content, 'AccessDenied'],
      'a tag beside them': [{ ...headers, 'x-amz-tagging': 'clean=yes' }, content, 'AccessDenied'],
    };
    const url = await presigned('in/never');
    const before = buckets.files();
    for (const [what, [sent, body, code]] of Object.entries(refusals)) {
      const answer = await put(url, sent, body);
      expect([what, answer.code]).toEqual([what, code]);
      expect([what, answer.status]).toEqual([what, code === 'BadDigest' ? 400 : 403]);
    }
    const elsewhere = url.replace('in/never', 'in/elsewhere');
    expect(await put(elsewhere)).toMatchObject({ code: 'SignatureDoesNotMatch' });
    expect(await put(url.replace(/(X-Amz-Signature=)./, '$1z'))).toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
    expect(await put(`${url}&versionId=null`)).toMatchObject({ code: 'SignatureDoesNotMatch' });
    expect(await put(url.replace(/X-Amz-Security-Token=[^&]+&/, ''))).toMatchObject({ code: 'InvalidToken' });
    expect(await put(url.replace(/\?.*/, ''))).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(buckets.files()).toEqual(before);
  });

  test('is judged when it is used, as its signer: what the signer may not do, the URL may not', async () => {
    expect(await put(await presigned('out/of-bounds'))).toMatchObject({
      status: 403,
      code: 'AccessDenied',
      text: expect.stringContaining(
        `is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::${Bucket}/out/of-bounds because no identity-based policy allows the s3:PutObject action`,
      ),
    });
    const withoutKey = role('Keyless', { Effect: 'Allow', Action: 's3:*', Resource: '*' });
    expect(await put(await presigned('in/keyless', withoutKey))).toMatchObject({
      code: 'AccessDenied',
      text: expect.stringContaining('kms:GenerateDataKey'),
    });
    const plain = new PutObjectCommand({ Bucket, Key: 'in/plain', Body: content, IfNoneMatch: '*' });
    await expect(buckets.client(uploader).send(plain)).rejects.toThrow(
      'explicit deny in a resource-based policy',
    );
    expect(buckets.permissions.refusals()).toMatchObject([
      { action: 's3:PutObject', principal: expect.stringContaining('Uploader') },
      { action: 'kms:GenerateDataKey', principal: expect.stringContaining('Keyless') },
      { action: 's3:PutObject', message: expect.stringContaining('explicit deny') },
    ]);
  });

  test('whether an object exists is told only to those who may list', async () => {
    const head = new HeadObjectCommand({ Bucket, Key: 'in/nothing' });
    await expect(buckets.client(reader).send(head)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    const lister = { ...reader, policies: [...reader.policies, listing] };
    await expect(buckets.client(lister).send(head)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('is answered to a browser of the origins that the template names, preflight and all', async () => {
    const url = await presigned('in/browser');
    const ask = (origin: string, method = 'PUT') =>
      fetch(url, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'content-type,x-amz-checksum-sha256',
        },
      });
    const allowed = await ask('https://clinic.example');
    expect(allowed.status).toBe(200);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://clinic.example',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'content-type, x-amz-checksum-sha256',
      'access-control-max-age': '60',
    });
    expect([
      (await ask('https://evil.example')).status,
      (await ask('https://clinic.example', 'GET')).status,
    ]).toEqual([403, 403]);
    const refused = await put(url, {
      ...headers,
      origin: 'https://clinic.example',
      'content-type': 'text/html',
    });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://clinic.example');
  });

  test('is over at its second, by the clock', async () => {
    const url = await presigned('in/late');
    const signedAt = Date.parse(
      (/X-Amz-Date=(\w+)/.exec(url)?.[1] ?? '').replace(
        /^(....)(..)(..)T(..)(..)(..)Z$/,
        '$1-$2-$3T$4:$5:$6Z',
      ),
    );
    buckets.clock.advance(signedAt + 299_000 - buckets.clock.now());
    expect(await put(url, { ...headers, 'content-type': 'text/html' })).toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
    buckets.clock.advance(signedAt + 300_000 - buckets.clock.now());
    expect(await put(url)).toMatchObject({
      status: 403,
      code: 'AccessDenied',
      text: expect.stringContaining(
        '<Message>Request has expired</Message><X-Amz-Expires>300</X-Amz-Expires>',
      ),
    });
  });
});

const listing = {
  name: 'Listing',
  document: { Statement: { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}` } },
} as const;
