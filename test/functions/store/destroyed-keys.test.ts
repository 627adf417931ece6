import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendMembership } from '../../../functions/domain/append-membership.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { endOf, epochOf, KeyDestroyed } from '../../../functions/domain/data-key.ts';
import { destroyKeys } from '../../../functions/domain/destroy-keys.ts';
import { genesisOf, type MessageEntry } from '../../../functions/domain/entry.ts';
import type { Hold } from '../../../functions/domain/holds.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import { phi, reveal } from '../../../functions/domain/phi.ts';
import { readLog } from '../../../functions/domain/read-log.ts';
import { signedBytes } from '../../../functions/domain/receipt.ts';
import { replayShreds, shredConversation } from '../../../functions/domain/shred-conversation.ts';
import { conversationLog } from '../../../functions/store/conversations.ts';
import { destructibleKeys } from '../../../functions/store/destructible-keys.ts';
import { titles } from '../../../functions/store/heads.ts';
import { holds } from '../../../functions/store/holds.ts';
import { keys } from '../../../functions/store/keys.ts';
import { patientExports } from '../../../functions/store/patient-exports.ts';
import { shredMarks, shreds } from '../../../functions/store/shreds.ts';
import { wrappedKeys } from '../../../functions/store/wrapped-keys.ts';
import { DataKeys } from '../../../functions/vault/data-keys.ts';
import { vault } from '../../../functions/vault/vault.ts';
import { DestructionCertificate } from '../../../protocol/requests.ts';
import { startDatabase } from '../../fixtures/database.ts';
import { aConversation, aRef, aRetention, callerNamed, MemoryKeys, person } from '../domain/in-memory.ts';
import { MemoryObjects } from '../domain/in-memory-attachments.ts';
import { anExport, MemoryExportFiles } from '../domain/in-memory-exports.ts';

const DAY = 24 * 60 * 60 * 1000;
const RETENTION = 100;
const MONTHS = [Date.UTC(2030, 0, 15), Date.UTC(2030, 1, 15), Date.UTC(2030, 2, 15)] as const;
const [ana, officer, second] = [person('ana'), person('officer'), person('second')];
const newId = () => idFrom(randomBytes(16));

let client: DynamoDBDocumentClient;
const teardown: (() => Promise<void>)[] = [];
beforeAll(async () => {
  client = await startDatabase(
    ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'].flatMap((name) => [
      `${name}Keys`,
      `${name}Conversations`,
    ]),
    (close) => teardown.push(close),
  );
}, 120_000);
afterAll(async () => {
  for (const close of teardown) await close();
});

type Deployment = ReturnType<typeof aDeployment>;

