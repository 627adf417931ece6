/**
 * What is used of a file; every Blob is one. In Node a file above 2 GiB needs another, because a Blob of `fs.openAsBlob` says a
 * wrong size there (nodejs/node issue 52585).
 */
export interface FileBytes {
  readonly size: number;
  readonly type: string;
  /** @default none: then it is said with the file */
  readonly name?: string;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}
