import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { ExportManifest } from '../../protocol/exports.ts';

/** A file of an archive, made while it is read. */
export interface ArchivedFile {
  readonly path: string;
  readonly content: AsyncIterable<string | Uint8Array>;
  /** Whether it is worth compressing: pictures and archives are not. */
  readonly isText: boolean;
}

export type FileSum = ExportManifest['files'][number];

/**
 * A ZIP archive as it grows: files one after the other, each read once, and at last the one that `manifest` makes of the others' lengths and
 * SHA-256. No file is ever in memory as a whole. What a file's content throws, the archive's stream ends with.
 */
export function archive(
  files: AsyncIterable<ArchivedFile>,
  manifest: (sums: readonly FileSum[]) => string,
  mtime: Date,
): Readable {
  const zip = new ZipFile();
  const { outputStream } = zip;
  zip.on('error', (error) => outputStream.destroy(error));
  const add = async ({ path, content, isText }: ArchivedFile): Promise<FileSum> => {
    const hash = createHash('sha256');
    let bytes = 0;
    const summed = Readable.from(
      (async function* () {
        for await (const chunk of content) {
          const part = Buffer.from(chunk as Uint8Array);
          hash.update(part);
          bytes += part.length;
          yield part;
        }
      })(),
      { objectMode: false },
    );
    const read = once(summed, 'end');
    zip.addReadStream(summed, path, { mtime, compress: isText });
    await read;
    return { path, bytes, sha256: hash.digest('hex') };
  };
  const addAll = async () => {
    const sums: FileSum[] = [];
    for await (const file of files) sums.push(await add(file));
    const content = Readable.from([manifest(sums)]);
    await add({ path: 'manifest.json', content, isText: true });
    zip.end();
  };
  addAll().catch((error: unknown) =>
    outputStream.destroy(error instanceof Error ? error : new Error('not an error')),
  );
  return outputStream;
}