/** A deployment's tables and clock, and everything that seals, opens and destroys there. */
function aDeployment(name: string) {
  const tables = { keys: `${name}Keys`, conversations: `${name}Conversations` };
  const service = new MemoryKeys();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const time = { now: MONTHS[0] as number };
  const now = () => time.now;
  const failed: unknown[] = [];
  const log = conversationLog(client, { conversations: tables.conversations, people: tables.conversations });
  /** Another environment, which has met no key yet. */
  const environment = () => vault(new DataKeys(wrappedKeys(client, tables.keys), service, now));
  const rooms = {
    log,
    keys: destructibleKeys(client, tables),
    records: shreds(client, tables),
    titles: titles(client, tables.conversations),
    holds: holds(client, tables.conversations),
    failed: (_conversation: string, error: unknown) => failed.push(error),
    signer: {
      keyId: 'arn:aws:kms:us-east-1:111122223333:key/k',
      algorithm: 'ECDSA_SHA_256' as const,
      sign: async (bytes: Uint8Array) => sign('sha256', bytes, privateKey),
    },
    recoveryDays: 7,
    objects: new MemoryObjects(),
    exports: patientExports(client, tables.conversations),
    exportFiles: new MemoryExportFiles(),
    backupDays: 35,
    now,
    newId,
    pause: async () => {},
  };

  /** Places a hold as the door does, and releases it. */
  const holdOn = async (conversationId: string): Promise<Hold> => {
    const objects = { people: [], conversations: [conversationId] };
    const asked = { placedBy: officer, placedAt: now(), restamp: 1, reason: 'M-1' };
    const hold = await rooms.holds.place({ holdId: newId(), ...objects, ...asked, state: 'in-force' });
    await rooms.holds.countPlacing();
    return hold;
  };
  const release = (hold: Hold) => rooms.holds.replace(hold, { ...hold, state: 'released' });

  const begin = async () => {
    const conversationId = newId();
    const head: Head = {
      conversationId,
      kind: 'group',
      members: [{ person: ana, role: 'owner', joined: 0 }],
      membersVersion: 0,
      last: 0,
      lastHash: genesisOf(conversationId, ana, now()),
      lastAt: now(),
      retentionDays: RETENTION,
      createdAt: now(),
      createdBy: ana,
      ref: aRef(),
      founders: randomBytes(32),
      title: await environment().sealTitle(conversationId, now(), phi('Ward 5')),
    };
    await log.create(head);
    return head;
  };
  const say = async ({ conversationId }: Head, seq: number): Promise<MessageEntry> => {
    const fields = { conversationId, seq, messageId: newId(), sender: ana, ref: aRef(), at: now() };
    const draft = { ...fields, prev: randomBytes(32), membersVersion: 0 };
    const sealed = await environment().sealBody(draft, { kind: 'text', text: phi(`message ${seq}`) });
    await log.append({ ...draft, sealed }, now() + 400 * DAY);
    return { ...draft, sealed };
  };
  /** A conversation with a title and one message in each of three months; the clock stands in the third. */
  const threeMonths = async () => {
    time.now = MONTHS[0];
    const head = await begin();
    const entries: MessageEntry[] = [];
    for (const month of MONTHS) {
      time.now = month;
      entries.push(await say(head, entries.length + 1));
    }
    return { head, entries, conversationId: head.conversationId };
  };
  const opens = (entries: readonly MessageEntry[]) =>
    Promise.all(
      entries.map((entry) =>
        environment()
          .openBody(entry)
          .then(
            () => true,
            (error) => (error instanceof KeyDestroyed ? error.reason : Promise.reject(error)),
          ),
      ),
    );
  const read = async (conversationId: string) => {
    const { value } = await readLog(
      { log, vault: environment(), now, retention: aRetention({ default: RETENTION }) },
      Promise.resolve({ ...callerNamed(ana), roles: ['clinician'] }),
      'conversation.read',
      conversationId,
      { after: 0 },
      100,
    );
    return { seqs: value.entries.map(({ seq }) => seq), floor: value.floor, upTo: value.upTo };
  };
  const replay = async (certificates: DestructionCertificate[] = []) => {
    const done = [];
    for await (const one of replayShreds(rooms, certificates)) done.push(one);
    return done;
  };
  const isGenuine = (certificate: DestructionCertificate) =>
    verify('sha256', signedBytes(certificate), publicKey, Buffer.from(certificate.signature, 'base64'));
  return {
    ...{
      tables,
      time,
      holdOn,
      release,
      failed,
      log,
      environment,
      rooms,
      begin,
      say,
      threeMonths,
      opens,
      read,
    },
    ...{ replay, isGenuine, service, destroy: () => destroyKeys({ ...rooms, vault: environment() }) },
  };
}

const itemsOf = async (table: string) =>
  (await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }))).Items ?? [];
const putBack = async (table: string, items: readonly object[]) => {
  for (const item of items) await client.send(new PutCommand({ TableName: table, Item: { ...item } }));
};
const approved = (conversationId: string) => ({ conversationId, requestedBy: officer, approvedBy: second });

