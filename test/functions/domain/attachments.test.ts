import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../../functions/domain/attachment.ts';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import type { ClinicalPhoto } from '../../../functions/domain/clinical-photo.ts';
import { completeUpload } from '../../../functions/domain/complete-upload.ts';
import { downloadAttachment } from '../../../functions/domain/download-attachment.ts';
import { deleteAttachments, followMessages } from '../../../functions/domain/follow-messages.ts';
import type { Profile } from '../../../functions/domain/people.ts';
import { phi } from '../../../functions/domain/phi.ts';
import { recordScan, type ToldScan } from '../../../functions/domain/record-scan.ts';
import { type Draft, sendMessage } from '../../../functions/domain/send-message.ts';
import { beginUpload, showAttachment, uploadPart } from '../../../functions/domain/upload-attachment.ts';
import type { AttachmentScanned } from '../../../protocol/attachments.ts';
import { aConversation, aRef, callerNamed, person } from './in-memory.ts';
import { MemoryObjects, MemoryUploadCounts } from './in-memory-attachments.ts';

const ana = person('ana');
const ben = person('ben');
const eve = person('eve');
const sha256 = () => randomBytes(32).toString('base64');
const declared = () => ({ contentType: 'application/pdf', bytes: 1_000, sha256: sha256() }) as const;
const MiB = 1024 * 1024;

/** A conversation of Ana and Ben, with a bucket; Eve is in none. */
function aClinic() {
  let time = 1_800_000_000_000;
  const now = () => time;
  const { rooms, log, sessions, announced, conversationId, head } = aConversation([ana, ben], now);
  const objects = new MemoryObjects();
  const told: { frame: AttachmentScanned; to: readonly string[] }[] = [];
  const recorded: { verdict: Verdict; uploader: string | undefined; toldBefore: number }[] = [];
  const all = { ...rooms, objects, uploadCounts: new MemoryUploadCounts() };
  const scanning = {
    ...all,
    told: () => {},
    record: async ({ verdict }: ToldScan, uploader: string | undefined) => {
      recorded.push({ verdict, uploader, toldBefore: told.length });
    },
    announcements: {
      announceScan: async (frame: AttachmentScanned, to: readonly { readonly person: string }[]) => {
        told.push({ frame, to: to.map((socket) => socket.person) });
      },
    },
  };
  const as = (name: string) => Promise.resolve({ ...callerNamed(name), askedAt: now() });

  const begin = async (who: string, what = declared()) => {
    const { value } = await beginUpload(all, as(who), conversationId, what);
    return { conversationId, attachmentId: value.attachmentId, what };
  };
  const upload = async (who: string, what = declared()) => {
    const begun = await begin(who, what);
    const versionId = objects.put(begun, { ...what, checksum: what.sha256 });
    return { ...begun, versionId };
  };
  const complete = (who: string, name: { conversationId: string; attachmentId: string }) =>
    completeUpload(all, as(who), name);
  const bodyOf = ({ attachmentId, what }: Awaited<ReturnType<typeof begin>>, name = 'scan.pdf') =>
    ({ kind: 'file', attachmentId, name: phi(name), ...what }) as const;
  const send = (who: string, body: ReturnType<typeof bodyOf>, ref = aRef(), since = 0) =>
    sendMessage(all, as(who), { ref, conversationId, since, body });
  const scan = (of: { attachmentId: string; versionId: string }, verdict: Verdict) =>
    recordScan(scanning, {
      ...{ conversationId, attachmentId: of.attachmentId, versionId: of.versionId, verdict },
      ...{ reason: verdict, event: { id: 'event', at: now() } },
    });
  const download = (who: string, seq: number, rendition: 'original' | 'preview' = 'original') =>
    downloadAttachment(all, as(who), { conversationId, seq, rendition });
  /** Uploaded, completed and sent by Ana. */
  const sent = async () => {
    const uploaded = await upload(ana);
    await complete(ana, uploaded);
    const { value } = await send(ana, bodyOf(uploaded));
    return { ...uploaded, seq: value.seq };
  };
  const pass = (ms: number) => {
    time += ms;
  };
  return {
    ...{ all, log, sessions, announced, told, recorded, objects, conversationId, head, as, pass },
    ...{ begin, upload, complete, bodyOf, send, scan, download, sent },
  };
}

