/** What comes before a request's body: path and query still encoded, header names in lower case. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}
