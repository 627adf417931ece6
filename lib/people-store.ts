import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Door } from './door.ts';
import { StoredTable, type StoredTableProps } from './stored-table.ts';
import type { Trail } from './trail.ts';

/** Partitions that hold lists of conversations: who writes there cannot touch a profile, which holds roles. */
const LISTS = 'L#*';

/** Partitions of acts that wait for a second person. */
const REQUESTS = 'A#*';

/** Partitions of profiles. */
const PROFILES = 'P#*';

/** Partitions of the quarterly lists on which everybody is signed off. */
const QUARTERS = 'R#*';

/** Every person: profile, roles, and the list of conversations they are in. */
export class PeopleStore extends Construct {
  private readonly table: StoredTable;

  constructor(scope: Construct, id: string, props: StoredTableProps) {
    super(scope, id);
    this.table = new StoredTable(this, 'Store', { ...props, sortKey: 'sk', variable: env.peopleTable });
  }

  /** The table's name, for the operator's commands. */
  get tableName(): string {
    return this.table.name;
  }

  /** Has `trail` record the calls of outsiders. */
  watchedBy(trail: Trail): void {
    this.table.watchedBy(trail, 'outsiders');
  }

  /** Lets `door` read one person. */
  letRead(door: Door): void {
    this.table.lend(door, { name: 'ReadPerson', actions: ['GetItem'] });
  }

  /** Lets `door` read many people at once. */
  letReadMany(door: Door): void {
    this.table.lend(door, { name: 'ReadPeople', actions: ['BatchGetItem'] });
  }

  /** Lets `door` read the people it wants as members, and put the conversation on their lists. */
  letJoin(door: Door): void {
    this.letReadMany(door);
    this.table.lend(door, { name: 'PutConversationOnLists', actions: ['PutItem'], partitions: LISTS });
  }

  /** Lets `door` read who is in which conversations, and how far they have read. */
  letList(door: Door): void {
    this.table.lend(door, { name: 'ReadLists', actions: ['Query'], partitions: LISTS });
  }

  /** Lets `door` note how far somebody has read. */
  letMark(door: Door): void {
    this.table.lend(door, { name: 'MarkOnLists', actions: ['UpdateItem'], partitions: LISTS });
  }

  /** Lets `door` note that somebody asked for an act that needs two people, find who, and take it off when it is done. */
  letApprove(door: Door): void {
    this.letRead(door);
    this.table.lend(door, {
      name: 'KeepRequests',
      actions: ['PutItem', 'DeleteItem'],
      partitions: REQUESTS,
    });
  }

  /** Lets `door` make a person, and finish one that was begun; and look up the patients for whom they are to act. */
  letAdd(door: Door): void {
    this.table.lend(door, { name: 'ReadPeople', actions: ['BatchGetItem'] });
    this.table.lend(door, {
      name: 'AddPerson',
      actions: ['PutItem', 'UpdateItem'],
      partitions: PROFILES,
    });
  }

  /** Lets `door` change what a person is, and look up the patients for whom they are to act. */
  letChange(door: Door): void {
    this.letRead(door);
    this.table.lend(door, { name: 'ReadPeople', actions: ['BatchGetItem'] });
    this.table.lend(door, { name: 'ChangePerson', actions: ['UpdateItem'], partitions: PROFILES });
  }

  /** Lets `door` list everybody once in a quarter, keep that list, and disable who is taken off. */
  letRecertify(door: Door): void {
    this.letRead(door);
    this.table.lend(door, { name: 'ChangePerson', actions: ['UpdateItem'], partitions: PROFILES });
    this.table.lend(door, { name: 'LookThroughPeople', actions: ['Scan'] });
    this.table.lend(door, {
      name: 'KeepQuarterLists',
      actions: ['PutItem', 'UpdateItem', 'Query'],
      partitions: QUARTERS,
    });
  }

  /** Lets `door` take a conversation off the list of someone who leaves. */
  letLeave(door: Door): void {
    this.table.lend(door, { name: 'TakeConversationOffLists', actions: ['DeleteItem'], partitions: LISTS });
  }
}
