import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DisableKeyCommand, EnableKeyCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Evidence } from '../../../cli/evidence/evidence.ts';
import type { Answer } from '../../../cli/evidence/live/ask.ts';
import { verifyPack } from '../../../cli/evidence/read-pack.ts';
import { main } from '../../../cli/main.ts';
import { type Run, startRun } from '../../fixtures/running.ts';
import { synthesized } from '../../fixtures/synth.ts';

let run: Run;
let kms: KMSClient;
const directory = mkdtempSync(join(tmpdir(), 'evidence-'));
const outputs = join(directory, 'outputs.json');

beforeAll(async () => {
  run = await startRun({ startAt: new Date('2033-01-01T00:00:00Z') });
  writeFileSync(outputs, JSON.stringify(run.outputs));
  writeFileSync(join(directory, 'credentials.json'), JSON.stringify(run.stack.administrator));
  const { region } = run.operator.deployment;
  kms = new KMSClient({ region, endpoint: run.stack.awsEndpointUrl, credentials: run.stack.administrator });
});
afterAll(async () => {
  kms.destroy();
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a pack of a running deployment asks it what it can answer, says what it cannot, and is signed by its key at its time', async () => {
  const { pack, evidence } = await made('first');
  const asked = evidence.answers.filter(({ silence }) => silence === undefined);
  expect(asked.flatMap(({ findings }) => findings.filter(({ holds }) => !holds))).toEqual([]);
  expect(new Set(asked.map(({ question }) => question))).toEqual(
    new Set([
      'table-state',
      'table-expiry',
      'key-state',
      'signing-key',
      'user-pool',
      'user-pool-client',
      'bucket-versions',
    ]),
  );
  expect(about(evidence, 'user-pool', '/SignIn/People').findings).toContainEqual(
    expect.objectContaining({
      property: 'UserPool.MfaConfiguration',
      expected: 'ON',
      seen: 'ON',
      holds: true,
    }),
  );
  for (const { silence } of evidence.answers.filter((answer) => answer.silence !== undefined))
    expect(silence).toMatch(
      /^not asked: (the local run does not serve \S+|this command has no client|the outputs do not)/,
    );
  expect(about(evidence, 'table-recovery', '/Conversations/Store/Table').silence).toBe(
    'not asked: the local run does not serve dynamodb:DescribeContinuousBackups',
  );

  const KeyId = String(Object.values(run.outputs).find((stack) => 'SigningKeyArn' in stack)?.SigningKeyArn);
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  expect(verifyPack(pack, key.export({ type: 'spki', format: 'pem' }).toString())).toMatchObject({
    faults: [],
    at: expect.stringMatching(/^2033-01-01/),
  });
});

test('a key that somebody disabled is named, its safeguards fail, and the difference to the pack before says so', async () => {
  const { pack } = await made('before');
  const KeyId = keyNamed(/EncryptionKeysLogs/);
  await kms.send(new DisableKeyCommand({ KeyId }));
  const { evidence, pack: after } = await made('after', '--previous', pack);
  await kms.send(new EnableKeyCommand({ KeyId }));

  expect(about(evidence, 'key-state', '/EncryptionKeys/Logs').findings).toContainEqual(
    expect.objectContaining({ property: 'KeyMetadata.KeyState', seen: 'Disabled', holds: false }),
  );
  const difference = JSON.parse(readFileSync(join(after, 'difference.json'), 'utf8'));
  expect(difference.safeguards.changed).toContainEqual({
    ...{ what: '164.312(a)(2)(iv) Encryption and decryption', field: 'today' },
    ...{ before: expect.stringMatching(/^(holds|in part)$/), after: 'fails' },
  });
  expect(difference.assets).toEqual({ came: [], went: [], changed: [] });
});

function about({ answers }: Evidence, question: string, end: string): Answer {
  const answer = answers.find((one) => one.question === question && one.resource.endsWith(end));
  if (!answer) throw new Error(`nobody asked ${question} of ${end}`);
  return answer;
}

function keyNamed(name: RegExp): string {
  const all = Object.values(run.outputs).flatMap((stack) => Object.entries(stack));
  return String(all.find(([output, value]) => name.test(output) && value.startsWith('arn:aws:kms:'))?.[1]);
}

async function made(name: string, ...more: string[]): Promise<{ pack: string; evidence: Evidence }> {
  const quiet = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => {
    quiet.mockRestore();
    process.exitCode = undefined;
  });
  const pack = join(directory, name);
  const given = ['--out', pack, '--outputs', outputs, '--assembly', await synthesized(), ...more];
  expect([0, 1]).toContain(await main(['audit', 'evidence', ...given]));
  return { pack, evidence: JSON.parse(readFileSync(join(pack, 'evidence.json'), 'utf8')) };
}
