import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Borrower, Door } from './door.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import { StoredTable, type StoredTableProps } from './stored-table.ts';
import type { Trail } from './trail.ts';

/**
 * The data keys, wrapped: those of conversations under the organisation key, that one under KMS. What is deleted here
 * cannot be restored after `recoveryDays`, which is what makes shredding final.
 */
export class KeyStore extends Construct {
  private readonly table: StoredTable;
  private readonly wrappingKey: EncryptionKey;
  private readonly recoveryDays: number;

  constructor(scope: Construct, id: string, props: StoredTableProps) {
    super(scope, id);
    this.wrappingKey = props.encryptionKey;
    this.recoveryDays = props.recoveryDays;
    this.table = new StoredTable(this, 'Store', { ...props, sortKey: 'sk', variable: env.keysTable });
  }

  /** The table's name, for the operator's commands. */
  get tableName(): string {
    return this.table.name;
  }

  /** Has `trail` record every call: who opened which conversation’s key, by AWS’s own word. */
  watchedBy(trail: Trail): void {
    this.table.watchedBy(trail, 'everybody');
  }

  /** Lets `door` open bodies with keys that exist. */
  letOpen(door: Door): void {
    this.table.lend(door, { name: 'ReadDataKeys', actions: ['GetItem', 'Query'] });
    this.lendOrganisationKey(door, 'UnwrapOrganisationKey', 'kms:Decrypt');
    door.tell(env.organisationKeyArn, this.wrappingKey.keyArn);
  }

  /** Lets a session of `role` open bodies with keys that it asks for one by one: CloudTrail names each, which it does not where they are queried. */
  letOpenByName(role: Borrower): void {
    this.table.lend(role, { name: 'ReadNamedDataKeys', actions: ['GetItem'] });
    this.lendOrganisationKey(role, 'UnwrapOrganisationKey', 'kms:Decrypt');
    role.tell(env.organisationKeyArn, this.wrappingKey.keyArn);
  }

  /** Lets `door` open bodies and seal new ones, making keys where there are none. */
  letSeal(door: Door): void {
    this.letOpen(door);
    this.table.lend(door, { name: 'KeepNewDataKeys', actions: ['PutItem', 'ConditionCheckItem'] });
    this.lendOrganisationKey(door, 'MakeOrganisationKey', 'kms:GenerateDataKey');
  }

  /** Lets `door` find the keys that stand, and destroy those whose time has come. */
  letDestroy(door: Door): void {
    this.table.lend(door, { name: 'DestroyDataKeys', actions: ['Scan', 'UpdateItem'] });
  }

  /** Lets `door` destroy the keys of a conversation, and note it where they stood; says how long backups keep them. */
  letShred(door: Door): void {
    this.table.lend(door, { name: 'ShredDataKeys', actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'] });
    door.tell(env.keysRecoveryDays, String(this.recoveryDays));
  }

  private lendOrganisationKey(door: Borrower, name: string, action: string): void {
    door.lend({
      name,
      actions: [action],
      resources: [this.wrappingKey.keyArn],
      conditions: { StringEquals: { 'kms:EncryptionContext:purpose': 'organisation-key' } },
    });
  }
}