describe('an epoch', () => {
  test('has keys of its own, of the conversation and of the organisation, and an entry of each opens anywhere', async () => {
    const { threeMonths, opens, tables, environment } = aDeployment('one');
    const { entries, conversationId, head } = await threeMonths();
    expect(await opens(entries)).toEqual([true, true, true]);
    expect(head.title && reveal(await environment().openTitle(conversationId, head.title))).toBe('Ward 5');
    const found = await itemsOf(tables.keys);
    const epochs = MONTHS.map(epochOf);
    const ofConversation = found.filter(({ pk }) => pk === `C#${conversationId}`);
    expect(ofConversation.map(({ sk, under }) => [sk, under])).toEqual(epochs.map((one) => [one, one]));
    expect(found.filter(({ pk }) => pk === 'O#').map(({ sk }) => sk)).toEqual(epochs);
  });

  test('loses its key when its last entry has expired, to the millisecond, unless it is held; the title moves on', async () => {
    const { threeMonths, opens, tables, time, holdOn, release, destroy, log, environment, failed, read } =
      aDeployment('two');
    const [free, kept] = [await threeMonths(), await threeMonths()];
    const hold = await holdOn(kept.conversationId);
    const due = endOf('2030-01') - 1 + RETENTION * DAY;

    time.now = due - 1;
    expect(await destroy()).toEqual({ conversationKeys: 0, organisationKeys: 0, failed: 0 });
    time.now = due;
    expect(await destroy()).toEqual({ conversationKeys: 1, organisationKeys: 0, failed: 0 }); // what is held needs the organisation's
    expect(await opens(free.entries)).toEqual(['retention', true, true]);
    expect(await opens(kept.entries)).toEqual([true, true, true]);
    const record = (await itemsOf(tables.keys)).find(
      ({ pk, sk }) => pk === `C#${free.conversationId}` && sk === '2030-01',
    );
    expect(record).toEqual({
      pk: `C#${free.conversationId}`,
      sk: '2030-01',
      destroyedAt: due,
      reason: 'retention',
    });
    const head = await log.head(free.conversationId);
    expect(head?.title?.epoch).toBe(epochOf(due));
    expect(head?.title && reveal(await environment().openTitle(free.conversationId, head.title))).toBe(
      'Ward 5',
    );
    await expect(environment().sealTitle(free.conversationId, MONTHS[0], phi('again'))).rejects.toThrow(
      KeyDestroyed,
    );

    // a policy that became longer afterwards brings back nothing, and breaks nothing
    time.now = MONTHS[2];
    expect(await read(free.conversationId)).toEqual({ seqs: [2, 3], floor: 1, upTo: 3 });
    expect((await read(kept.conversationId)).seqs).toEqual([1, 2, 3]);

    await release(hold);
    time.now = due;
    expect(await destroy()).toEqual({ conversationKeys: 1, organisationKeys: 1, failed: 0 });
    const organisation = (await itemsOf(tables.keys)).find(({ pk, sk }) => pk === 'O#' && sk === '2030-01');
    expect(organisation).toEqual({ pk: 'O#', sk: '2030-01', destroyedAt: due, reason: 'unused' });
    expect(await destroy()).toEqual({ conversationKeys: 0, organisationKeys: 0, failed: 0 });
    expect(failed).toEqual([]);
  });

  test('keeps its key where its title could not be moved, and the others lose theirs', async () => {
    const { threeMonths, time, rooms, environment, failed } = aDeployment('three');
    const [one, other] = [await threeMonths(), await threeMonths()];
    time.now = endOf('2030-01') + RETENTION * DAY;
    const broken = {
      replace: async (...given: Parameters<typeof rooms.titles.replace>) => {
        if (given[0] === one.conversationId) throw new Error('no write');
        return rooms.titles.replace(...given);
      },
    };
    const count = await destroyKeys({ ...rooms, titles: broken, vault: environment() });
    expect(count).toEqual({ conversationKeys: 1, organisationKeys: 0, failed: 1 });
    expect(failed).toHaveLength(1);
    await expect(environment().openBody(one.entries[0] as MessageEntry)).resolves.toBeDefined();
    await expect(environment().openBody(other.entries[0] as MessageEntry)).rejects.toThrow(KeyDestroyed);
  });
});