let clinic: ReturnType<typeof aClinic>;
beforeEach(() => {
  clinic = aClinic();
});

describe('an attachment', () => {
  test('is opened by a member once it is scanned clean, and not a moment before', async () => {
    const file = await clinic.sent();
    await expect(clinic.download(ben, file.seq)).rejects.toMatchObject({ code: 'not-scanned' });
    await clinic.scan(file, 'clean');
    const { decision, value } = await clinic.download(ben, file.seq);
    expect(value.url).toContain(file.versionId);
    expect(decision).toMatchObject({
      ...{ operation: 'attachment.download', outcome: 'allowed' },
      ...{ object: file.attachmentId, opened: [clinic.conversationId] },
    });
    await expect(clinic.download(ben, file.seq, 'preview')).rejects.toMatchObject({ code: 'no-preview' });
  });

  test.each([
    ['infected', 'malware-found'],
    ['unscannable', 'not-scannable'],
    ['scan-failed', 'scan-failed'],
  ] as const)('that is found %s stays closed and says so, to its uploader too', async (verdict, code) => {
    const file = await clinic.sent();
    await clinic.scan(file, verdict);
    for (const who of [ana, ben])
      await expect(clinic.download(who, file.seq)).rejects.toMatchObject({ code });
  });

  test('is opened by nobody on the verdict about another version', async () => {
    const file = await clinic.sent();
    await clinic.scan({ ...file, versionId: 'another' }, 'clean');
    await expect(clinic.download(ben, file.seq)).rejects.toMatchObject({ code: 'not-scanned' });
  });

  test('that begins as a JPEG or PNG is none of another type, which would keep its metadata: it is refused and deleted', async () => {
    const heads = {
      '\xff\xd8\xff\xe1': 'picture-refused',
      '\x89PNG\r\n': 'picture-refused',
      GIF89a: undefined,
    };
    for (const [head, code] of Object.entries(heads)) {
      const what = { ...declared(), contentType: 'application/octet-stream' } as const;
      const begun = await clinic.begin(ana, what as never);
      const content = Buffer.from(`${head}and so on`, 'latin1');
      clinic.objects.put(begun, { ...what, checksum: what.sha256, content });
      const answer = await clinic.complete(ana, begun).catch((error) => error);
      expect([answer.code, await clinic.objects.look(begun)]).toEqual([
        code,
        code ? undefined : expect.anything(),
      ]);
    }
  });

  test('that was found infected stays so, whatever is told of that version later, and each scan is recorded before anybody hears of it', async () => {
    const file = await clinic.sent();
    for (const verdict of ['unscannable', 'infected', 'clean', 'scan-failed'] as const)
      await clinic.scan(file, verdict);
    await expect(clinic.download(ben, file.seq)).rejects.toMatchObject({ code: 'malware-found' });
    await clinic.all.attachments.forget(file);
    await clinic.scan(file, 'clean');
    expect(clinic.told.map(({ frame }) => frame.state)).toEqual([
      ...['unscannable', 'infected', 'infected', 'infected'],
    ]);
    expect(clinic.recorded).toEqual([
      { verdict: 'unscannable', uploader: ana, toldBefore: 0 },
      { verdict: 'infected', uploader: ana, toldBefore: 1 },
      { verdict: 'clean', uploader: ana, toldBefore: 2 },
      { verdict: 'scan-failed', uploader: ana, toldBefore: 3 },
      { verdict: 'clean', uploader: undefined, toldBefore: 4 },
    ]);
  });

  test('may be scanned before it is completed: its completion says how that ended', async () => {
    const file = await clinic.upload(ana);
    await clinic.scan(file, 'clean');
    expect(clinic.told).toEqual([]);
    const { value } = await clinic.complete(ana, file);
    expect(value.state).toBe('clean');
  });

  test('tells its uploader how its scan ended, and once a message carries it those who can read that', async () => {
    for (const who of [ana, ben, eve]) {
      const socket = { person: who, connectionId: who, session: who, roles: ['clinician'] };
      await clinic.sessions.register({ ...socket, authenticatedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER });
    }
    const alone = await clinic.upload(ana);
    await clinic.complete(ana, alone);
    await clinic.scan(alone, 'infected');
    expect(clinic.told.at(-1)).toMatchObject({ to: [ana], frame: { state: 'infected', sender: ana } });
    const file = await clinic.sent();
    await clinic.scan(file, 'clean'); // before the stream has told where the message stands
    expect(clinic.told.at(-1)).toMatchObject({ to: [ana, ben], frame: { state: 'clean' } });
    await clinic.all.attachments.keep(file, file.seq);
    await clinic.scan(file, 'clean');
    expect(clinic.told.at(-1)).toMatchObject({ to: [ana, ben], frame: { state: 'clean', seq: file.seq } });
  });

  test('is carried only by a message of its uploader, complete, as it was declared, and with nothing found in it', async () => {
    const refused = (file: Awaited<ReturnType<typeof clinic.begin>>, who = ana, body = clinic.bodyOf(file)) =>
      expect(clinic.send(who, body)).rejects;
    const begun = await clinic.begin(ana);
    await refused(begun).toMatchObject({ code: 'unknown-attachment' });
    const file = await clinic.upload(ana);
    await clinic.complete(ana, file);
    await refused(file, ben).toMatchObject({ code: 'unknown-attachment' });
    for (const other of [{ bytes: 999 }, { sha256: sha256() }, { contentType: 'application/zip' as const }]) {
      await refused(file, ana, { ...clinic.bodyOf(file), ...other } as never).toMatchObject({
        code: 'unknown-attachment',
      });
    }
    await clinic.scan(file, 'infected');
    await refused(file).toMatchObject({ code: 'malware-found' });
    expect(clinic.log.entries).toEqual([]);
  });

  test('is carried by one message, however often that is sent', async () => {
    const file = await clinic.upload(ana);
    await clinic.complete(ana, file);
    const ref = aRef();
    const body = clinic.bodyOf(file);
    const answers = await Promise.all([1, 2, 3].map(() => clinic.send(ana, body, ref)));
    expect(new Set(answers.map(({ value }) => value.seq))).toEqual(new Set([1]));
    await expect(clinic.send(ana, clinic.bodyOf(file, 'other.pdf'), ref)).rejects.toMatchObject({
      code: 'ref-reused',
    });
    await expect(clinic.send(ana, body)).rejects.toMatchObject({ code: 'attachment-used' });
    expect(clinic.log.entries).toHaveLength(1);
  });

  test('that is not what was declared is deleted, and what its permit may still store is forgotten with its day', async () => {
    const others = [
      ...[{ bytes: 1_001 }, { contentType: 'application/zip' }, { checksum: sha256() }],
      { saysMore: true },
    ];
    for (const wrong of others) {
      const file = await clinic.begin(ana);
      clinic.objects.put(file, { ...file.what, checksum: file.what.sha256, ...wrong });
      await expect(clinic.complete(ana, file)).rejects.toMatchObject({ code: 'attachment-altered' });
      expect(clinic.objects.stored.size).toBe(0);
      await expect(clinic.complete(ana, file)).rejects.toMatchObject({ code: 'attachment-incomplete' });
      expect(clinic.all.attachments.known.has(`${file.conversationId}/${file.attachmentId}`)).toBe(true);
    }
    const missing = await clinic.begin(ana);
    await expect(clinic.complete(ana, missing)).rejects.toMatchObject({ code: 'attachment-incomplete' });
  });

  test('is uploaded, shown and completed by its uploader alone', async () => {
    const file = await clinic.upload(ana);
    const part = { conversationId: clinic.conversationId, attachmentId: file.attachmentId, part: 1 };
    await expect(clinic.complete(ben, file)).rejects.toMatchObject({ code: 'unknown-attachment' });
    await expect(uploadPart(clinic.all, clinic.as(ben), part)).rejects.toMatchObject({
      code: 'unknown-attachment',
    });
    await expect(showAttachment(clinic.all, clinic.as(ben), part)).rejects.toMatchObject({
      code: 'unknown-attachment',
    });
    await expect(clinic.begin(eve)).rejects.toMatchObject({ code: 'not-a-member' });
    await expect(uploadPart(clinic.all, clinic.as(ana), { ...part, part: 2 })).rejects.toMatchObject({
      code: 'malformed',
    });
    await uploadPart(clinic.all, clinic.as(ana), part);
    clinic.pass(23 * 60 * 60 * 1000); // an hour before it is forgotten: what came later would be known to nobody
    await expect(uploadPart(clinic.all, clinic.as(ana), part)).rejects.toMatchObject({
      code: 'unknown-attachment',
    });
  });

  test('of several parts is complete with the last of them, tells which are there, and is not gone on with by who was removed', async () => {
    const parts = [sha256(), sha256(), sha256()];
    const what = { ...declared(), bytes: 70 * MiB, partBytes: 30 * MiB, parts };
    const { value } = await beginUpload(clinic.all, clinic.as(ana), clinic.conversationId, what);
    expect(value.upload).toBeUndefined();
    const file = { conversationId: clinic.conversationId, attachmentId: value.attachmentId };
    const stored = clinic.objects.parts.get(`${file.conversationId}/${file.attachmentId}`);
    stored?.add(1).add(3);
    await expect(clinic.complete(ana, file)).rejects.toMatchObject({ code: 'attachment-incomplete' });
    const shown = await showAttachment(clinic.all, clinic.as(ana), file);
    expect(shown.value.storedParts).toEqual([1, 3]);
    stored?.add(2);
    const { log, head } = clinic;
    const others = head.members.filter((one) => one.person !== ana);
    log.heads.set(file.conversationId, { ...head, members: others });
    const asRemoved = uploadPart(clinic.all, clinic.as(ana), { ...file, part: 1 });
    await expect(asRemoved).rejects.toMatchObject({ code: 'not-a-member' });
    await expect(clinic.complete(ana, file)).rejects.toMatchObject({ code: 'not-a-member' });
    log.heads.set(file.conversationId, head);
    expect((await clinic.complete(ana, file)).value.state).toBe('stored');
    await expect(uploadPart(clinic.all, clinic.as(ana), { ...file, part: 1 })).rejects.toMatchObject({
      code: 'unknown-attachment',
    });
  });

  test('is hidden with its message: from who is no member, from who joined later, after its retention, once it is destroyed', async () => {
    const file = await clinic.sent();
    await clinic.scan(file, 'clean');
    await expect(clinic.download(eve, file.seq)).rejects.toMatchObject({ code: 'not-a-member' });
    await expect(clinic.download(ben, file.seq + 1)).rejects.toMatchObject({ code: 'unknown-attachment' });
    await expect(clinic.download(ben, file.seq + 2)).rejects.toMatchObject({ code: 'since-ahead' });
    const { head } = clinic;
    const standing = { ...head, last: file.seq };
    const joinedLater = head.members.map((one) =>
      one.person === ben ? { ...one, joined: file.seq + 1 } : one,
    );
    clinic.log.heads.set(clinic.conversationId, { ...standing, members: joinedLater });
    await expect(clinic.download(ben, file.seq)).rejects.toMatchObject({ code: 'unknown-attachment' });
    clinic.log.heads.set(clinic.conversationId, { ...standing, shreddedAt: 1 });
    await expect(clinic.download(ben, file.seq)).rejects.toMatchObject({ code: 'unknown-attachment' });
    clinic.log.heads.set(clinic.conversationId, standing);
    await clinic.download(ben, file.seq);
    clinic.pass(30 * 24 * 60 * 60 * 1000);
    await expect(clinic.download(ben, file.seq)).rejects.toMatchObject({ code: 'unknown-attachment' });
  });

  test('is kept with its message and deleted with it, and one that no message carries is deleted in a day', async () => {
    const file = await clinic.sent();
    const orphan = await clinic.upload(ana);
    const known = () => clinic.all.attachments.known;
    const untils = () => [...known().values()].map(({ until }) => until && until - clinic.all.now());
    expect(untils()).toEqual([8 * 24 * 60 * 60 * 1000, 24 * 60 * 60 * 1000]);

    const over: (typeof orphan)[] = [];
    const list = {
      put: async (name: object) => void over.push(name as typeof orphan),
      standing: async function* () {
        yield* over.map((name) => [name]);
      },
      done: async (name: object) => void over.splice(over.indexOf(name as typeof orphan), 1),
    };
    const rooms = { ...clinic.all, list };
    await followMessages(rooms, { carried: [file], over: [] });
    expect(untils()[0]).toBeUndefined();
    const failing = { removeAll: async () => Promise.reject(new Error('S3 is away')) };
    const failed: unknown[] = [];
    const deleting = { ...rooms, failed: (id: string) => void failed.push(id) };
    await followMessages(rooms, { carried: [], over: [file, orphan] });
    await deleteAttachments({ ...deleting, objects: failing });
    expect(failed).toHaveLength(2);
    expect(known().size).toBe(2);
    await deleteAttachments(deleting);
    expect([known().size, clinic.objects.stored.size, over.length]).toEqual([0, 0, 0]);
  });
});

