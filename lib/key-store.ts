import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Door } from './door.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import { StoredTable, type StoredTableProps } from './stored-table.ts';

/**
 * The data keys, wrapped: those of conversations under the organisation key, that one under KMS. What is deleted here
 * cannot be restored after `recoveryDays`, which is what makes shredding final.
 */
export class KeyStore extends Construct {
  private readonly table: StoredTable;
  private readonly wrappingKey: EncryptionKey;

  constructor(scope: Construct, id: string, props: StoredTableProps) {
    super(scope, id);
    this.wrappingKey = props.encryptionKey;
    this.table = new StoredTable(this, 'Store', { ...props, sortKey: 'sk', variable: env.keysTable });
  }

  /** Lets `door` open bodies with keys that exist. */
  letOpen(door: Door): void {
    this.table.lend(door, { name: 'ReadDataKeys', actions: ['GetItem'] });
    this.lendOrganisationKey(door, 'UnwrapOrganisationKey', 'kms:Decrypt');
    door.tell(env.organisationKeyArn, this.wrappingKey.keyArn);
  }

  /** Lets `door` open bodies and seal new ones, making keys where there are none. */
  letSeal(door: Door): void {
    this.letOpen(door);
    this.table.lend(door, { name: 'KeepNewDataKeys', actions: ['PutItem'] });
    this.lendOrganisationKey(door, 'MakeOrganisationKey', 'kms:GenerateDataKey');
  }

  private lendOrganisationKey(door: Door, name: string, action: string): void {
    door.lend({
      name,
      actions: [action],
      resources: [this.wrappingKey.keyArn],
      conditions: { StringEquals: { 'kms:EncryptionContext:purpose': 'organisation-key' } },
    });
  }
}
