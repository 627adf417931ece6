import * as z from 'zod';

/** Ids, words of ours and addresses: no field has room for anything that a person wrote. */
const id = z.string().regex(/^[a-z2-7]{26}$/);
const idOrNone = z.string().regex(/^(-|[a-z2-7]{26})$/);
const word = z
  .string()
  .regex(/^[a-z]+([.-][a-z0-9]+)*$/)
  .max(60);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Where a request came from, as the gateway tells it; `-` where there is none. */
const source = {
  /** Who asked: a person's id. */
  person: idOrNone,
  /** The sign-in they asked under. */
  session: z.string().regex(/^(-|[0-9a-f-]{36})$/),
  sourceIp: z.union([z.ipv4(), z.ipv6(), z.literal('-')]),
  /** As API Gateway names the request: its access log names it the same. */
  requestId: z.string().regex(/^[\w=-]{1,64}$/),
};

/** What was asked, of what, under which rule, and how it ended. See `functions/domain/decision.ts`. */
const decided = {
  operation: word,
  /** An id, a quarter, a kind of conversation and the days that were wished for it, or `-`. */
  object: z.string().regex(/^(-|[a-z2-7]{26}|2\d{3}-Q[1-4]|(direct|group|default)(-\d{1,5})?)$/),
  /** The conversations of which something was told, where `object` is not the one conversation itself. */
  opened: z.array(id).readonly().optional(),
  /** Whom the act concerns: those added, removed, looked up or changed. */
  people: z.array(id).readonly().optional(),
  purpose: word,
  rule: word,
  outcome: z.enum(['allowed', 'refused']),
  /** Of what was refused. */
  code: word.optional(),
};

/** What the log of a conversation says of itself: a send's entry is its record, and a chain of its own. */
const inLog = {
  seq: z.int().min(1),
  /** SHA-256 of the entry as stored, in hexadecimal, and of the one before it (of the first, what it began with). */
  hash,
  prev: hash,
  attachment: id.optional(),
};

/** What somebody did to the table of records itself, which our code only ever adds to. */
const tampering = {
  /** A record that was changed, one that was taken away before its time, or an item that is no record of ours. */
  change: z.enum(['modified', 'removed', 'foreign']),
  /** Which record, and whose, where the item was one. */
  record: idOrNone,
  person: idOrNone,
  /** The leaf (docs/audit-format.md) of what had stood there, and of what stood there then: a sealed head may hold the same. */
  was: hash.optional(),
  became: hash.optional(),
};

/**
 * One line of the audit trail, as it is stored, sealed, exported and queried. `decision`: what our code allowed or refused.
 * `entry`: a message or a change of membership, made from its conversation's log behind the send.
 */
export const AuditRecord = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('decision'), id, at: z.iso.datetime(), ...source, ...decided }),
  z.strictObject({ kind: z.literal('entry'), id, at: z.iso.datetime(), ...source, ...decided, ...inLog }),
]);
export type AuditRecord = z.infer<typeof AuditRecord>;

/**
 * One line that is sealed: a record, or a `tampering`: what the table's own stream told of a record that was changed or taken away,
 * which stands in no table.
 */
export const SealedRecord = z.discriminatedUnion('kind', [
  ...AuditRecord.options,
  z.strictObject({ kind: z.literal('tampering'), id, at: z.iso.datetime(), ...tampering }),
]);
export type SealedRecord = z.infer<typeof SealedRecord>;

/** What a door has to say for a record: the time and the id are the trail's own. */
export type Recording = Omit<Extract<AuditRecord, { kind: 'decision' }>, 'kind' | 'id' | 'at'>;
