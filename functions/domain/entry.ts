import { createHash } from 'node:crypto';
import type { EntryBody, MemberRole } from '../../protocol/bodies.ts';
import type { AmendmentId, AttachmentId, ConversationId, MessageId, PersonId } from '../../protocol/ids.ts';
import type { Purpose } from '../../protocol/purposes.ts';
import type { Withheld } from './phi.ts';

/** A body that only its conversation's data key opens, and the epoch whose key that is. */
export interface Sealed {
  readonly epoch: string;
  readonly bytes: Uint8Array;
}

/** A change of membership stands in the log in plain: ids and a role, nothing that anybody wrote. */
export type MembershipChange =
  | {
      readonly kind: 'member.added';
      readonly person: PersonId;
      readonly role: MemberRole;
      /** RFC 3339, in UTC. */
      readonly until?: string | undefined;
      readonly guest?: true | undefined;
    }
  | { readonly kind: 'member.removed'; readonly person: PersonId }
  /** Changes no members: the message at `of` was amended, as `person` asked. */
  | {
      readonly kind: 'amendment.accepted';
      readonly person: PersonId;
      readonly of: number;
      readonly amendmentId: AmendmentId;
    }
  /** Changes no members: who may hear what does, for somebody who is none, until then (RFC 3339, in UTC). */
  | { readonly kind: 'emergency.opened'; readonly person: PersonId; readonly until: string };

/** Every plain field of an entry; what is left is its body. */
export interface EntryDraft {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly messageId: MessageId;
  readonly sender: PersonId;
  readonly ref: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly at: number;
  /** The hash of the entry before this one: the log is its own chain of evidence. */
  readonly prev: Uint8Array;
  /** The `seq` of the last membership entry its writer knew of; of a membership entry, its own. */
  readonly membersVersion: number;
  /** What the message carries: so that it can be found, and deleted, without opening the message. */
  readonly attachmentId?: AttachmentId | undefined;
  /** Whence it was asked for: the entry is the audit record of its send. Absent where an end came by itself. */
  readonly source?: Source | undefined;
}

/** From where a request came, and under which sign-in. */
export interface Source {
  readonly session: string;
  /** IPv4 or IPv6, as the gateway saw it. */
  readonly sourceIp: string;
  /** As the gateway names the request. */
  readonly requestId: string;
  /** What it was asked for, where that was stated. */
  readonly purpose?: Purpose;
}

export type MessageEntry = EntryDraft & { readonly sealed: Sealed };
export type MembershipEntry = EntryDraft & { readonly change: MembershipChange };

/** One place in a conversation's log, as it is stored. */
export type Entry = MessageEntry | MembershipEntry;

/** An entry whose body has been opened, for those who may read it. */
export interface OpenedEntry extends EntryDraft {
  readonly body: Withheld<EntryBody>;
}

export function isMembership(entry: Entry): entry is MembershipEntry {
  return 'change' in entry;
}

/** Every plain field of an entry in an encoding that no other entry shares: what a seal binds and a hash covers. */
export function plainFields(entry: EntryDraft & { change?: MembershipChange }, epoch = ''): Uint8Array {
  const change = entry.change;
  return lengthPrefixed([
    'wardline.entry.2',
    entry.conversationId,
    String(entry.seq),
    entry.messageId,
    entry.sender,
    entry.ref,
    String(entry.at),
    entry.prev,
    String(entry.membersVersion),
    epoch,
    change?.kind ?? '',
    change?.person ?? '',
    change?.kind === 'member.added' ? change.role : '',
    change && 'until' in change ? (change.until ?? '') : '',
    entry.attachmentId ?? '',
    entry.source?.session ?? '',
    entry.source?.sourceIp ?? '',
    entry.source?.requestId ?? '',
    ...(change?.kind === 'member.added' && change.guest ? ['guest'] : []),
    ...(change?.kind === 'amendment.accepted' ? [String(change.of), change.amendmentId] : []),
    ...(entry.source?.purpose ? [entry.source.purpose] : []),
  ]);
}

/** SHA-256 over the entry as stored, sealed bytes included: what the next entry carries as `prev`. */
export function hashOf(entry: Entry): Uint8Array {
  const sealed = isMembership(entry) ? undefined : entry.sealed;
  return createHash('sha256')
    .update(lengthPrefixed([plainFields(entry, sealed?.epoch), sealed?.bytes ?? new Uint8Array()]))
    .digest();
}

/** What the first entry of a log carries as `prev`. */
export function genesisOf(
  conversationId: ConversationId,
  createdBy: PersonId,
  createdAt: number,
): Uint8Array {
  return createHash('sha256')
    .update(lengthPrefixed(['wardline.genesis.1', conversationId, createdBy, String(createdAt)]))
    .digest();
}

/** Joins parts so that different lists of parts never give the same bytes: each after its length in four bytes. */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part as Uint8Array);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
