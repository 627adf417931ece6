import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cacheDirectory as engineCache } from '../../../cli/cache-directory.ts';
import { startEngine } from '../../../local/dynamodb/engine.ts';
import { EngineClient } from '../../../local/dynamodb/engine-client.ts';
import { findJava, JavaMissing } from '../../../local/dynamodb/java.ts';

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'engine-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

const definition = {
  TableName: 'kept',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
};

test('data stays over a restart, and a closed engine leaves no process behind', async () => {
  const dataDirectory = folder();
  const first = await startEngine({ cacheDirectory: engineCache, dataDirectory });
  const client = new EngineClient(first.url, first.accessKeyId);
  await client.call('CreateTable', definition);
  await client.call('PutItem', { TableName: 'kept', Item: { pk: { S: 'a' }, n: { N: '1' } } });
  await first.close();
  expect(isAlive(first.pid)).toBe(false);

  const second = await startEngine({ cacheDirectory: engineCache, dataDirectory });
  onTestFinished(() => second.close());
  const { Item } = await new EngineClient(second.url, second.accessKeyId).call('GetItem', {
    TableName: 'kept',
    Key: { pk: { S: 'a' } },
  });
  expect(Item).toEqual({ pk: { S: 'a' }, n: { N: '1' } });

  const neighbour = new EngineClient(second.url, 'local'); // the port is open to the network, the data is not
  expect(await neighbour.call('ListTables', {})).toEqual({ TableNames: [] });
}, 120_000);

test('an engine that dies is reported with its reason', async () => {
  const reasons: string[] = [];
  const engine = await startEngine({
    cacheDirectory: engineCache,
    onDeath: (reason) => reasons.push(reason.message),
  });
  process.kill(engine.pid, 'SIGKILL');
  await expect.poll(() => reasons).toEqual([expect.stringMatching(/pid \d+\) ended: SIGKILL/)]);
}, 120_000);

test('the engine ends with the process that started it, even one that is killed', async () => {
  const engineModule = new URL('../../../local/dynamodb/engine.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(engineModule)}).then(async ({ startEngine }) => {
    const engine = await startEngine({ cacheDirectory: ${JSON.stringify(engineCache)} });
    console.log(engine.pid);
    setInterval(() => {}, 1000);
  })`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const pid = await new Promise<number>((told) => parent.stdout.once('data', (line) => told(Number(line))));
  expect(isAlive(pid)).toBe(true);

  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
}, 120_000);

test('two processes that fetch at once both get the whole engine, and leave nothing else behind', async () => {
  const cacheDirectory = folder();
  const engines = await Promise.all([startEngine({ cacheDirectory }), startEngine({ cacheDirectory })]);
  onTestFinished(async () => void (await Promise.all(engines.map((engine) => engine.close()))));
  expect(engines[0].url).not.toBe(engines[1].url);
  expect(readdirSync(cacheDirectory)).toEqual(['dynamodb-local-1.25.1']);
}, 120_000);

test('a machine without Java is told the one command that installs it', async () => {
  const search = findJava({ PATH: folder() });
  await expect(search).rejects.toThrow(JavaMissing);
  await expect(search).rejects.toThrow(/install one with: /);
  expect(new JavaMissing([], 'linux').command).toContain('apt-get install');
  expect(new JavaMissing([], 'darwin').command).toBe('brew install openjdk');
  expect(new JavaMissing([], 'win32').command).toContain('winget');
});