describe('what is about to be destroyed is kept where, after the last look,', () => {
  const meanwhile = {
    'a hold was placed': ({ holdOn }: Deployment, id: string) => holdOn(id),
    'a hold was noted in its head': ({ rooms }: Deployment, id: string) => rooms.holds.keep(id, ['h1']),
    'somebody came in on whom a hold stands': async ({ log, rooms }: Deployment, id: string) => {
      const hold = { holdId: newId(), reason: 'M-1', people: [second], conversations: [], restamp: 1 };
      await rooms.holds.place({ ...hold, state: 'in-force', placedBy: officer, placedAt: 0 }); // counted long ago
      const joining = { ...aConversation([ana]).rooms, log, holds: rooms.holds };
      await appendMembership(joining, { person: ana }, id, {
        person: second,
        changeOf: () => ({ kind: 'member.added', person: second, role: 'member' }),
        check: () => {},
      });
    },
  };

  test('something came to keep it', async () => {
    const deployment = aDeployment('seven');
    const { threeMonths, rooms, opens, time, environment } = deployment;
    for (const comesBetween of Object.values(meanwhile)) {
      const [one, other] = [await threeMonths(), await threeMonths()];
      const records = {
        ...rooms.records,
        begin: async (...given: Parameters<typeof rooms.records.begin>) => {
          await comesBetween(deployment, one.conversationId);
          return rooms.records.begin(...given);
        },
      };
      expect(await shredConversation({ ...rooms, records }, approved(one.conversationId))).toBe('on-hold');
      expect((await rooms.log.head(one.conversationId))?.shreddedAt).toBeUndefined();

      time.now = endOf('2030-01') + RETENTION * DAY;
      const keys = {
        ...rooms.keys,
        destroyUnheld: async (due: Parameters<typeof rooms.keys.destroyUnheld>[0]) => {
          await comesBetween(deployment, other.conversationId);
          return rooms.keys.destroyUnheld(due);
        },
      };
      const destroyed = await destroyKeys({ ...rooms, keys, vault: environment() });
      expect(destroyed).toEqual({ conversationKeys: 0, organisationKeys: 0, failed: 0 });
      expect(await opens([...one.entries, ...other.entries])).toEqual(Array(6).fill(true));
    }
  });

  test('and what stood beside it goes all the same', async () => {
    const deployment = aDeployment('eight');
    const { threeMonths, rooms, opens, time, environment } = deployment;
    const [one, other] = [await threeMonths(), await threeMonths()];
    time.now = endOf('2030-01') + RETENTION * DAY;
    let times = 0;
    const keys = {
      ...rooms.keys,
      destroyUnheld: async (due: Parameters<typeof rooms.keys.destroyUnheld>[0]) => {
        times += 1;
        if (times === 1) await meanwhile['a hold was noted in its head'](deployment, one.conversationId);
        return rooms.keys.destroyUnheld(due);
      },
    };
    await destroyKeys({ ...rooms, keys, vault: environment() });
    expect(await opens(one.entries)).toEqual([true, true, true]);
    expect(await opens(other.entries)).toEqual(['retention', true, true]);
  });
});

