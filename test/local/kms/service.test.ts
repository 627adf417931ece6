import { createPublicKey, verify } from 'node:crypto';
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
  GenerateDataKeyWithoutPlaintextCommand,
  GetPublicKeyCommand,
  KMSClient,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  VerifyCommand,
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
  const signing = keyResource('SigningKey', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  for (const key of [data, other, signing]) service.addKey(key);
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
    signing: signing.ref,
    signingArn: signing.attributes.Arn ?? '',
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

const Message = Buffer.from('who was signed out, and when');
const byEcdsa = { Message, SigningAlgorithm: 'ECDSA_SHA_256' } as const;

test('a key pair signs, and whoever has the public half verifies it without KMS, over a restart too', async () => {
  const { client, signing, signingArn, stateFile } = await start();
  const sign = new SignCommand({ KeyId: signing, ...byEcdsa });
  const { Signature = new Uint8Array(), KeyId, SigningAlgorithm } = await client.send(sign);
  expect([KeyId, SigningAlgorithm]).toEqual([signingArn, 'ECDSA_SHA_256']);

  const {
    PublicKey = new Uint8Array(),
    $metadata,
    ...told
  } = await client.send(new GetPublicKeyCommand({ KeyId: signing }));
  expect($metadata.httpStatusCode).toBe(200);
  expect(told).toMatchObject({
    ...{ KeyId: signingArn, KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
    SigningAlgorithms: ['ECDSA_SHA_256'],
  });
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  expect(verify('sha256', Message, key, Signature)).toBe(true);
  expect(verify('sha256', Buffer.from('another'), key, Signature)).toBe(false);

  const restarted = await start(stateFile);
  const checked = { KeyId: signing, ...byEcdsa, Signature };
  await expect(restarted.client.send(new VerifyCommand(checked))).resolves.toMatchObject({
    SignatureValid: true,
  });
  const other = new VerifyCommand({ ...checked, Message: Buffer.from('another') });
  await expect(restarted.client.send(other)).rejects.toMatchObject({ name: 'KMSInvalidSignatureException' });
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: signing }));
  expect(KeyMetadata).toMatchObject({ ...told, KeyId: signing, MultiRegion: false });
  expect(KeyMetadata).not.toHaveProperty('EncryptionAlgorithms');
});

test('each kind of key does what it is for and refuses the rest', async () => {
  const { client, key, keyArn, other, signing, signingArn } = await start();
  const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: key, Plaintext: Message }));
  const misused = (arn: string, usage: string, operation: string) => ({
    name: 'InvalidKeyUsageException',
    message: `${arn} key usage is ${usage} which is not valid for ${operation}.`,
  });
  const asks = { KeyId: signing, Plaintext: Message };
  await expect(client.send(new EncryptCommand(asks))).rejects.toMatchObject(
    misused(signingArn, 'SIGN_VERIFY', 'Encrypt'),
  );
  const dataKey = { KeyId: signing, KeySpec: 'AES_256' } as const;
  for (const command of [
    new GenerateDataKeyCommand(dataKey),
    new GenerateDataKeyWithoutPlaintextCommand(dataKey),
    new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: signing }),
    new SignCommand({ KeyId: key, ...byEcdsa }),
    new SignCommand({ KeyId: signing, ...byEcdsa, SigningAlgorithm: 'ECDSA_SHA_384' }),
    new VerifyCommand({ KeyId: other, ...byEcdsa, Signature: Message }),
  ] as SignCommand[]) {
    await expect(client.send(command)).rejects.toMatchObject({ name: 'InvalidKeyUsageException' });
  }
  await expect(client.send(new GetPublicKeyCommand({ KeyId: key }))).rejects.toMatchObject({
    name: 'UnsupportedOperationException',
  });
  await expect(client.send(new RotateKeyOnDemandCommand({ KeyId: signing }))).rejects.toMatchObject({
    name: 'UnsupportedOperationException',
  });
  for (const Wrong of [Buffer.alloc(4097), Buffer.alloc(0)]) {
    await expect(
      client.send(new SignCommand({ KeyId: signing, ...byEcdsa, Message: Wrong })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  }
  await client.send(new DisableKeyCommand({ KeyId: signing }));
  await expect(client.send(new SignCommand({ KeyId: signing, ...byEcdsa }))).rejects.toMatchObject({
    name: 'DisabledException',
  });
  expect(keyArn).not.toBe(signingArn);
});

test('signing asks for kms:Sign under the key’s own policy, and a template that AWS would refuse does not start', async () => {
  const { service, signing, signingArn } = await start();
  const call = callOf('kms', 'Sign', { KeyId: signing, SigningAlgorithm: 'ECDSA_SHA_256', Message: 'eA==' });
  expect(service.authorizations(call)).toMatchObject([
    {
      action: 'kms:Sign',
      resource: signingArn,
      resourcePolicy: { name: 'SigningKey key policy' },
      resourcePolicyDecides: true,
      context: {
        ...{ 'kms:KeySpec': 'ECC_NIST_P256', 'kms:KeyUsage': 'SIGN_VERIFY' },
        ...{ 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'RAW' },
      },
    },
  ]);
  expect(service.trail(call).requestParameters).toEqual({
    keyId: signing,
    signingAlgorithm: 'ECDSA_SHA_256',
  });
  const pair = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' };
  for (const wrong of [
    { ...pair, EnableKeyRotation: true },
    { KeySpec: 'ECC_NIST_P256' },
    { KeyUsage: 'SIGN_VERIFY' },
    { ...pair, KeySpec: 'RSA_2048' },
  ]) {
    expect(() => service.addKey(keyResource('WrongKey', wrong))).toThrow('Stack.WrongKey (AWS::KMS::Key)');
  }
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
