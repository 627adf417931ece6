import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CancelKeyDeletionCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  KMSClient,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { open, seal } from '../../../local/kms/ciphertext.ts';
import { KmsService } from '../../../local/kms/service.ts';
import type { Resource } from '../../../local/template/resource.ts';
import { callOf, credentials, serve } from '../dynamodb/served.ts';

const DAY_MS = 24 * 3600 * 1000;

async function start(stateFile = temporaryFile()) {
  const clock = new Clock();
  const service = new KmsService({ account: localAccount, clock, stateFile });
  const [data, other] = [keyResource('DataKey'), keyResource('OtherKey', { MultiRegion: true })];
  service.addKey(data);
  service.addKey(other);
  service.addAlias({
    ...keyResource('Alias'),
    ref: 'alias/data',
    properties: { TargetKeyId: data.attributes.Arn },
  });
  const served = await serve(service, onTestFinished);
  const client = new KMSClient({ endpoint: served.url, region: 'us-east-1', credentials });
  onTestFinished(() => {
    client.destroy();
    service.close();
    clock.stop();
  });
  return {
    clock,
    service,
    client,
    stateFile,
    key: data.ref,
    keyArn: data.attributes.Arn ?? '',
    other: other.ref,
  };
}

test('a data key opens only under the encryption context it was made with', async () => {
  const { client, key, keyArn } = await start();
  const EncryptionContext = { conversation: 'c-1', epoch: '2026-11' };
  const made = await client.send(
    new GenerateDataKeyCommand({ KeyId: key, KeySpec: 'AES_256', EncryptionContext }),
  );
  expect(made.Plaintext).toHaveLength(32);
  expect(made.KeyId).toBe(keyArn);

  const reordered = { epoch: '2026-11', conversation: 'c-1' };
  const opened = await client.send(
    new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: reordered }),
  );
  expect(opened.Plaintext).toEqual(made.Plaintext);
  const others: (Record<string, string> | undefined)[] = [
    undefined,
    { conversation: 'c-2', epoch: '2026-11' },
    { conversation: 'c-1' },
  ];
  for (const wrong of others) {
    const refused = client.send(
      new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: wrong }),
    );
    await expect(refused).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  }
});

test('no two different contexts, and no changed byte, open the same blob', () => {
  const contexts = fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }), { maxKeys: 3 });
  const same = (a: object, b: object) => {
    const sorted = (given: object) =>
      JSON.stringify(Object.entries(given).toSorted(([x], [y]) => (x < y ? -1 : 1)));
    return sorted(a) === sorted(b);
  };
  fc.assert(
    fc.property(
      contexts,
      contexts,
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(),
      (made, asked, bytes, place) => {
        const material = Buffer.alloc(32, 7);
        const blob = seal(material, { keyId: 'k', version: 0 }, made, Buffer.from(bytes));
        expect(open(material, asked, blob)?.equals(Buffer.from(bytes)) ?? false).toBe(same(made, asked));
        const changed = Buffer.from(blob);
        const at = 2 + (place % (blob.length - 2)); // format and length decide how the blob is read at all
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(open(material, made, changed)).toBeUndefined();
      },
    ),
  );
});

test('what a key sealed is opened after a restart, from a file that only its owner reads', async () => {
  const stateFile = temporaryFile();
  const first = await start(stateFile);
  const { CiphertextBlob } = await first.client.send(
    new EncryptCommand({ KeyId: 'alias/data', Plaintext: Buffer.from('kept') }),
  );
  await first.client.send(new RotateKeyOnDemandCommand({ KeyId: first.key }));
  expect(statSync(stateFile).mode & 0o777).toBe(0o600);

  const second = await start(stateFile);
  const { Plaintext } = await second.client.send(new DecryptCommand({ CiphertextBlob }));
  expect(Buffer.from(Plaintext ?? []).toString()).toBe('kept');
});

test('a disabled key refuses to seal and to open until it is enabled again', async () => {
  const { client, service, key, keyArn } = await start();
  const { CiphertextBlob } = await client.send(
    new EncryptCommand({ KeyId: key, Plaintext: Buffer.from('x') }),
  );
  await client.send(new DisableKeyCommand({ KeyId: key }));
  const refusal = { name: 'DisabledException', message: `${keyArn} is disabled.` };
  await expect(client.send(new DecryptCommand({ CiphertextBlob }))).rejects.toMatchObject(refusal);
  await expect(
    client.send(new GenerateDataKeyCommand({ KeyId: key, NumberOfBytes: 8 })),
  ).rejects.toMatchObject(refusal);
  expect(service.keyPolicyOf(keyArn).usable).toBe(false);

  await client.send(new EnableKeyCommand({ KeyId: key }));
  await client.send(new DecryptCommand({ CiphertextBlob }));
  expect(service.keyPolicyOf(keyArn)).toMatchObject({ usable: true, policy: { name: 'DataKey key policy' } });
});

