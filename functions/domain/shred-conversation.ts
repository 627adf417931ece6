import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { DestructionCertificate } from '../../protocol/requests.ts';
import { PLAIN_KEY_MS } from './data-key.ts';
import { type EndingRooms, endExportsOf } from './end-exports.ts';
import { Fault } from './fault.ts';
import { seeHolds, type Unheld, unheld } from './held.ts';
import type { Holds } from './holds.ts';
import type { Log } from './log.ts';
import type { ObjectDeleter } from './objects.ts';
import { type Signer, signed } from './receipt.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Days beyond its own that a backup may last: AWS Backup deletes an expired one some hours later. */
const BACKUP_LAG_DAYS = 1;

/** A destruction that was asked for by one person and approved by another. */
export interface ApprovedShredding {
  readonly conversationId: ConversationId;
  readonly requestedBy: PersonId;
  readonly approvedBy: PersonId;
}

/** What says that a conversation is destroyed. It stands beside the keys and beside the heads, and outlives both. */
export interface ShredRecord extends ApprovedShredding {
  /** When the destruction began; milliseconds since the epoch. */
  readonly shreddedAt: number;
}

/** Records of what was destroyed, each in two tables: a restore of either leaves the other. */
export interface ShredRecords {
  /** Every record that stands in either table, once. */
  all(): Promise<readonly ShredRecord[]>;
  /**
   * Decides the destruction: writes the record beside the heads and marks the conversation's own head in one, unless
   * something may keep it since it was looked at; says whether it did. What is left to do afterwards asks no hold.
   */
  begin(record: ShredRecord, look: Unheld): Promise<boolean>;
  /**
   * Writes the record beside the keys, unless one stands there, and gives what stands. From then on no key of the
   * conversation is made or unwrapped.
   */
  putBesideKeys(record: ShredRecord): Promise<{ record: ShredRecord; certificate?: DestructionCertificate }>;
  /** Writes the record beside the heads, and marks the conversation's own head, which loses its title. */
  putBesideHead(record: ShredRecord): Promise<void>;
  /** The certificate that was kept with the record, where the keys have not been restored since. */
  certificateOf(conversationId: ConversationId): Promise<DestructionCertificate | undefined>;
  /** Keeps the certificate with the record beside the keys, so that it goes with them where they are restored. */
  keepCertificate(certificate: DestructionCertificate): Promise<void>;
}

export interface ConversationKeys {
  /** Destroys every key of the conversation that stands. Strongly consistent. */
  shred(conversationId: ConversationId, destroyedAt: number): Promise<ShreddedKeys>;
}

export interface ShreddedKeys {
  /** Epochs whose keys were shredded by this call or an earlier one, ascending. */
  readonly epochs: readonly string[];
  /** How many of them still stood. */
  readonly stood: number;
}

export interface ShreddingRooms extends EndingRooms {
  readonly log: Pick<Log, 'head'>;
  readonly records: ShredRecords;
  readonly keys: ConversationKeys;
  /** Its attachments, which no key of ours seals, as none does exports: they are deleted in every version. */
  readonly objects: ObjectDeleter;
  /** Days that a backup of attachments lasts. */
  readonly backupDays: number;
  readonly holds: Pick<Holds, 'all' | 'placings'>;
  readonly signer: Signer;
  /** Days back to which the Keys table can be restored, and that its backups last. */
  readonly recoveryDays: number;
  readonly now: () => number;
  readonly newId: () => string;
  readonly pause: (lostRaces: number) => Promise<void>;
}

/** What bringing a decided destruction into force takes. */
type CarryingRooms = Omit<ShreddingRooms, 'log' | 'holds' | 'pause'>;

/** Times that a destruction is decided on anew because members or holds had changed since it was looked at. */
const ATTEMPTS = 16;

/**
 * Destroys every key of a conversation, deletes its attachments and the exports that hold it, so that nothing of it opens any more: not what is stored, not what a backup of
 * the Conversations table brings back. Who may have that done is decided elsewhere. Asked again, it does what is left
 * and gives the certificate of the first time. A hold and a destruction are one after the other: either it was decided
 * before the hold was placed, which says so, or the hold is seen.
 */
