import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Door } from './door.ts';
import type { Settings } from './settings.ts';
import { StoredTable, type StoredTableProps, type TableAbility } from './stored-table.ts';
import type { Trail } from './trail.ts';

export interface SessionStoreProps extends StoredTableProps {
  readonly signOut: Settings['signOut'];
}

/** Who is signed in, on which sockets, until when; and who no longer may be, whatever their token says. */
export class SessionStore extends Construct {
  private readonly table: StoredTable;
  private readonly signOut: Settings['signOut'];

  constructor(scope: Construct, id: string, props: SessionStoreProps) {
    super(scope, id);
    this.signOut = props.signOut;
    this.table = new StoredTable(this, 'Store', { ...props, variable: env.sessionsTable });
  }

  /** The table's name, for the operator's commands. */
  get tableName(): string {
    return this.table.name;
  }

  /** Has `trail` record the calls of outsiders. */
  watchedBy(trail: Trail): void {
    this.table.watchedBy(trail, 'outsiders');
  }

  /** Lets `door` see whether a person's session stands. */
  letRead(door: Door): void {
    this.lend(door, { name: 'ReadSession', actions: ['GetItem'] });
  }

  /** Lets `door` admit a caller: read the session, register or extend it. Every door needs this but the first and last. */
  letAdmit(door: Door): void {
    this.lend(door, { name: 'AdmitCaller', actions: ['GetItem', 'UpdateItem'] });
  }

  /** Lets `door` forget a socket that closed. */
  letForgetSocket(door: Door): void {
    this.lend(door, { name: 'ForgetSocket', actions: ['UpdateItem'] });
  }

  /** Lets `door` refuse a person's sessions from now on, and forget their sockets. */
  letEnd(door: Door): void {
    this.lend(door, { name: 'EndSessions', actions: ['UpdateItem'] });
  }

  /** Lets `door` find the live sockets of a conversation's members. */
  letFindSockets(door: Door): void {
    this.lend(door, { name: 'FindSocketsOfMembers', actions: ['BatchGetItem'] });
  }

  /** Lets `door` look through everybody's sockets. */
  letSweep(door: Door): void {
    this.lend(door, { name: 'LookThroughSessions', actions: ['Scan'] });
  }

  private lend(door: Door, ability: TableAbility): void {
    this.table.lend(door, ability);
    const { idleMinutes, idleMinutesByRole, hours } = this.signOut;
    door.tell(env.idleMinutes, JSON.stringify({ ...idleMinutesByRole, default: idleMinutes }));
    door.tell(env.signInHours, String(hours));
  }
}
