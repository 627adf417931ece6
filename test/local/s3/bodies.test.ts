import { createHash } from 'node:crypto';
import { type ClientRequest, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { DeleteObjectsCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeChunks } from '../../../local/s3/aws-chunked.ts';
import { role } from '../front-door/open-front-door.ts';
import { BUCKET as Bucket, type Buckets, openBuckets } from './open-buckets.ts';

const everything = role('Everything', { Effect: 'Allow', Action: '*', Resource: '*' });

describe('a body that is not what its head says', () => {
  let buckets: Buckets;
  let url: URL;
  beforeAll(async () => {
    buckets = await openBuckets();
    const client = buckets.client(everything);
    client.config.requestChecksumCalculation = async () => 'WHEN_REQUIRED';
    url = new URL(await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'never' })));
  });
  afterAll(() => buckets.close());

  const open = (headers: Record<string, string>) =>
    request(url, { method: 'PUT', headers: { connection: 'close', ...headers }, agent: false });
  const answerTo = (outgoing: ClientRequest) =>
    new Promise<string>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        let text = '';
        incoming.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        incoming.on('end', () => resolve(`${incoming.statusCode} ${/<Code>(\w+)</.exec(text)?.[1]}`));
      });
    });
  const put = (headers: Record<string, string>, body: string) => {
    const outgoing = open({ 'content-length': String(Buffer.byteLength(body)), ...headers });
    outgoing.end(body);
    return answerTo(outgoing);
  };
  const md5 = createHash('md5').update('other').digest('base64');
  const nothingIsLeft = () => expect(buckets.files()).toEqual([[], []]);

  test.each([
    ['another MD5', { 'content-md5': md5 }, '400 BadDigest'],
    ['an MD5 that is none', { 'content-md5': 'none' }, '400 InvalidDigest'],
    ['more than 5 GB', { 'content-length': String(5 * 1024 ** 3 + 1) }, '400 EntityTooLarge'],
    ['no length', { 'transfer-encoding': 'chunked' }, '411 MissingContentLength'],
  ])('%s is refused, and nothing is left', async (_, headers, expected) => {
    const { 'content-length': length, ...others }: Record<string, string> = headers;
    const outgoing = open({
      ...others,
      ...('transfer-encoding' in headers ? {} : { 'content-length': length ?? '5' }),
    });
    outgoing.write('bytes');
    if (length === undefined) outgoing.end();
    expect(await answerTo(outgoing)).toBe(expected);
    outgoing.destroy();
    nothingIsLeft();
  });

  test('an upload whose sender goes away half-way leaves nothing', async () => {
    const outgoing = open({ 'content-length': '100000' });
    outgoing.on('error', () => {}); // it is destroyed below
    outgoing.write(Buffer.alloc(50_000));
    await expect.poll(() => buckets.files()[1]).toHaveLength(1);
    outgoing.destroy();
    await expect.poll(() => buckets.files()).toEqual([[], []]);
  });

  test('who waits to be told to go on is refused before it has sent a byte, and told to go on where it may', async () => {
    const refused = open({ 'content-length': '100000', expect: '100-continue', 'x-amz-meta-unsigned': '1' });
    let goes = 0;
    refused.on('continue', () => {
      goes += 1;
    });
    refused.flushHeaders();
    expect(await answerTo(refused)).toBe('403 AccessDenied');
    expect(goes).toBe(0);

    const welcome = open({ 'content-length': '5', expect: '100-continue' });
    welcome.on('continue', () => {
      goes += 1;
      welcome.end('bytes');
    });
    welcome.flushHeaders();
    expect(await answerTo(welcome)).toBe('200 undefined');
    expect(goes).toBe(1);
    expect(buckets.files().map((names) => names.length)).toEqual([1, 0]);
  });

  test('aws-chunked with a trailer is taken apart wherever it is cut, and a trailer that lies is refused', async () => {
    const client = buckets.client(everything);
    const signed = await signedHead(client);
    const whole = (crc32: string) =>
      `5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:${crc32}\r\n\r\n`;
    const send = (crc32: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(url.port), url.hostname);
        socket.write(`${signed(whole(crc32).length)}\r\n\r\n${whole(crc32)}`);
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.includes('\r\n\r\n')) socket.end();
        });
        socket.on('error', reject);
        socket.on('close', () => resolve(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? ''));
      });
    const right = 'DUoRhQ=='; // CRC-32 of `hello world`
    expect([await send(right), await send('AAAAAA==')]).toEqual(['200', '400']);
    for (let cut = 1; cut < whole(right).length; cut++) {
      const trailers = new Map<string, string>();
      const [first, second] = [whole(right).slice(0, cut), whole(right).slice(cut)];
      const cutThere = Readable.from([Buffer.from(first), Buffer.from(second)]);
      const bytes = await Readable.from(decodeChunks(cutThere, trailers)).toArray();
      expect([cut, String(Buffer.concat(bytes)), ...trailers.values()]).toEqual([cut, 'hello world', right]);
    }
    const short = Readable.from([Buffer.from(whole(right).slice(0, -1))]);
    await expect(Readable.from(decodeChunks(short, new Map())).toArray()).rejects.toThrow('number of bytes');
    expect(await put({}, 'bytes')).toBe('200 undefined');
  });

  test('another document than the one that was signed deletes nothing', async () => {
    const client = buckets.client(everything);
    await buckets.client(everything).send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
    const { path, headers, body } = await unsent(
      client,
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'gone' }] } }),
    );
    const send = (document: string) =>
      fetch(new URL(`${path}?delete=`, url), { method: 'POST', headers: sendable(headers), body: document });
    const other = await send(String(body).replace('gone', 'kept'));
    expect([other.status, await other.text()]).toEqual([
      400,
      expect.stringContaining('XAmzContentSHA256Mismatch'),
    ]);
    expect((await send(String(body))).status).toBe(200);
    await buckets.client(everything).send(new HeadObjectCommand({ Bucket, Key: 'kept' }));
  });

  /** The head of a PUT as the SDK signs it for a body that it streams, with room for the length of the body. */
  async function signedHead(client: S3Client): Promise<(length: number) => string> {
    const Body = Readable.from([Buffer.from('hello world')]);
    const chunked = { Bucket, Key: 'chunked', Body, ContentLength: 11, ChecksumAlgorithm: 'CRC32' } as const;
    const { path, headers } = await unsent(client, new PutObjectCommand(chunked));
    return (length) =>
      [
        `PUT ${path}?x-id=PutObject HTTP/1.1`,
        ...Object.entries({ ...headers, 'content-length': String(length) })
          .filter(([name]) => !/^(expect|transfer-encoding)$/i.test(name))
          .map(([name, value]) => `${name}: ${value}`),
      ].join('\r\n');
  }
});

interface Unsent {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** A request as the SDK signs it, not sent. */
async function unsent(client: S3Client, command: PutObjectCommand | DeleteObjectsCommand): Promise<Unsent> {
  let seen: Unsent | undefined;
  const handle = async (given: unknown) => {
    seen = given as Unsent;
    throw new Error('kept back');
  };
  Object.assign(client.config.requestHandler, { handle });
  await client.send(command as PutObjectCommand).catch(() => {});
  if (!seen) throw new Error('the SDK made no request');
  return seen;
}

function sendable(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(host|content-length)$/i.test(name)),
  );
}
