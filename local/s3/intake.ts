import { pipeline } from 'node:stream/promises';
import { AwsError, type Call } from '../front-door/service.ts';
import { decodeChunks } from './aws-chunked.ts';
import { type ClaimedChecksum, checksumIn, headerOf, requireChecksum, running } from './checksums.ts';
import type { Running } from './crc.ts';
import { refusals } from './errors.ts';
import type { ObjectFiles } from './object-files.ts';
import { type ChecksumAlgorithm, checksumAlgorithms } from './version.ts';

/** A body that arrived whole and is what its headers said. */
export interface Received {
  readonly file: string;
  readonly size: number;
  /** Hex; where it was asked for. */
  readonly md5?: string;
  readonly checksum?: ClaimedChecksum;
}

/** What to make of a body's bytes beyond what its head asks for. */
export interface Wanted {
  /** A checksum, where the request brings none. */
  readonly checksum?: ChecksumAlgorithm | undefined;
  readonly md5?: boolean;
}

/** S3 user guide, "Uploading objects": 5 GB in one request, of a part too. */
export const LARGEST_UPLOAD_BYTES = 5 * 1024 ** 3;

type Headers = Readonly<Record<string, string>>;

/**
 * Streams a request's body into a new kept file and holds it to what the request says of it: length, Content-MD5,
 * x-amz-content-sha256 and the additional checksum, in a header or a trailer. Whatever goes wrong, no file is left.
 */
export async function receive(
  call: Call,
  headers: Headers,
  files: ObjectFiles,
  wanted: Wanted = {},
): Promise<Received> {
  const expected = expectations(headers);
  const { file, stream } = files.begin();
  try {
    const passing = new Passing(expected, wanted);
    await pipeline(bodyOf(call), (source: AsyncIterable<Buffer>) => passing.through(source), stream);
    const received = { file, size: expected.length, ...passing.checked() };
    await files.keep(file);
    return received;
  } catch (error) {
    files.remove(file);
    throw error;
  }
}

/** The body of a small request, an XML document, held to what the request says of it. */
export async function documentOf(call: Call, headers: Headers): Promise<string> {
  const expected = expectations(headers);
  if (expected.length > LARGEST_DOCUMENT_BYTES) {
    throw new AwsError('MaxMessageLengthExceeded', 'Your request was too big.');
  }
  const passing = new Passing(expected);
  const chunks: Buffer[] = [];
  for await (const chunk of passing.through(bodyOf(call))) chunks.push(chunk);
  passing.checked();
  return Buffer.concat(chunks).toString('utf8');
}

/** A list of 10,000 parts with two checksums each is about 2.5 MB. */
const LARGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;

interface Expectations {
  readonly length: number;
  readonly isChunked: boolean;
  /** Hex, where the body was signed. */
  readonly sha256?: string;
  /** Base64. */
  readonly md5?: string;
  readonly checksum?: ClaimedChecksum;
  readonly trailing?: ChecksumAlgorithm;
}

function expectations(headers: Headers): Expectations {
  const payload = headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  const isChunked = payload.startsWith('STREAMING-');
  if (isChunked && payload !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') throw refusals.notImplemented(payload);
  if (!isChunked && payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payload)) {
    const allowed =
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.';
    throw refusals.invalidArgument(allowed, 'x-amz-content-sha256', payload);
  }
  const length = headers[isChunked ? 'x-amz-decoded-content-length' : 'content-length'];
  if (length === undefined || !/^\d+$/.test(length)) throw refusals.missingLength();
  if (Number(length) > LARGEST_UPLOAD_BYTES) throw refusals.tooLarge(Number(length), LARGEST_UPLOAD_BYTES);
  const md5 = headers['content-md5'];
  if (md5 !== undefined && Buffer.from(md5, 'base64').length !== 16) {
    throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid.', 400, {
      'Content-MD5': md5,
    });
  }
  const checksum = checksumIn(headers);
  const trailing = trailingIn(headers);
  if (headers['x-amz-sdk-checksum-algorithm'] !== undefined && !checksum && !trailing) {
    throw refusals.invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  return {
    length: Number(length),
    isChunked,
    ...(/^[0-9a-f]{64}$/.test(payload) ? { sha256: payload } : {}),
    ...(md5 === undefined ? {} : { md5 }),
    ...(checksum ? { checksum } : {}),
    ...(trailing ? { trailing } : {}),
  };
}

