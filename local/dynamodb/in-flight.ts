import { AwsError } from '../front-door/service.ts';
import type { Table } from './table.ts';
import { targetsOf } from './transaction-units.ts';
import type { Document } from './wire.ts';

/** Items that a half shown transaction still holds: another writer is refused there as AWS refuses them. */
export class InFlight {
  private readonly held = new Set<string>();

  /** Holds the transaction's items until what it returns is called. */
  hold(input: Document, tables: ReadonlyMap<string, Table>): () => void {
    const ids = targetsOf(input, tables).map(({ id }) => id);
    for (const id of ids) this.held.add(id);
    return () => {
      for (const id of ids) this.held.delete(id);
    };
  }

  /** @throws AwsError `TransactionConflictException`, or `TransactionCanceledException` with a reason for each item */
  refuseWriter(operation: string, input: Document, tables: ReadonlyMap<string, Table>): void {
    if (this.held.size === 0) return;
    if (operation === 'TransactWriteItems') this.refuseTransaction(input, tables);
    if (!SINGLE_WRITES.has(operation)) return;
    const [target] = targetsOf({ TransactItems: [{ Write: input }] }, tables);
    if (target && this.held.has(target.id)) {
      throw new AwsError('TransactionConflictException', 'Transaction is ongoing for the item');
    }
  }

  private refuseTransaction(input: Document, tables: ReadonlyMap<string, Table>): void {
    const codes = targetsOf(input, tables).map(({ id }) =>
      this.held.has(id) ? 'TransactionConflict' : 'None',
    );
    if (codes.every((code) => code === 'None')) return;
    throw new AwsError(
      'TransactionCanceledException',
      `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
      400,
      {
        CancellationReasons: codes.map((Code) =>
          Code === 'None' ? { Code } : { Code, Message: 'Transaction is ongoing for the item' },
        ),
      },
    );
  }
}

const SINGLE_WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
