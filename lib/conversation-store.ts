import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Door } from './door.ts';
import type { ParkedQueue } from './parked-queue.ts';
import { inMinutes, StoredTable, type StoredTableProps } from './stored-table.ts';
import type { Trail } from './trail.ts';

/** See `attachments` in the settings. */
export interface UploadQuota {
  readonly bytes: number;
  readonly uploads: number;
}

export interface ConversationStoreProps extends StoredTableProps {
  /** Days a message lives; written into each conversation's policy when it begins. */
  readonly retentionDays: number;
  /** What one person may begin to upload on one day. */
  readonly uploadQuota: UploadQuota;
}

/** Where the organisation's policy stands, and its holds. */
const POLICY = 'POLICY';
const HOLDS = 'POLICY#HOLDS';
const POLICY_AND_HOLDS = 'POLICY*';

/** Where uses of the emergency access stand, and their reviews. */
const EMERGENCIES = 'EMERGENCIES';

/** Where requests stand to amend messages. */
const AMENDMENTS = 'AMENDMENTS';

/** Where it stands what each person began to upload on a day. */
const UPLOADED = 'U#*';

/** Where exports stand of what patients may see. */
const EXPORTS = 'EXPORTS';

/** Where it stands what was destroyed. */
const SHREDS = 'SHREDS';

/** Every conversation: its head, its log in one order, its members. */
export class ConversationStore extends Construct {
  private readonly table: StoredTable;
  private readonly retentionDays: number;
  private readonly uploadQuota: UploadQuota;

  constructor(scope: Construct, id: string, props: ConversationStoreProps) {
    super(scope, id);
    this.retentionDays = props.retentionDays;
    this.uploadQuota = props.uploadQuota;
    this.table = new StoredTable(this, 'Store', {
      ...props,
      sortKey: 'sk',
      variable: env.conversationsTable,
      streams: true,
    });
  }

  /** Lets `door` read heads, members and pages of a log. */
  letRead(door: Door): void {
    this.table.lend(door, { name: 'ReadConversations', actions: ['GetItem', 'Query'] });
  }

  /** Lets `door` read logs, and how far many conversations have come at once. */
  letCompare(door: Door): void {
    this.letRead(door);
    this.table.lend(door, { name: 'ReadManyHeads', actions: ['BatchGetItem'] });
  }

  /** Lets `door` read a log and append to it, members' comings and goings included. */
  letAppend(door: Door): void {
    this.letRead(door);
    this.table.lend(door, { name: 'AppendToConversations', actions: ['PutItem', 'UpdateItem'] });
  }

  /** Lets `door` note an upload that begins and count it for its person’s day, and find it again. */
  letBeginUploads(door: Door): void {
    this.table.lend(door, { name: 'BeginUploads', actions: ['GetItem', 'PutItem'] });
    this.table.lend(door, { name: 'CountUploads', actions: ['UpdateItem'], partitions: UPLOADED });
    door.tell(env.uploadQuota, JSON.stringify(this.uploadQuota));
  }

  /** Lets `door` find an upload, and note that it is complete. */
  letCompleteUploads(door: Door): void {
    this.table.lend(door, { name: 'NoteUploads', actions: ['GetItem', 'UpdateItem'] });
  }

  /** Lets `door` note what became of an attachment, and read who may see it. */
  letNoteAttachments(door: Door): void {
    this.table.lend(door, { name: 'NoteAttachments', actions: ['GetItem', 'UpdateItem'] });
  }

  /** Lets `door` note the preview of an attachment, and hand on an attachment that is over. */
  letNotePreviews(door: Door): void {
    this.letNoteAttachments(door);
    this.letListAttachmentsOver(door);
  }

  /** Lets `door` take attachments that are over, and forget them. */
  letForgetAttachments(door: Door): void {
    this.table.lend(door, { name: 'FindAttachmentsOver', actions: ['Query'], partitions: 'OVER' });
    this.table.lend(door, { name: 'ForgetAttachments', actions: ['DeleteItem'] });
  }

  /** Lets `door` read uses of the emergency access, and keep their reviews. */
  letReviewEmergencies(door: Door): void {
    this.table.lend(door, {
      name: 'ReviewEmergencies',
      actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem'],
      partitions: EMERGENCIES,
    });
  }

  /** Lets `door` look after uses of the emergency access that await their review. */
  letWatchEmergencies(door: Door): void {
    this.table.lend(door, {
      name: 'WatchEmergencies',
      actions: ['Query', 'UpdateItem'],
      partitions: EMERGENCIES,
    });
  }

  /** Lets `door` keep a request to amend a message that somebody reads, and find it again. */
  letAskForAmendments(door: Door): void {
    this.letRead(door);
    this.table.lend(door, { name: 'AskForAmendments', actions: ['PutItem'], partitions: AMENDMENTS });
    this.letJudgeAge(door);
  }

  /** Lets `door` note an export that is wanted, and find those there are. */
  letAskForExports(door: Door): void {
    this.table.lend(door, {
      name: 'AskForExports',
      actions: ['GetItem', 'Query', 'PutItem'],
      partitions: EXPORTS,
    });
  }

  /** Lets `door` judge at each moment what of an export may still be seen: by the policy, and by what was destroyed. */
  letJudgeExports(door: Door): void {
    this.table.lend(door, { name: 'ReadPolicy', actions: ['GetItem'], partitions: POLICY });
    this.table.lend(door, { name: 'ReadShreds', actions: ['GetItem'], partitions: SHREDS });
    this.letJudgeAge(door);
  }

