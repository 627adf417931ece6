import * as z from 'zod';
import { MemberRole } from '../../protocol/bodies.ts';
import type { Head } from '../domain/conversation.ts';
import { type Entry, isMembership, type MembershipChange } from '../domain/entry.ts';
import { Fault } from '../domain/fault.ts';
import { keys, placeOf } from './keys.ts';
import { packedSource, unpackedSource } from './sources.ts';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const key = { pk: z.string(), sk: z.string() };

// Attribute names are short because DynamoDB bills them with every item: a 300-byte text must fit one write unit.
const EntryItem = z.object({
  ...key,
  id: z.string(),
  by: z.string(),
  ref: z.string(),
  at: z.number(),
  prev: bytes,
  mv: z.number(),
  epoch: z.string().optional(),
  body: bytes.optional(),
  change: z.string().optional(),
  who: z.string().optional(),
  role: MemberRole.optional(),
  until: z.string().optional(),
  guest: z.literal(true).optional(),
  file: z.string().optional(),
  of: z.number().optional(),
  amendment: z.string().optional(),
  src: bytes.optional(),
  /** Seconds since the epoch: DynamoDB deletes the item some time after it. Whoever reads never looks at it. */
  expiresAt: z.number().optional(),
});

const HeadItem = z.object({
  ...key,
  kind: z.enum(['direct', 'group']),
  members: z.record(
    z.string(),
    z.object({
      role: MemberRole,
      joined: z.number(),
      until: z.number().optional(),
      guest: z.literal(true).optional(),
    }),
  ),
  mv: z.number(),
  last: z.number(),
  lastHash: bytes,
  lastAt: z.number(),
  yieldUntil: z.number().optional(),
  retentionDays: z.number(),
  holds: z.set(z.string()).optional(),
  deletedUpTo: z.number().optional(),
  createdAt: z.number(),
  by: z.string(),
  ref: z.string(),
  founders: bytes,
  titleEpoch: z.string().optional(),
  title: bytes.optional(),
  shreddedAt: z.number().optional(),
});

/** An entry as an item of the Conversations table, which may delete it from `storedUntil` on (milliseconds), if ever. */
export function entryItem(entry: Entry, storedUntil: number | undefined): z.infer<typeof EntryItem> {
  return {
    ...keys.entry(entry.conversationId, entry.seq),
    id: entry.messageId,
    by: entry.sender,
    ref: entry.ref,
    at: entry.at,
    prev: entry.prev,
    mv: entry.membersVersion,
    ...(entry.source && { src: packedSource(entry.source) }),
    ...(storedUntil !== undefined && { expiresAt: Math.ceil(storedUntil / 1000) }),
    ...(isMembership(entry)
      ? {
          change: entry.change.kind,
          who: entry.change.person,
          ...('role' in entry.change && { role: entry.change.role }),
          ...('until' in entry.change && { until: entry.change.until }),
          ...('guest' in entry.change && { guest: entry.change.guest }),
          ...('of' in entry.change && { of: entry.change.of, amendment: entry.change.amendmentId }),
        }
      : {
          epoch: entry.sealed.epoch,
          body: entry.sealed.bytes,
          ...(entry.attachmentId !== undefined && { file: entry.attachmentId }),
        }),
  };
}

/** The entry that an item holds; an item of another shape is a fault, named by its key and never by its contents. */
export function entryOf(item: unknown): Entry {
  const stored = parsed(EntryItem, item);
  const fields = {
    ...placeOf(stored),
    messageId: stored.id,
    sender: stored.by,
    ref: stored.ref,
    at: stored.at,
    prev: stored.prev,
    membersVersion: stored.mv,
    ...(stored.file !== undefined && { attachmentId: stored.file }),
    ...(stored.src && { source: unpackedSource(stored.src) }),
  };
  if (stored.body && stored.epoch) return { ...fields, sealed: { epoch: stored.epoch, bytes: stored.body } };
  return { ...fields, change: changeOf(stored) };
}

/** A head as an item of the Conversations table. */
export function headItem(head: Head): z.infer<typeof HeadItem> {
  return {
    ...keys.head(head.conversationId),
    kind: head.kind,
    members: memberMap(head),
    mv: head.membersVersion,
    last: head.last,
    lastHash: head.lastHash,
    lastAt: head.lastAt,
    retentionDays: head.retentionDays,
    ...(head.holds && head.holds.length > 0 && { holds: new Set(head.holds) }),
    createdAt: head.createdAt,
    by: head.createdBy,
    ref: head.ref,
    founders: head.founders,
    ...(head.title && { titleEpoch: head.title.epoch, title: head.title.bytes }),
  };
}

export function headOf(item: unknown): Head {
  const stored = parsed(HeadItem, item);
  return {
    conversationId: placeOf(stored).conversationId,
    kind: stored.kind,
    members: Object.entries(stored.members)
      .map(([person, member]) => ({ person, ...member }))
      .sort((one, other) => (one.person < other.person ? -1 : 1)), // a map has no order of its own
    membersVersion: stored.mv,
    last: stored.last,
    lastHash: stored.lastHash,
    lastAt: stored.lastAt,
    ...(stored.yieldUntil !== undefined && { yieldUntil: stored.yieldUntil }),
    retentionDays: stored.retentionDays,
    ...(stored.holds && { holds: [...stored.holds].sort() }),
    ...(stored.deletedUpTo !== undefined && { deletedUpTo: stored.deletedUpTo }),
    createdAt: stored.createdAt,
    createdBy: stored.by,
    ref: stored.ref,
    founders: stored.founders,
    ...(stored.shreddedAt !== undefined && { shreddedAt: stored.shreddedAt }),
    ...(stored.title && stored.titleEpoch && { title: { epoch: stored.titleEpoch, bytes: stored.title } }),
  };
}

export function memberMap(head: Head): z.infer<typeof HeadItem>['members'] {
  return Object.fromEntries(
    head.members.map(({ person, role, joined, until, guest }) => [
      person,
      { role, joined, ...(until !== undefined && { until }), ...(guest && { guest }) },
    ]),
  );
}

function changeOf(stored: z.infer<typeof EntryItem>): MembershipChange {
  if (stored.change === 'member.removed' && stored.who) return { kind: stored.change, person: stored.who };
  const { of, amendment: amendmentId } = stored;
  if (stored.change === 'amendment.accepted' && stored.who && of !== undefined && amendmentId) {
    return { kind: stored.change, person: stored.who, of, amendmentId };
  }
  if (stored.change === 'emergency.opened' && stored.who && stored.until !== undefined) {
    return { kind: stored.change, person: stored.who, until: stored.until };
  }
  if (stored.change === 'member.added' && stored.who && stored.role) {
    const { change: kind, who: person, role, until, guest } = stored;
    return { kind, person, role, ...(until !== undefined && { until }), ...(guest && { guest }) };
  }
  throw new Fault(`the entry ${stored.pk} ${stored.sk} is neither a message nor a change of membership`);
}

function parsed<S extends z.ZodType>(schema: S, item: unknown): z.infer<S> {
  const result = schema.safeParse(item);
  if (result.success) return result.data;
  const { pk, sk } = (item ?? {}) as { pk?: unknown; sk?: unknown };
  const paths = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new Fault(`the item ${pk} ${sk} has not the shape this version stores: ${paths}`);
}
