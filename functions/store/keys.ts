import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { MembershipEnd } from '../domain/append-membership.ts';
import type { AttachmentName } from '../domain/attachment.ts';
import type { Operation } from '../domain/decision.ts';

/** Room for 10^12 entries: `seq` sorts as text because it is padded to twelve digits. */
const SEQ_DIGITS = 12;

const TIME_DIGITS = 15;

/** Places of a log whose deletions one item records: as many as one batch of the stream can tell of. */
const DELETIONS_TOGETHER = 100;

/** Every key of every table, and the only place that knows their shapes. A key holds opaque ids and nothing else. */
export const keys = {
  head: (conversation: ConversationId) => ({ pk: `C#${conversation}`, sk: 'HEAD' }),
  entry: (conversation: ConversationId, seq: number) => ({
    pk: `C#${conversation}`,
    sk: `S#${String(seq).padStart(SEQ_DIGITS, '0')}`,
  }),
  /** Ends of memberships sort by their time: milliseconds in fifteen digits last until the year 33658. */
  ends: { pk: 'ENDS' },
  endsAfter: (time: number) => ({ pk: 'ENDS', sk: String(time + 1).padStart(TIME_DIGITS, '0') }),
  end: ({ conversationId, person, until }: MembershipEnd) => ({
    pk: 'ENDS',
    sk: `${String(until).padStart(TIME_DIGITS, '0')}#${conversationId}#${person}`,
  }),
  attachment: ({ conversationId, attachmentId }: AttachmentName) => ({
    pk: `C#${conversationId}`,
    sk: `F#${attachmentId}`,
  }),
  uploaded: (person: PersonId, day: string) => ({ pk: `U#${person}`, sk: day }),
  overs: { pk: 'OVER' },
  over: ({ conversationId, attachmentId }: AttachmentName) => ({
    pk: 'OVER',
    sk: `${conversationId}#${attachmentId}`,
  }),
  amendment: (amendmentId: string) => ({ pk: 'AMENDMENTS', sk: amendmentId }),
  patientExport: (exportId: string) => ({ pk: 'EXPORTS', sk: exportId }),
  emergencies: { pk: 'EMERGENCIES' },
  emergency: (state: 'OPEN' | 'DONE', emergencyId: string) => ({
    pk: 'EMERGENCIES',
    sk: `${state}#${emergencyId}`,
  }),
  shredListing: (conversation: ConversationId) => ({ pk: 'SHREDS', sk: `C#${conversation}` }),
  deletions: (conversation: ConversationId, seq: number) => ({
    pk: `C#${conversation}`,
    sk: `D#${String(seq - (seq % DELETIONS_TOGETHER)).padStart(SEQ_DIGITS, '0')}`,
  }),
  retention: () => ({ pk: 'POLICY', sk: 'RETENTION' }),
  restamp: () => ({ pk: 'POLICY', sk: 'RESTAMP' }),
  /** How often a hold was placed: what others are written on the condition of. */
  placings: () => ({ pk: 'POLICY', sk: 'HOLDS' }),
  hold: (holdId: string) => ({ pk: 'POLICY#HOLDS', sk: holdId }),
  profile: (person: PersonId) => ({ pk: `P#${person}`, sk: 'PROFILE' }),
  listing: (person: PersonId, conversation: ConversationId) => ({
    pk: `L#${person}`,
    sk: `C#${conversation}`,
  }),
  /** Sorts above every listing, so that no page of a list meets it. */
  guestPlace: (person: PersonId) => ({ pk: `L#${person}`, sk: 'GUEST' }),
  botClient: (clientId: string) => ({ pk: `B#${clientId}`, sk: 'CLIENT' }),
  request: (operation: Operation, object: string) => ({ pk: `A#${operation}`, sk: object }),
  quarterList: (quarter: string) => ({ pk: `R#${quarter}`, sk: 'LIST' }),
  quarterEntry: (quarter: string, person: PersonId) => ({ pk: `R#${quarter}`, sk: `P#${person}` }),
  session: (person: PersonId) => ({ pk: `P#${person}` }),
  record: (person: PersonId, at: string, id: string) => ({ pk: `P#${person}`, sk: `${at}#${id}` }),
  /** How far the trail is sealed; no record, and so in no partition of theirs. */
  seals: { pk: 'SEAL#', sk: 'HEAD' },
  conversationKey: (conversation: ConversationId, epoch: string) => ({ pk: `C#${conversation}`, sk: epoch }),
  shred: (conversation: ConversationId) => ({ pk: `C#${conversation}`, sk: 'SHRED' }),
  organisationKey: (epoch: string) => ({ pk: 'O#', sk: epoch }),
} as const;

/** The conversation and `seq` that an entry's key stands for. */
export function placeOf(key: { pk: string; sk: string }): { conversationId: ConversationId; seq: number } {
  return { conversationId: key.pk.slice('C#'.length), seq: Number(key.sk.slice('S#'.length)) };
}

/** The attachment that its key stands for. */
export function attachmentOf(key: { pk: string; sk: string }): AttachmentName {
  return { conversationId: key.pk.slice('C#'.length), attachmentId: key.sk.slice('F#'.length) };
}

/** The conversation that a listing's key stands for. */
export function conversationOf(key: { sk: string }): ConversationId {
  return key.sk.slice('C#'.length);
}

/** The month that a key is of, and its conversation where it is not the organisation's. */
export function placeOfKey(key: { pk: string; sk: string }): {
  conversationId?: ConversationId;
  epoch: string;
} {
  const ofConversation = key.pk.startsWith('C#');
  return { epoch: key.sk, ...(ofConversation && { conversationId: key.pk.slice('C#'.length) }) };
}

/** The person that an entry's key of a quarter's list stands for. */
export function listedPersonOf(key: { sk: string }): PersonId {
  return key.sk.slice('P#'.length);
}

/** The person that a session's or profile's key stands for. */
export function personOf(key: { pk: string }): PersonId {
  return key.pk.slice('P#'.length);
}