describe('what one person may upload on one day', () => {
  test('ends with its bytes and with its number, whatever became of them, and begins again with the next day', async () => {
    const { uploadCounts, attachments } = clinic.all;
    Object.assign(uploadCounts.quota, { bytes: 2_500 });
    for (const _ of [1, 2]) await clinic.begin(ana);
    const over = { ...declared(), bytes: 501 } as never;
    await expect(clinic.begin(ana, over)).rejects.toMatchObject({
      code: 'upload-quota',
      decision: { rule: 'within-limits', outcome: 'refused' },
    });
    expect(attachments.known.size).toBe(2);
    await clinic.begin(ben);
    await clinic.begin(ana, { ...declared(), bytes: 500 } as never);
    clinic.pass(24 * 60 * 60 * 1000);
    await clinic.begin(ana);
    Object.assign(uploadCounts.quota, { uploads: 2 });
    await clinic.begin(ana);
    await expect(clinic.begin(ana)).rejects.toMatchObject({ code: 'upload-quota' });
  });

  test('is counted for nobody who may not upload, and holds uploads in parts before S3 hears of them', async () => {
    Object.assign(clinic.all.uploadCounts.quota, { bytes: 80 * MiB });
    const parts = [sha256(), sha256(), sha256()];
    const what = { ...declared(), bytes: 70 * MiB, partBytes: 30 * MiB, parts };
    const begin = (who: string) => beginUpload(clinic.all, clinic.as(who), clinic.conversationId, what);
    await expect(begin(eve)).rejects.toMatchObject({ code: 'not-a-member' });
    await begin(ana);
    await expect(begin(ana)).rejects.toMatchObject({ code: 'upload-quota' });
    expect(clinic.objects.parts.size).toBe(1);
  });
});