function trailingIn(headers: Headers): ChecksumAlgorithm | undefined {
  const named = headers['x-amz-trailer']?.toLowerCase();
  if (named === undefined) return undefined;
  const algorithm = checksumAlgorithms.find((one) => headerOf(one) === named);
  if (algorithm) return algorithm;
  throw refusals.invalidRequest('The value specified in the x-amz-trailer header is not supported');
}

function inTrailer(
  algorithm: ChecksumAlgorithm | undefined,
  trailers: Map<string, string>,
): ClaimedChecksum | undefined {
  if (!algorithm) return undefined;
  const value = trailers.get(headerOf(algorithm));
  if (value === undefined)
    throw new AwsError(
      'MalformedTrailerError',
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    );
  const claimed = { algorithm, value };
  requireChecksum(claimed);
  return claimed;
}

/** A body on its way: taken out of its framing, counted and hashed as it goes by, and then held to what was said of it. */
class Passing {
  private readonly expected: Expectations;
  private readonly algorithm: ChecksumAlgorithm | undefined;
  private readonly digests = new Map<string, Running>();
  private readonly trailers = new Map<string, string>();
  private bytes = 0;

  constructor(expected: Expectations, wanted: Wanted = {}) {
    this.expected = expected;
    this.algorithm = expected.checksum?.algorithm ?? expected.trailing ?? wanted.checksum;
    if (wanted.md5 || expected.md5 !== undefined) this.digests.set('MD5', running('MD5'));
    if (this.algorithm) this.digests.set(this.algorithm, running(this.algorithm));
    if (expected.sha256 !== undefined && this.algorithm !== 'SHA256')
      this.digests.set('SHA256', running('SHA256'));
  }

  /** Ends a body that grows past its length. */
  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { isChunked, length } = this.expected;
    for await (const chunk of isChunked ? decodeChunks(source, this.trailers) : source) {
      this.bytes += chunk.length;
      if (this.bytes > length) throw refusals.incompleteBody();
      for (const digest of this.digests.values()) digest.update(chunk);
      yield chunk;
    }
    if (this.bytes !== length) throw refusals.incompleteBody();
  }

  /** Throws XAmzContentSHA256Mismatch or BadDigest where the bytes are others than the request says. */
  checked(): Pick<Received, 'md5' | 'checksum'> {
    const { expected, algorithm } = this;
    const claimed = expected.checksum ?? inTrailer(expected.trailing, this.trailers);
    const made = new Map([...this.digests].map(([name, digest]) => [name, digest.digest()]));
    const sha256 = made.get('SHA256')?.toString('hex');
    if (expected.sha256 !== undefined && expected.sha256 !== sha256) {
      throw new AwsError(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        400,
        { ClientComputedContentSHA256: expected.sha256, S3ComputedContentSHA256: sha256 },
      );
    }
    const md5 = made.get('MD5');
    if (md5 && expected.md5 !== undefined && expected.md5 !== md5.toString('base64')) {
      throw refusals.badMd5(expected.md5, md5.toString('base64'));
    }
    const value = algorithm && made.get(algorithm)?.toString('base64');
    if (claimed && claimed.value !== value) throw refusals.badDigest(claimed.algorithm);
    return {
      ...(md5 ? { md5: md5.toString('hex') } : {}),
      ...(algorithm && value !== undefined ? { checksum: { algorithm, value } } : {}),
    };
  }
}

/** Left open whatever happens to it: the connection still has to carry the answer. */
function bodyOf({ streamed }: Call): AsyncIterable<Buffer> {
  if (!streamed) throw new Error('the call has no body that flows');
  return streamed.content().iterator({ destroyOnReturn: false });
}
