import { AwsError } from '../front-door/service.ts';
import type { EngineClient } from './engine-client.ts';
import { itemSize } from './item-size.ts';
import type { Index, Table } from './table.ts';
import { tableNameOf } from './touches.ts';
import { type Document, type Item, item, object, objects, plain, text } from './wire.ts';

/** What a transaction used of one table, in the form of DynamoDB's ConsumedCapacity. */
export interface TableUnits {
  readonly TableName: string;
  readonly CapacityUnits: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}

/**
 * Applies a TransactWriteItems and counts its units: two for each kilobyte written or checked, of each item and of each
 * index entry that changes (DynamoDB developer guide, "Capacity management for transactions"). Counted here from the items
 * before and after, because DynamoDB Local 1.25 answers four for any number of small items.
 */
export async function countingUnits(
  engine: EngineClient,
  tables: ReadonlyMap<string, Table>,
  input: Document,
  apply: () => Promise<Document>,
): Promise<{ answer: Document; consumed: readonly TableUnits[] }> {
  const targets = targetsOf(input, tables);
  const before = await read(engine, targets);
  const answer = await apply();
  const isRepeat = objects(answer.ConsumedCapacity).some((entry) => entry.ReadCapacityUnits !== undefined);
  const after = isRepeat ? before : await read(engine, targets);

  const names = [...new Set(targets.map(({ table }) => table.name))];
  const consumed = names.map((TableName): TableUnits => {
    const units = targets
      .filter(({ table }) => table.name === TableName)
      .map((target) => {
        const images = [before.get(target.id), after.get(target.id)] as const;
        // A repeat of a request's token only reads (same page, "Idempotency").
        return isRepeat ? 2 * blocks(images[0], READ_BLOCK) : writeUnits(target.table, ...images);
      })
      .reduce((sum, used) => sum + used, 0);
    const direction = isRepeat ? 'ReadCapacityUnits' : 'WriteCapacityUnits';
    return { TableName, CapacityUnits: units, [direction]: units };
  });
  return { answer, consumed };
}

const READ_BLOCK = 4096;
const WRITE_BLOCK = 1024;

interface Target {
  readonly table: Table;
  readonly key: Item;
  readonly id: string;
}

/** The items that a transaction's entries are about, in their order. */
export function targetsOf(input: Document, tables: ReadonlyMap<string, Table>): Target[] {
  return objects(input.TransactItems).flatMap((entry) =>
    Object.values(entry).flatMap((given) => {
      const request = object(given);
      const table = tables.get(tableNameOf(request));
      if (table === undefined) return []; // the engine will say so
      const key = keyOf(table, item(request.Key ?? request.Item));
      return [{ table, key, id: idOf(table, key) }];
    }),
  );
}

function keyOf(table: Table, from: Item): Item {
  return Object.fromEntries(Object.entries(from).filter(([name]) => table.keys.includes(name)));
}

function idOf(table: Table, key: Item): string {
  return JSON.stringify([table.name, ...table.keys.map((name) => plain(key[name]))]);
}

/** The items as they are now. What is wrong with the keys is left for the transaction itself to say. */
async function read(engine: EngineClient, targets: readonly Target[]): Promise<Map<string, Item>> {
  const tables = new Map(targets.map(({ table }) => [table.name, table]));
  const RequestItems = Object.fromEntries(
    [...tables.keys()].map((name) => {
      const keys = new Map(
        targets.filter(({ table }) => table.name === name).map(({ id, key }) => [id, key]),
      );
      return [name, { Keys: [...keys.values()], ConsistentRead: true }];
    }),
  );
  try {
    const { Responses } = targets.length === 0 ? {} : await engine.call('BatchGetItem', { RequestItems });
    return new Map(
      [...tables.values()].flatMap((table) =>
        objects(object(Responses)[table.name]).map((found): [string, Item] => [
          idOf(table, item(found)),
          item(found),
        ]),
      ),
    );
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ValidationException') return new Map();
    throw error;
  }
}

function writeUnits(table: Table, before: Item | undefined, after: Item | undefined): number {
  const onTable = Math.max(blocks(before, WRITE_BLOCK), blocks(after, WRITE_BLOCK));
  const onIndexes = [...table.indexes.values()].map((index) => indexBlocks(table, index, before, after));
  return 2 * onIndexes.reduce((sum, used) => sum + used, onTable);
}

/** A changed entry is written once; one whose key changed is deleted and put anew. */
function indexBlocks(table: Table, index: Index, before: Item | undefined, after: Item | undefined): number {
  const [old, now] = [entryOf(table, index, before), entryOf(table, index, after)];
  if (JSON.stringify(old) === JSON.stringify(now)) return 0;
  const keyIn = (entry: Item | undefined) => JSON.stringify(index.keys.map((name) => entry?.[name]));
  const [oldBlocks, newBlocks] = [old ? blocks(old, WRITE_BLOCK) : 0, now ? blocks(now, WRITE_BLOCK) : 0];
  return old && now && keyIn(old) !== keyIn(now) ? oldBlocks + newBlocks : Math.max(oldBlocks, newBlocks);
}

/** What the index holds of an item; nothing where the item lacks one of the index's keys. */
function entryOf(table: Table, index: Index, of: Item | undefined): Item | undefined {
  if (of === undefined || index.keys.some((name) => of[name] === undefined)) return undefined;
  const projection = text(index.projection.ProjectionType) ?? 'ALL';
  const extra = Array.isArray(index.projection.NonKeyAttributes) ? index.projection.NonKeyAttributes : [];
  const kept = Object.entries(of).filter(
    ([name]) =>
      projection === 'ALL' || table.keys.includes(name) || index.keys.includes(name) || extra.includes(name),
  );
  return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Even an item that is not there takes one. */
function blocks(of: Item | undefined, block: number): number {
  return of === undefined ? 1 : Math.max(1, Math.ceil(itemSize(of) / block));
}