export async function shredConversation(
  rooms: ShreddingRooms,
  approved: ApprovedShredding,
): Promise<DestructionCertificate | 'unknown-conversation' | 'on-hold'> {
  for (let lostRaces = 0; lostRaces < ATTEMPTS; lostRaces += 1) {
    if (lostRaces > 0) await rooms.pause(lostRaces);
    const seen = await seeHolds(rooms.holds);
    const head = await rooms.log.head(approved.conversationId);
    if (!head) return 'unknown-conversation';
    const { shreddedAt } = head;
    const look = unheld(seen, head);
    if (shreddedAt === undefined && !look) return 'on-hold';
    const record = { ...approved, shreddedAt: shreddedAt ?? rooms.now() };
    const isDecided = shreddedAt !== undefined || (look && (await rooms.records.begin(record, look)));
    if (isDecided) return (await carryOut(rooms, record)).certificate;
  }
  throw new Fault(
    `the destruction of conversation ${approved.conversationId} met other changes ${ATTEMPTS} times`,
  );
}

/** What came of a record that was brought into force. */
export interface CarriedOut {
  readonly certificate: DestructionCertificate;
  /** Whether keys of the conversation still stood, or nobody had certified yet that none do. */
  readonly isNew: boolean;
}

/**
 * Brings a record into force, wherever it was found: after a restore, keys of a conversation may stand that was
 * destroyed before. Where some did, the certificate is a new one, since backups hold them from now on.
 */
export async function carryOut(rooms: CarryingRooms, wanted: ShredRecord): Promise<CarriedOut> {
  const { records, keys, objects, now } = rooms;
  const { record, certificate } = await records.putBesideKeys(wanted); // first: from then on no key is made
  const { epochs, stood } = await keys.shred(record.conversationId, now());
  await records.putBesideHead(record); // from then on no attachment is begun or fetched
  const versions = await objects.removeAll({ conversationId: record.conversationId });
  const ended = await endExportsOf(rooms, record.conversationId); // whoever makes one finds the record above, or is found here
  const isNew = !certificate || stood > 0 || versions > 0 || ended.versions > 0;
  if (!isNew) return { certificate, isNew };

  const destroyedAt = now(); // not before the last write was answered: until then a reader may have missed it
  const made = await certify(rooms, record, { epochs, versions, exports: ended.exports }, destroyedAt);
  await records.keepCertificate(made);
  return { certificate: made, isNew: true };
}

/**
 * Brings every record that stands in either table into force in both, and those of certificates that were kept
 * elsewhere: what has to be done after any restore, before anybody is let in.
 */
export async function* replayShreds(
  rooms: CarryingRooms,
  certificates: readonly DestructionCertificate[] = [],
): AsyncGenerator<CarriedOut> {
  const known = new Map(certificates.map((one) => [one.conversationId, recordOf(one)]));
  for (const record of await rooms.records.all()) known.set(record.conversationId, record);
  for (const record of known.values()) yield await carryOut(rooms, record);
}

function recordOf(certificate: DestructionCertificate): ShredRecord {
  const { conversationId, requestedBy, approvedBy, shreddedAt } = certificate;
  return { conversationId, requestedBy, approvedBy, shreddedAt: Date.parse(shreddedAt) };
}

interface Destroyed {
  readonly epochs: readonly string[];
  /** Of attachments and previews. */
  readonly versions: number;
  readonly exports: number;
}

function certify(
  rooms: Pick<ShreddingRooms, 'signer' | 'newId' | 'recoveryDays' | 'backupDays'>,
  { conversationId, requestedBy, approvedBy, shreddedAt }: ShredRecord,
  { epochs, versions, exports }: Destroyed,
  destroyedAt: number,
): Promise<DestructionCertificate> {
  const { signer, newId, recoveryDays, backupDays } = rooms;
  const unreadableFrom = destroyedAt + PLAIN_KEY_MS;
  const goneAfter = (days: number) => destroyedAt + (days + BACKUP_LAG_DAYS) * DAY_MS;
  const time = (at: number) => new Date(at).toISOString();
  return signed(signer, {
    certificateId: newId(),
    conversationId,
    requestedBy,
    approvedBy,
    epochs: [...epochs],
    shreddedAt: time(shreddedAt),
    destroyedAt: time(destroyedAt),
    unreadableFrom: time(unreadableFrom),
    plainKeySeconds: PLAIN_KEY_MS / 1000,
    finalFrom: time(Math.max(unreadableFrom, goneAfter(recoveryDays))),
    recoveryDays,
    attachmentVersionsDeleted: versions,
    attachmentsFinalFrom: time(goneAfter(backupDays)),
    backupDays,
    exportsDeleted: exports,
  });
}
