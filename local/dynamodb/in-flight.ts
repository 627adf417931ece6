import { AwsError } from '../front-door/service.ts';
import type { Table } from './table.ts';
import { targetsOf } from './transaction-units.ts';
import type { Document } from './wire.ts';

/** Items that a half shown transaction still holds: another writer is refused there as AWS refuses them. */
export class InFlight {
  private readonly held = new Set<string>();
  private readonly writers = new Map<Promise<unknown>, readonly string[]>();

  /**
   * Holds the transaction's items until what it resolves to is called. Who was let in before ends first: what the second
   * half writes was looked at with the first.
   *
   * @throws AwsError `TransactionCanceledException` where another transaction holds one of them
   */
  async hold(input: Document, tables: ReadonlyMap<string, Table>): Promise<() => void> {
    this.refuseTransaction(input, tables);
    const ids = targetsOf(input, tables).map(({ id }) => id);
    for (const id of ids) this.held.add(id);
    const before = [...this.writers].filter(([, theirs]) => theirs.some((id) => ids.includes(id)));
    await Promise.allSettled(before.map(([writer]) => writer));
    return () => {
      for (const id of ids) this.held.delete(id);
    };
  }

  /** Lets a writer in; it is refused where a transaction holds what it writes. */
  async write<Answer>(
    operation: string,
    input: Document,
    tables: ReadonlyMap<string, Table>,
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    this.refuseWriter(operation, input, tables);
    const ids = writtenBy(operation, input, tables);
    if (ids.length === 0) return work();
    const writer = work();
    this.writers.set(writer, ids);
    try {
      return await writer;
    } finally {
      this.writers.delete(writer);
    }
  }

  /** @throws AwsError `TransactionConflictException`, or `TransactionCanceledException` with a reason for each item */
  private refuseWriter(operation: string, input: Document, tables: ReadonlyMap<string, Table>): void {
    if (this.held.size === 0) return;
    if (operation === 'TransactWriteItems') this.refuseTransaction(input, tables);
    if (!SINGLE_WRITES.has(operation)) return;
    if (writtenBy(operation, input, tables).some((id) => this.held.has(id))) {
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

/** The items that one call writes, by id. */
function writtenBy(
  operation: string,
  input: Document,
  tables: ReadonlyMap<string, Table>,
): readonly string[] {
  if (operation === 'TransactWriteItems') return targetsOf(input, tables).map(({ id }) => id);
  if (!SINGLE_WRITES.has(operation)) return [];
  return targetsOf({ TransactItems: [{ Write: input }] }, tables).map(({ id }) => id);
}
