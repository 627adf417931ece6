import * as z from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** A file below the export's folder. */
const place = z.string().regex(/^(?!\/)(?!(.*\/)?\.{1,2}(\/|$))[^\\\0]+$/);
const signature = { keyId: z.string().min(1), algorithm: z.literal('ECDSA_SHA_256'), signature: z.base64() };

/** What is signed of a batch, with its signature. docs/audit-format.md says what each member means. */
const signedHead = {
  kind: z.literal('wardline.sealed-head.1'),
  number: z.int().min(1),
  at: z.iso.datetime(),
  path: z.string().regex(/^sealed\/records\/day=\d{4}-\d{2}-\d{2}\/\d{12}\.jsonl\.gz$/),
  count: z.int().min(0),
  total: z.int().min(0),
  root: hash,
  index: hash,
  prev: hash,
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  ...signature,
};
export const SignedHead = z.strictObject(signedHead);

/** A head's file: what is signed, and what the signed hashes `index` and `root` cover. */
export const Head = z.strictObject({ ...signedHead, ids: z.array(z.string()), leaves: z.array(hash) });
export type Head = z.infer<typeof Head>;

export const Export = z.strictObject({
  kind: z.literal('wardline.audit-export.1'),
  at: z.iso.datetime(),
  /** Who exported, as AWS names them. */
  by: z.string(),
  deployment: z.string(),
  region: z.string(),
  /** The sealed heads in it, all between these two. */
  firstHead: z.int().min(1),
  lastHead: z.int().min(0),
  /** SHA-256 of the signed bytes of the last. */
  lastHeadHash: hash,
  /** Of `manifest.jsonl`, and how many files that names. */
  manifest: hash,
  files: z.int().min(0),
  ...signature,
});
export type Export = z.infer<typeof Export>;

/** One line of `manifest.jsonl`. */
export const ManifestLine = z.strictObject({ path: place, bytes: z.int().min(0), sha256: hash });
export type ManifestLine = z.infer<typeof ManifestLine>;

/** As much of a sealed line as its place in a chain needs. */
export const Record = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('decision'), id: z.string(), at: z.iso.datetime() }),
  z.looseObject({ kind: z.literal('tampering'), id: z.string(), at: z.iso.datetime() }),
  z.looseObject({
    kind: z.literal('entry'),
    id: z.string(),
    at: z.iso.datetime(),
    object: z.string(),
    seq: z.int().min(1),
    hash,
    prev: hash,
  }),
]);
export type Record = z.infer<typeof Record>;

/** One record that proves itself: the line, its way to a signed root, and that head without the other records. */
export const Proof = z.strictObject({
  kind: z.literal('wardline.audit-proof.1'),
  record: z.string(),
  /** Counted from 0 among the head's `count`. */
  place: z.int().min(0),
  beside: z.array(hash),
  head: SignedHead,
});
export type Proof = z.infer<typeof Proof>;

export const EXPORT = 'export.json';
export const MANIFEST = 'manifest.jsonl';

/** Where the head of a number lies. */
export function headPath(number: number): string {
  return `sealed/heads/${String(number).padStart(12, '0')}.json`;
}

/** Where the public half of a signing key lies, by the last part of its ARN. */
export function keyPath(keyId: string): string {
  return `keys/${keyId.split('/').at(-1)}.pem`;
}
