import type { UploadPermit } from '../../protocol/attachments.ts';
import { ChatError } from '../errors.ts';
import type { World } from '../world.ts';

/**
 * How a PUT ended. `again`: no answer, or one that may be another next time. `stale`: the permit is not good any more. `over`: the upload is
 * not open any more, because it was completed or deleted.
 */
export type Put = 'stored' | 'again' | 'stale' | 'over';

/** A connection that takes less than this, in bytes a second, is taken for one that takes nothing. */
const SLOWEST = 16_384;

/**
 * Uploads these bytes by a permit, and ends early by the signal with `again`.
 *
 * @throws ChatError `file-changed`, `upload-refused`
 */
export async function put(
  world: World,
  permit: UploadPermit,
  bytes: Blob,
  signal: AbortSignal,
): Promise<Put> {
  const { 'content-length': _length, ...headers } = permit.headers; // a browser sets it itself, and allows nobody else to
  const late = new AbortController();
  const end = () => late.abort();
  const cancel = world.after(60_000 + (bytes.size / SLOWEST) * 1000, end);
  signal.addEventListener('abort', end);
  try {
    if (signal.aborted) return 'again';
    const answer = await world.fetch(permit.url, {
      method: 'PUT',
      headers,
      body: bytes,
      signal: late.signal,
    });
    if (answer.ok) return 'stored';
    return outcomeOf(answer.status, await codeIn(answer));
  } catch (error) {
    if (error instanceof ChatError) throw error;
    return 'again';
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
  }
}

/** By the status, and by S3's code where one status means several things (S3 API reference, "Error responses"). */
function outcomeOf(status: number, code: string): Put {
  if (status === 412) return 'stored'; // an earlier PUT of the same bytes was not answered
  if (status >= 500 || status === 429 || status === 408 || status === 409 || code === 'RequestTimeout')
    return 'again';
  if (status === 403) return 'stale';
  if (status === 404) return 'over';
  if (code === 'BadDigest' || code === 'XAmzContentChecksumMismatch') {
    throw new ChatError('file-changed', 'the file changed while it was uploaded; send it again');
  }
  throw new ChatError(
    'upload-refused',
    `the upload was refused with the status ${status} (${code || 'no code'})`,
  );
}

async function codeIn(answer: { text?(): Promise<string> }): Promise<string> {
  const text = (await answer.text?.().catch(() => '')) ?? '';
  return /<Code>(\w{1,64})<\/Code>/.exec(text)?.[1] ?? '';
}