describe('a shredded conversation', () => {
  test('opens nowhere, takes no new key, and is certified once; others are untouched; a held one is refused', async () => {
    const { threeMonths, opens, rooms, time, read, log, environment, isGenuine, holdOn, release } =
      aDeployment('four');
    const [gone, other] = [await threeMonths(), await threeMonths()];
    const hold = await holdOn(gone.conversationId);
    expect(await shredConversation(rooms, approved(gone.conversationId))).toBe('on-hold');
    await release(hold);
    expect(await shredConversation(rooms, approved(newId()))).toBe('unknown-conversation');
    expect(await opens(gone.entries)).toEqual([true, true, true]);

    const { exports, exportFiles } = rooms;
    for (const [exportId, opened] of Object.entries({
      ...{ both: [gone.conversationId, other.conversationId], rest: [other.conversationId] },
    })) {
      const packed = { versionId: exportFiles.put(exportId), bytes: 1, sha256: '', opened, oldest: {} };
      await exports.begin({ ...anExport(exportId), state: 'ready', until: time.now + DAY, packed });
    }
    const begun = await exports.begin({ ...anExport('begun'), claimedUntil: time.now + DAY });
    await exports.begin(anExport('asked'));
    const marks = shredMarks(client, 'fourConversations');
    expect(await marks.isAny([other.conversationId, gone.conversationId])).toBe(false);

    const warm = environment();
    await warm.openBody(gone.entries[0] as MessageEntry);
    const certificate = DestructionCertificate.parse(
      await shredConversation(rooms, approved(gone.conversationId)),
    );
    const at = (ms: number) => new Date(time.now + ms).toISOString();
    expect(certificate).toMatchObject({
      conversationId: gone.conversationId,
      requestedBy: officer,
      approvedBy: second,
      epochs: ['2030-01', '2030-02', '2030-03'],
      destroyedAt: at(0),
      unreadableFrom: at(5 * 60_000),
      plainKeySeconds: 300,
      finalFrom: at(8 * DAY),
      recoveryDays: 7,
      attachmentVersionsDeleted: 0,
      attachmentsFinalFrom: at(36 * DAY),
      backupDays: 35,
      exportsDeleted: 1,
    });
    expect([...exportFiles.stored.keys()]).toEqual(['rest']);
    const { conversationId } = gone;
    expect(Object.fromEntries((await exports.all()).map(({ exportId, ...one }) => [exportId, one]))).toEqual({
      both: expect.objectContaining({ state: 'gone', endedBy: 'destruction', withdrawnFor: conversationId }),
      rest: expect.objectContaining({ state: 'ready' }),
      begun: expect.objectContaining({ state: 'building', withdrawnFor: conversationId }),
      asked: expect.not.objectContaining({ withdrawnFor: conversationId }),
    });
    expect(await exports.replace(begun, { ...begun, state: 'ready' })).toBe(false); // whoever made it finds the mark
    expect(await marks.isAny([other.conversationId, conversationId])).toBe(true);
    expect(await marks.isAny([other.conversationId])).toBe(false);
    expect(isGenuine(certificate)).toBe(true);
    expect(isGenuine({ ...certificate, epochs: ['2030-01'] })).toBe(false);
    expect(await opens(gone.entries)).toEqual(['shredded', 'shredded', 'shredded']);
    expect(await opens(other.entries)).toEqual([true, true, true]);
    expect(await read(gone.conversationId)).toEqual({ seqs: [], floor: 3, upTo: 3 });
    expect((await log.head(gone.conversationId))?.title).toBeUndefined();
    const [later, title] = [time.now + 40 * DAY, phi('again')];
    await expect(environment().sealTitle(gone.conversationId, later, title)).rejects.toThrow(KeyDestroyed);

    time.now += 5 * 60_000 - 1;
    await expect(warm.openBody(gone.entries[0] as MessageEntry)).resolves.toBeDefined(); // why it says 5 minutes
    time.now += 1;
    await expect(warm.openBody(gone.entries[0] as MessageEntry)).rejects.toThrow(KeyDestroyed);
    expect(await shredConversation(rooms, approved(gone.conversationId))).toEqual(certificate);
  });

  test('stays so whatever is restored: either table before anything is done, and both after the records are replayed', async () => {
    const deployment = aDeployment('five');
    const { threeMonths, opens, rooms, read, replay, tables, time, destroy } = deployment;
    const { conversationId, entries } = await threeMonths();
    const yesterday = { keys: await itemsOf(tables.keys), heads: await itemsOf(tables.conversations) };
    const first = DestructionCertificate.parse(await shredConversation(rooms, approved(conversationId)));
    expect((await replay()).map(({ isNew }) => isNew)).toEqual([false]);

    await putBack(tables.keys, yesterday.keys); // keys beside the record that forbids them
    expect(await opens(entries)).toEqual(['shredded', 'shredded', 'shredded']);
    expect((await replay()).map(({ isNew }) => isNew)).toEqual([true]); // its certificate no longer holds
    await putBack(tables.keys, yesterday.keys);
    await forget(tables.keys, keys.shred(conversationId)); // the whole table as it was
    expect(await opens(entries)).toEqual([true, true, true]); // to whoever would ask no head
    expect(await read(conversationId)).toEqual({ seqs: [], floor: 3, upTo: 3 });
    time.now += 3 * DAY;
    const again = await replay();
    expect(again).toMatchObject([
      { isNew: true, certificate: { epochs: first.epochs, requestedBy: officer } },
    ]);
    expect(Date.parse(again[0]?.certificate.finalFrom ?? '')).toBe(Date.parse(first.finalFrom) + 3 * DAY);
    expect(await opens(entries)).toEqual(['shredded', 'shredded', 'shredded']);

    await putBack(tables.conversations, yesterday.heads); // and the other table
    await forget(tables.conversations, keys.shredListing(conversationId));
    expect(await read(conversationId)).toEqual({ seqs: [], floor: 3, upTo: 3 });
    expect((await replay()).map(({ isNew }) => isNew)).toEqual([false]);
    expect((await rooms.log.head(conversationId))?.shreddedAt).toBe(Date.parse(first.shreddedAt));

    await putBack(tables.keys, yesterday.keys); // both: only the certificate is left
    await putBack(tables.conversations, yesterday.heads);
    await forget(tables.keys, keys.shred(conversationId));
    await forget(tables.conversations, keys.shredListing(conversationId));
    expect(await replay()).toEqual([]);
    expect((await read(conversationId)).seqs).toEqual([1, 2, 3]);
    expect(await replay([first])).toMatchObject([{ isNew: true }]);
    expect((await read(conversationId)).seqs).toEqual([]);
    expect(await opens(entries)).toEqual(['shredded', 'shredded', 'shredded']);

    await putBack(tables.keys, yesterday.keys); // nor does the daily walk leave what has come back
    time.now = endOf('2030-03');
    expect((await destroy()).conversationKeys).toBe(3);
  });

  test('gets no key from a message that was on its way to make one', async () => {
    const { begin, rooms, tables, service, time } = aDeployment('six');
    time.now = MONTHS[2];
    const { conversationId } = await begin();
    const stored = wrappedKeys(client, tables.keys);
    let certificate: unknown;
    const racing = {
      ...stored,
      putConversationKey: async (...given: Parameters<typeof stored.putConversationKey>) => {
        certificate = await shredConversation(rooms, approved(conversationId)); // after the look, before the write
        return stored.putConversationKey(...given);
      },
    };
    const late = vault(new DataKeys(racing, service, () => time.now + 40 * DAY));
    await expect(late.sealTitle(conversationId, time.now + 40 * DAY, phi('late'))).rejects.toThrow(
      KeyDestroyed,
    );
    expect(certificate).toMatchObject({ epochs: ['2030-03'] });
    const standing = (await itemsOf(tables.keys)).filter(
      (item) => item.pk === `C#${conversationId}` && item.wrapped,
    );
    expect(standing).toEqual([]);
  });
});

async function forget(table: string, key: { pk: string; sk: string }): Promise<void> {
  await client.send(new DeleteCommand({ TableName: table, Key: key }));
}