test('a key scheduled for deletion waits, can be kept, and is gone for good when its day has come', async () => {
  const { client, clock, key, keyArn, stateFile } = await start();
  const { CiphertextBlob } = await client.send(
    new EncryptCommand({ KeyId: key, Plaintext: Buffer.from('x') }),
  );
  const schedule = new ScheduleKeyDeletionCommand({ KeyId: key, PendingWindowInDays: 7 });
  const decrypt = () => client.send(new DecryptCommand({ CiphertextBlob }));
  await client.send(schedule);
  await expect(decrypt()).rejects.toMatchObject({
    name: 'KMSInvalidStateException',
    message: `${keyArn} is pending deletion.`,
  });
  await client.send(new CancelKeyDeletionCommand({ KeyId: key }));
  clock.advance(8 * DAY_MS);
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: key }));
  expect(KeyMetadata).toMatchObject({ KeyState: 'Disabled', Enabled: false, MultiRegion: false });

  await client.send(new EnableKeyCommand({ KeyId: key }));
  await decrypt();
  await client.send(schedule);
  clock.advance(7 * DAY_MS);
  await expect(decrypt()).rejects.toMatchObject({ name: 'NotFoundException' });
  const restarted = await start(stateFile);
  await expect(restarted.client.send(new DescribeKeyCommand({ KeyId: key }))).rejects.toMatchObject({
    name: 'NotFoundException',
    message: `Key '${keyArn}' does not exist`,
  });
});

test('a blob names its key: another key is refused, and a broken blob is invalid', async () => {
  const { client, key, other } = await start();
  const { CiphertextBlob = new Uint8Array() } = await client.send(
    new EncryptCommand({ KeyId: key, Plaintext: Buffer.from('x') }),
  );
  const refused = (input: { CiphertextBlob: Uint8Array; KeyId?: string }) =>
    client.send(new DecryptCommand(input));
  await expect(refused({ CiphertextBlob, KeyId: other })).rejects.toMatchObject({
    name: 'IncorrectKeyException',
  });
  const cut = CiphertextBlob.slice(0, 20);
  await expect(refused({ CiphertextBlob: cut })).rejects.toMatchObject({
    name: 'InvalidCiphertextException',
  });
  await expect(
    client.send(new EncryptCommand({ KeyId: 'alias/none', Plaintext: Buffer.from('x') })),
  ).rejects.toThrow('Alias arn:aws:kms:us-east-1:111122223333:alias/none is not found.');
  const moved = await client.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: other }));
  expect(moved.KeyId).toMatch(/:key\/mrk-[0-9a-f]{32}$/);
  const back = await client.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, KeyId: other }));
  expect(Buffer.from(back.Plaintext ?? []).toString()).toBe('x');
});

test('each use asks for its action on the key, with what key policies look at, and leaves no plaintext in the trail', async () => {
  const { client, service, keyArn } = await start();
  const EncryptionContext = { conversation: 'c-1' };
  const encrypt = { KeyId: 'alias/data', Plaintext: 'c2VjcmV0', EncryptionContext };
  const policy = service.keyPolicyOf(keyArn).policy;
  const context = {
    'kms:CallerAccount': '111122223333',
    'kms:KeyOrigin': 'AWS_KMS',
    'kms:KeySpec': 'SYMMETRIC_DEFAULT',
    'kms:KeyUsage': 'ENCRYPT_DECRYPT',
    'kms:MultiRegion': 'false',
    'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
    'kms:EncryptionContextKeys': ['conversation'],
    'kms:EncryptionContext:conversation': 'c-1',
    'kms:ResourceAliases': ['alias/data'],
  };
  const byKey = { resource: keyArn, resourcePolicy: policy, resourcePolicyDecides: true };
  expect(service.authorizations(callOf('kms', 'Encrypt', encrypt))).toEqual([
    { action: 'kms:Encrypt', ...byKey, context: { ...context, 'kms:RequestAlias': 'alias/data' } },
  ]);
  const { CiphertextBlob = new Uint8Array() } = await client.send(
    new EncryptCommand({ ...encrypt, Plaintext: Buffer.from('secret') }),
  );
  const decrypt = { CiphertextBlob: Buffer.from(CiphertextBlob).toString('base64'), EncryptionContext };
  expect(service.authorizations(callOf('kms', 'Decrypt', decrypt))).toEqual([
    { action: 'kms:Decrypt', ...byKey, context },
  ]);
  expect(service.authorizations(callOf('kms', 'GenerateRandom', {}))).toEqual([
    { action: 'kms:GenerateRandom', resource: '*' },
  ]);
  expect(() => service.authorizations(callOf('kms', 'CreateGrant', {}))).toThrow(
    expect.objectContaining({ code: 'UnknownOperationException' }),
  );
  expect(service.trail(callOf('kms', 'Encrypt', encrypt))).toEqual({
    category: 'Management',
    readOnly: true,
    resources: [{ type: 'AWS::KMS::Key', arn: keyArn }],
    requestParameters: {
      keyId: 'alias/data',
      encryptionContext: EncryptionContext,
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    },
  });
});

function keyResource(logicalId: string, properties: Record<string, unknown> = {}): Resource {
  const identity = KmsService.identifyKey({
    account: localAccount,
    stack: 'Stack',
    logicalId,
    seed: logicalId.toLowerCase().padEnd(26, '0'),
    property: (name) => properties[name],
  });
  return { stack: 'Stack', logicalId, type: 'AWS::KMS::Key', properties, ...identity };
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kms-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'keys.json');
}
