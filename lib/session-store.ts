import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Door } from './door.ts';
import { StoredTable, type StoredTableProps } from './stored-table.ts';

/** Who is signed in, on which sockets, until when; and who no longer may be, whatever their token says. */
export class SessionStore extends Construct {
  private readonly table: StoredTable;

  constructor(scope: Construct, id: string, props: StoredTableProps) {
    super(scope, id);
    this.table = new StoredTable(this, 'Store', { ...props, variable: env.sessionsTable });
  }

  /** The table's name, for the operator's commands. */
  get tableName(): string {
    return this.table.name;
  }

  /** Lets `door` see whether a person's session stands. */
  letRead(door: Door): void {
    this.table.lend(door, { name: 'ReadSession', actions: ['GetItem'] });
  }

  /** Lets `door` admit a caller: read the session, register or extend it. Every door needs this but the first and last. */
  letAdmit(door: Door): void {
    this.table.lend(door, { name: 'AdmitCaller', actions: ['GetItem', 'UpdateItem'] });
  }

  /** Lets `door` forget a socket that closed. */
  letForgetSocket(door: Door): void {
    this.table.lend(door, { name: 'ForgetSocket', actions: ['UpdateItem'] });
  }

  /** Lets `door` refuse a person's sessions from now on, and forget their sockets. */
  letEnd(door: Door): void {
    this.table.lend(door, { name: 'EndSessions', actions: ['UpdateItem'] });
  }

  /** Lets `door` find the live sockets of a conversation's members. */
  letFindSockets(door: Door): void {
    this.table.lend(door, { name: 'FindSocketsOfMembers', actions: ['BatchGetItem'] });
  }
}