  /** Lets `door` read what an export is made of, and note how far it has come. */
  letMakeExports(door: Door): void {
    this.letRead(door);
    this.table.lend(door, { name: 'NoteExports', actions: ['PutItem'], partitions: EXPORTS });
    this.letJudgeAge(door);
  }

  /** Lets `door` take ends of memberships that have come, and forget them. */
  letEndMemberships(door: Door): void {
    this.letAppend(door);
    this.letCheckHolds(door);
    this.table.lend(door, { name: 'ForgetEnds', actions: ['DeleteItem'], partitions: 'ENDS' });
  }

  /** Lets `door` begin a conversation in one transaction, or read the one that stands in its place. */
  letBegin(door: Door): void {
    this.table.lend(door, {
      name: 'BeginConversations',
      actions: ['GetItem', 'PutItem'],
    });
    this.letSeeHolds(door);
    this.letJudgeAge(door);
  }

  /** Lets `door` read a log and append to it, and take members out of what holds on them keep. */
  letChangeMembers(door: Door): void {
    this.letAppend(door);
    this.letCheckHolds(door);
  }

  /** Lets `door` destroy keys of conversations on the condition that nothing has come to keep them. */
  letCheckBeforeDestroying(door: Door): void {
    this.letSeeHolds(door);
    this.table.lend(door, { name: 'CheckHeads', actions: ['ConditionCheckItem'] });
  }

  /** Lets `door` see which legal holds stand. */
  letSeeHolds(door: Door): void {
    this.table.lend(door, { name: 'ReadHolds', actions: ['Query'], partitions: HOLDS });
  }

  /** Tells `door`, which reads conversations, how long they may be read where the organisation has said nothing. */
  letJudgeAge(door: Door): void {
    door.tell(env.retentionDays, String(this.retentionDays));
  }

  /** Lets `door` read heads, and put another seal on their titles. */
  letRetitle(door: Door): void {
    this.table.lend(door, { name: 'SealTitlesAnew', actions: ['GetItem', 'UpdateItem'] });
  }

  /** Lets `door` note that a conversation was destroyed, in its head and beside all heads, where no hold keeps it, and end the exports that hold it. */
  letMarkShredded(door: Door): void {
    this.table.lend(door, { name: 'MarkShredded', actions: ['GetItem', 'PutItem', 'UpdateItem'] });
    this.table.lend(door, { name: 'ListExports', actions: ['Query'], partitions: EXPORTS });
    this.letSeeHolds(door);
    this.letCheckHolds(door);
  }

  /** The table's name, for the operator's commands. */
  get tableName(): string {
    return this.table.name;
  }

  /** Has `trail` record the calls of outsiders. */
  watchedBy(trail: Trail): void {
    this.table.watchedBy(trail, 'outsiders');
  }

  /** Lets `door` tell and set how long what is said may be read. */
  letSetRetention(door: Door): void {
    this.table.lend(door, { name: 'SetRetention', actions: ['GetItem', 'UpdateItem'], partitions: POLICY });
    this.letJudgeAge(door);
  }

  /** Lets `door` place, list and release legal holds, and see whether what they name is there. */
  letHold(door: Door): void {
    this.table.lend(door, { name: 'FindHeads', actions: ['GetItem'] });
    this.table.lend(door, {
      name: 'KeepHolds',
      actions: ['Query', 'PutItem', 'UpdateItem'],
      partitions: POLICY_AND_HOLDS,
    });
  }

  /** Lets `door` walk through everything that is stored and say when it may be deleted. */
  letRestamp(door: Door): void {
    this.table.lend(door, { name: 'RestampConversations', actions: ['Scan', 'GetItem', 'UpdateItem'] });
    this.letSeeHolds(door);
    this.table.lend(door, { name: 'SettleHolds', actions: ['PutItem'], partitions: HOLDS });
    this.letJudgeAge(door);
  }

  /** Runs `door` for every entry of every log that is new or was deleted and for attachments that were, and lets it raise the heads' marks, record deletions, and have attachments follow. */
  onEntries(door: Door, parked: ParkedQueue): void {
    const under = (prefix: string) => ({ Keys: { sk: { S: [{ prefix }] } } });
    const entries = { eventName: ['INSERT', 'REMOVE'], dynamodb: under('S#') };
    const attachments = { eventName: ['REMOVE'], dynamodb: under('F#') };
    this.table.feed(door, { filters: [entries, attachments], parked });
    this.table.lend(door, { name: 'RaiseHeads', actions: ['UpdateItem'] });
    this.letListAttachmentsOver(door);
  }

  /** Runs `door`, the stream's second reader, for every entry of every log that is new: once a minute, or for a thousand. */
  onNewEntries(door: Door, parked: ParkedQueue): void {
    const entries = { eventName: ['INSERT'], dynamodb: { Keys: { sk: { S: [{ prefix: 'S#' }] } } } };
    this.table.feed(door, { filters: [entries], parked, ...inMinutes });
  }

  /** Lets `door` write on the condition that no hold was placed. */
  private letCheckHolds(door: Door): void {
    this.table.lend(door, { name: 'CheckHolds', actions: ['ConditionCheckItem'], partitions: POLICY });
  }

  private letListAttachmentsOver(door: Door): void {
    this.table.lend(door, { name: 'ListAttachmentsOver', actions: ['PutItem'], partitions: 'OVER' });
  }
}
