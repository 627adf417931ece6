import { expect, test } from 'vitest';
import { InFlight } from '../../../local/dynamodb/in-flight.ts';
import type { Table } from '../../../local/dynamodb/table.ts';

const tables = new Map([['Log', { name: 'Log', keys: ['pk'] } as unknown as Table]]);
const put = (pk: string) => ({ TableName: 'Log', Item: { pk: { S: pk } } });
const transaction = (...places: string[]) => ({ TransactItems: places.map((pk) => ({ Put: put(pk) })) });

test('a half shown transaction begins when the writers before it are through, and refuses those after it', async () => {
  const inFlight = new InFlight();
  const order: string[] = [];
  let letThrough = () => {};
  const underWay = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const writing = inFlight.write('PutItem', put('a'), tables, () =>
    underWay.then(() => order.push('written')),
  );
  const holding = inFlight.hold(transaction('a', 'b'), tables).then((release) => {
    order.push('held');
    return release;
  });
  const work = async () => order.push('never');
  const refused = { code: 'TransactionConflictException' };
  await expect(inFlight.write('PutItem', put('b'), tables, work)).rejects.toMatchObject(refused);
  await expect(
    inFlight.write('TransactWriteItems', transaction('c', 'a'), tables, work),
  ).rejects.toMatchObject({ code: 'TransactionCanceledException' });
  await expect(inFlight.hold(transaction('b'), tables)).rejects.toMatchObject({
    code: 'TransactionCanceledException',
  });
  await inFlight.write('PutItem', put('c'), tables, async () => order.push('another place'));
  letThrough();
  await writing;
  const release = await holding;
  expect(order).toEqual(['another place', 'written', 'held']);
  release();
  await inFlight.write('PutItem', put('a'), tables, async () => order.push('after it'));
  expect(order.at(-1)).toBe('after it');
});
