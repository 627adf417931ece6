import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Door } from './door.ts';
import type { ParkedQueue } from './parked-queue.ts';
import { inMinutes, StoredTable, type StoredTableProps } from './stored-table.ts';
import type { Trail } from './trail.ts';

/** What was allowed and refused, to whom and by which rule: one item each, which no door changes or deletes. */
export class AuditTrail extends Construct {
  private readonly table: StoredTable;

  constructor(scope: Construct, id: string, props: StoredTableProps) {
    super(scope, id);
    this.table = new StoredTable(this, 'Store', {
      ...props,
      sortKey: 'sk',
      variable: env.auditTrailTable,
      streams: true,
    });
  }

  /** The table's name, for the operator's commands. */
  get tableName(): string {
    return this.table.name;
  }

  /** Has `trail` record every call. */
  watchedBy(trail: Trail): void {
    this.table.watchedBy(trail, 'everybody');
  }

  /** Lets `door` write records. Every door that answers somebody does, and waits for it. */
  letRecord(door: Door): void {
    this.table.lend(door, { name: 'RecordDecisions', actions: ['PutItem'], partitions: 'P#*' });
  }

  /** Runs `door` for every record that is new, changed or gone, once a minute or for a thousand, and lets it keep how far it has sealed. */
  onRecords(door: Door, parked: ParkedQueue): void {
    const records = { dynamodb: { Keys: { pk: { S: [{ prefix: 'P#' }] } } } };
    this.table.feed(door, { filters: [records], parked, name: 'TrailStream', ...inMinutes });
    this.table.lend(door, { name: 'KeepSeals', actions: ['UpdateItem'], partitions: 'SEAL#*' });
  }
}
