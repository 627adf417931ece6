import { createHash } from 'node:crypto';
import type { AttachmentState } from '../../../protocol/attachments.ts';
import type { Fetch } from '../../../sdk/index.ts';
import type { HandClock } from '../hand-clock.ts';

type Body = Record<string, never> & Readonly<Record<string, unknown>>;

interface Pretended {
  readonly id: string;
  readonly declared: {
    readonly contentType: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly partBytes?: number;
    readonly parts?: readonly string[];
  };
  readonly stored: Map<number, Buffer>;
  state: AttachmentState;
}

export interface Put {
  readonly id: string;
  readonly part: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

type Fate = 'stored' | 'no answer' | 'answer lost' | 'hangs' | number;

const PERMIT_MS = 300_000;
const answer = (status: number, body: unknown = {}, text = '') => ({
  ok: status < 300,
  status,
  json: async () => body,
  text: async () => text,
});
const refused = (status: number, code: string, retryable = false) =>
  answer(status, { code, message: code, retryable });
const error = (status: number, code: string) => answer(status, {}, `<Error><Code>${code}</Code></Error>`);

/** The routes for attachments and the bucket behind them, in memory, on a network that treats each PUT and GET as it is told to. */
export class PretendBucket {
  readonly attachments = new Map<string, Pretended>();
  readonly puts: Put[] = [];
  /** Paths that were asked, with their methods; ids are left out. */
  readonly asked: string[] = [];
  fate: (put: Put) => Fate | Promise<Fate> = () => 'stored';
  /** Refuses a request, as long as it gives a code. */
  refuse: (asked: string) => string | undefined = () => undefined;
  /** The bytes of a GET in pieces; an Error breaks the connection there. */
  pieces: (bytes: Buffer) => (Buffer | Error)[] = (bytes) => [bytes];
  readonly ranges: (string | undefined)[] = [];
  /** What a message carries. */
  carried: { readonly bytes: Buffer; state: AttachmentState } | undefined;
  readonly #clock: HandClock;
  #begun = 0;

  constructor(clock: HandClock) {
    this.#clock = clock;
  }

  readonly fetch: Fetch = async (url, { method, headers, body, signal }) => {
    const { host, pathname, searchParams } = new URL(url);
    if (host === 'bucket' && method === 'PUT') {
      const [, id = '', part] = pathname.split('/');
      const isExpired = Number(searchParams.get('until')) < this.#clock.now();
      return this.#put({ id, part: Number(part), headers, signal }, body as Blob, isExpired);
    }
    if (host === 'bucket') return this.#get(headers.range);
    const asked = `${method} ${pathname.slice(1).replace(/[a-z2-7]{26}/g, '*')}`;
    this.asked.push(asked);
    const code = this.refuse(asked);
    if (code) return refused(409, code, code === 'upload-quota');
    return this.#route(asked, pathname, body === undefined ? {} : JSON.parse(body as string));
  };

  #route(asked: string, pathname: string, body: Body) {
    const [, , , , id = ''] = pathname.split('/');
    const found = this.attachments.get(id);
    if (asked === 'POST conversations/*/attachments') return this.#begin(body);
    if (asked.endsWith('/downloads')) return this.#permitDownload();
    if (!found) return refused(404, 'unknown-attachment');
    if (asked.endsWith('/parts')) return answer(200, this.#permit(found, Number(body.part)));
    if (asked.startsWith('GET')) {
      const storedParts = found.declared.parts ? [...found.stored.keys()] : undefined;
      return answer(200, {
        attachmentId: id,
        state: found.state,
        ...(found.state === 'awaited' && { storedParts }),
      });
    }
    if (found.state === 'awaited' && found.stored.size < (found.declared.parts?.length ?? 1)) {
      return refused(409, 'attachment-incomplete');
    }
    if (found.state === 'awaited') found.state = 'stored';
    return answer(200, { attachmentId: id, state: found.state });
  }

  #begin(body: Body) {
    const id = `${'abcdefghij'[this.#begun++]}`.repeat(26);
    const made: Pretended = {
      id,
      declared: body as unknown as Pretended['declared'],
      stored: new Map(),
      state: 'awaited',
    };
    this.attachments.set(id, made);
    const upload = body.parts === undefined ? this.#permit(made, 1) : undefined;
    return answer(201, { attachmentId: id, ...(upload && { upload }) });
  }

  #permit({ id, declared }: Pretended, part: number) {
    const { bytes, partBytes = bytes, parts = [declared.sha256], contentType } = declared;
    const until = this.#clock.now() + PERMIT_MS;
    const length = part === parts.length ? bytes - partBytes * (part - 1) : partBytes;
    const whole = declared.parts ? {} : { 'content-type': contentType, 'if-none-match': '*' };
    const headers = { 'content-length': `${length}`, 'x-amz-checksum-sha256': parts[part - 1], ...whole };
    return {
      url: `https://bucket/${id}/${part}?until=${until}`,
      headers,
      until: new Date(until).toISOString(),
    };
  }

  async #put(put: Put, body: Blob, isExpired: boolean) {
    this.puts.push(put);
    const fate = await this.fate(put);
    if (fate === 'hangs') await new Promise((_, reject) => put.signal?.addEventListener('abort', reject));
    if (put.signal?.aborted || fate === 'no answer') throw new TypeError('fetch failed');
    if (typeof fate === 'number') return error(fate, fate === 400 ? 'BadDigest' : 'SlowDown');
    if (isExpired) return error(403, 'AccessDenied');
    const found = this.attachments.get(put.id);
    if (!found) return error(404, 'NoSuchUpload');
    if (found.stored.has(put.part) && !found.declared.parts) return error(412, 'PreconditionFailed');
    const bytes = Buffer.from(await body.arrayBuffer());
    if (createHash('sha256').update(bytes).digest('base64') !== put.headers['x-amz-checksum-sha256'])
      return error(400, 'BadDigest');
    found.stored.set(put.part, bytes);
    if (fate === 'answer lost') throw new TypeError('fetch failed');
    return answer(200);
  }

  #permitDownload() {
    if (!this.carried) return refused(404, 'unknown-attachment');
    if (this.carried.state === 'stored') return refused(409, 'not-scanned', true);
    if (this.carried.state === 'infected') return refused(403, 'malware-found');
    return answer(200, { url: 'https://bucket/get', until: '' });
  }

  #get(range: string | undefined) {
    this.ranges.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const pieces = this.pieces(this.carried?.bytes.subarray(from) ?? Buffer.alloc(0));
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else if (piece instanceof Error) controller.error(piece);
        else controller.enqueue(piece);
      },
    });
    return { ...answer(range === undefined ? 200 : 206), body };
  }
}
