declare module 'yazl' {
  import type { Readable } from 'node:stream';

  /** As far as it is used here; see the package's own README. */
  export class ZipFile {
    readonly outputStream: Readable;
    addReadStream(
      input: Readable,
      metadataPath: string,
      options?: { mtime?: Date; compress?: boolean },
    ): void;
    end(): void;
    on(event: 'error', listener: (error: Error) => void): this;
  }
}