describe('a clinical photograph', () => {
  const pat = person('pat');
  const consent = { by: 'patient', at: new Date(1_800_000_000_000).toISOString() } as const;
  type Profiles = Readonly<Record<string, Omit<Profile, 'person'>>>;
  const consult: Profiles = {
    [ana]: { roles: ['clinician'] },
    [ben]: { roles: ['clinician', 'patient'] }, // a colleague, whoever treats them
    [pat]: { roles: ['patient'] },
  };

  /** Ana sends one of Pat to her conversation with Ben. */
  const sent = async (profiles: Profiles, more: Partial<ClinicalPhoto> = {}) => {
    const what = { ...declared(), contentType: 'image/jpeg' as const };
    const { value } = await beginUpload(clinic.all, clinic.as(ana), clinic.conversationId, what);
    const { attachmentId } = value;
    await clinic.all.attachments.store({ conversationId: clinic.conversationId, attachmentId }, 'v');
    const people = {
      ...clinic.all.people,
      profiles: async (ids: readonly string[]) =>
        new Map(ids.flatMap((id) => (profiles[id] ? [[id, { person: id, ...profiles[id] }]] : []))),
    };
    const body: ClinicalPhoto = {
      ...{ kind: 'clinical-photo', attachmentId, name: phi('arm.jpg'), ...what },
      ...{ bodySite: phi('left arm'), laterality: 'left', patient: pat, consent },
      ...more,
    };
    const draft: Draft = { ref: aRef(), conversationId: clinic.conversationId, since: 0, body };
    return sendMessage({ ...clinic.all, people } as typeof clinic.all, clinic.as(ana), draft);
  };

  test('is of a patient that there is, whom colleagues may talk about though they are not there', async () => {
    const { [pat]: _, ...unknown } = consult;
    await expect(sent(unknown)).rejects.toMatchObject({ code: 'unknown-person' });
    const noPatient = { ...consult, [pat]: { roles: ['clinician'] } };
    await expect(sent(noPatient)).rejects.toMatchObject({ code: 'unknown-person' });
    expect((await sent(consult)).value.seq).toBe(1);
  });

  test('is of nobody else where patients or those who act for one are there, and of nobody who wants a colleague kept out', async () => {
    for (const roles of [['patient'], ['caregiver']]) {
      const withOther = { ...consult, [ben]: { roles } };
      await expect(sent(withOther)).rejects.toMatchObject({ code: 'other-patient' });
    }
    const disabled = { ...consult, [ben]: { roles: [], formerRoles: ['patient'] } };
    await expect(sent(disabled)).rejects.toMatchObject({ code: 'other-patient' });
    const restricting = { ...consult, [pat]: { roles: ['patient'], restrictions: [ben] } };
    await expect(sent(restricting)).rejects.toMatchObject({
      code: 'restricted',
      decision: { rule: 'restricted-by-patient', people: [pat] },
    });
    const theirOwn = { ...consult, [ben]: { roles: ['patient'], restrictions: [ana] } };
    expect((await sent(theirOwn, { patient: ben })).value.seq).toBe(1); // who is a member stays one
    expect(clinic.log.entries).toHaveLength(1);
  });

  test('is of nobody else though the other patient came while it was being sent', async () => {
    const { log } = clinic;
    let isThere = false;
    log.turn = async (what) => {
      if (what !== 'append' || isThere) return;
      isThere = true;
      const change = { kind: 'member.added', person: eve, role: 'member' } as const;
      await changeMembers(clinic.all, clinic.as(ana), clinic.conversationId, change);
    };
    const comes = { ...consult, [eve]: { roles: ['patient'] } };
    await expect(sent(comes)).rejects.toMatchObject({ code: 'other-patient' });
  });

  test.each([
    ['five minutes ahead of us', 5 * 60_000, true],
    ['a moment later', 5 * 60_000 + 1_000, false],
    ['of the year 2999', Date.UTC(2999, 0, 1) - 1_800_000_000_000, false],
    ['of the year 2000', Date.UTC(2000, 0, 1) - 1_800_000_000_000, true],
    ['of the year before', Date.UTC(2000, 0, 1) - 1_800_000_000_001, false],
  ])('whose consent is %s is taken or refused by its time', async (_, later, isTaken) => {
    const at = new Date(1_800_000_000_000 + later).toISOString();
    const sending = sent(consult, { consent: { ...consent, at } });
    if (isTaken) expect((await sending).value.seq).toBe(1);
    else await expect(sending).rejects.toMatchObject({ code: 'consent-time' });
  });
});
