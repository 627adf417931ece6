import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { completeUpload } from '../../../functions/domain/complete-upload.ts';
import { makePreview } from '../../../functions/domain/make-preview.ts';
import { beginUpload } from '../../../functions/domain/upload-attachment.ts';
import type { ContentType } from '../../../protocol/attachments.ts';
import { redAndBlue } from '../pictures/drawing.ts';
import { aConversation, callerNamed, person } from './in-memory.ts';
import { MemoryObjects, MemoryUploadCounts } from './in-memory-attachments.ts';

const ana = person('ana');
const sha256 = Buffer.alloc(32).toString('base64');
const drawnOf = (bytes: Uint8Array) => Buffer.from(`preview of ${bytes.length}`);

let jpeg: Buffer;
beforeAll(async () => {
  jpeg = await redAndBlue('image/jpeg', 8, 8);
});

/** A conversation of Ana's, and whoever draws previews: of everything but what is empty. */
function aClinic() {
  const now = () => 1_800_000_000_000;
  const { rooms, log, conversationId, head } = aConversation([ana], now);
  const objects = new MemoryObjects();
  const all = { ...rooms, uploadCounts: new MemoryUploadCounts(), objects };
  const asked: ContentType[] = [];
  const outcomes: string[] = [];
  const over: string[] = [];
  const drawing = {
    ...all,
    previews: {
      of: async (bytes: Uint8Array, contentType: ContentType) => {
        asked.push(contentType);
        return bytes.length > 0 ? drawnOf(bytes) : undefined;
      },
    },
    list: { put: async ({ attachmentId }: { attachmentId: string }) => void over.push(attachmentId) },
    recorded: ({ outcome }: { outcome: string }) => void outcomes.push(outcome),
  };
  const as = () => Promise.resolve({ ...callerNamed(ana), askedAt: now() });

  const upload = async (
    content: Uint8Array,
    contentType: ContentType = 'image/jpeg',
    bytes = content.length,
  ) => {
    const declared = { contentType, bytes: Math.max(1, bytes), sha256 };
    const { value } = await beginUpload(all, as(), conversationId, declared as never);
    const name = { conversationId, attachmentId: value.attachmentId };
    const versionId = objects.put(name, { ...declared, checksum: sha256, content });
    return { ...name, versionId, verdict: 'clean' as const };
  };
  const complete = (name: { conversationId: string; attachmentId: string }) =>
    completeUpload(all, as(), name);
  const completed = async (...what: Parameters<typeof upload>) => {
    const file = await upload(...what);
    await complete(file);
    return file;
  };
  const noted = async (name: { conversationId: string; attachmentId: string }) =>
    (await all.attachments.find(name))?.previewVersionId;
  const kept = () => [...objects.previews.values()].map(({ jpeg: of }) => Buffer.from(of).toString());
  const destroy = () => log.heads.set(conversationId, { ...head, shreddedAt: now() });
  const make = (scan: Parameters<typeof makePreview>[1], other: object = {}) =>
    makePreview({ ...drawing, ...other }, scan);
  return { all, objects, asked, outcomes, over, upload, complete, completed, noted, kept, destroy, make };
}

let clinic: ReturnType<typeof aClinic>;
beforeEach(() => {
  clinic = aClinic();
});

describe('a preview', () => {
  test('is made once of a picture that was found clean, however often that is told', async () => {
    const file = await clinic.completed(jpeg);
    await clinic.make(file);
    const version = await clinic.noted(file);
    expect(clinic.kept()).toEqual([drawnOf(jpeg).toString()]);
    expect(clinic.objects.previews.get(`${file.conversationId}/${file.attachmentId}`)?.versionId).toBe(
      version,
    );
    await clinic.make(file);
    expect([clinic.asked, clinic.outcomes]).toEqual([['image/jpeg'], ['made']]);
    await Promise.all([1, 2, 3].map(() => clinic.make(file)));
    expect(await clinic.noted(file)).toBe(version);
  });

  test('that was kept and not noted is noted when the event comes again', async () => {
    const file = await clinic.completed(jpeg);
    const attachments = Object.assign(Object.create(clinic.all.attachments), {
      previewed: async () => Promise.reject(new Error('DynamoDB is away')),
    });
    await expect(clinic.make(file, { attachments })).rejects.toThrow('DynamoDB is away');
    const [kept] = clinic.objects.previews.values();
    await clinic.make(file);
    expect(await clinic.noted(file)).toBe(kept?.versionId);
  });

  test('is made before the upload is complete, and is there when it is', async () => {
    const file = await clinic.upload(jpeg);
    await clinic.make(file);
    const { value } = await clinic.complete(file);
    expect([value.state, await clinic.noted(file)]).toEqual(['stored', 'p1']);
  });

  test.each([
    ['that its completion would refuse', () => Buffer.concat([jpeg, Buffer.from('<script>')]), 'image/jpeg'],
    ['that is none of the type that was declared', () => jpeg, 'image/png'],
  ] as const)('is never made of a picture %s: its bytes reach no decoder', async (_, bytes, type) => {
    const file = await clinic.upload(bytes(), type);
    await clinic.make(file);
    expect([clinic.asked, clinic.outcomes, await clinic.noted(file)]).toEqual([
      [],
      ['not-decodable'],
      undefined,
    ]);
    await expect(clinic.complete(file)).rejects.toMatchObject({ code: 'picture-refused' });
  });

  test('is no fault where its completion deletes the picture first, and is one where S3 does not answer', async () => {
    const file = await clinic.completed(jpeg);
    const away = { objects: { read: async () => Promise.reject(new Error('S3 is away')) } };
    await expect(clinic.make(file, away)).rejects.toThrow('S3 is away');
    const refused = async () => {
      await clinic.all.attachments.forget(file);
      throw new Error('AccessDenied');
    };
    await clinic.make(file, { objects: { read: refused } });
    expect(clinic.asked).toEqual([]);
  });

  test('is made of DICOM, and not of one that cannot be decoded or is too large: that is recorded, and is no fault', async () => {
    await clinic.make(await clinic.completed(Buffer.from('DICM'), 'application/dicom'));
    expect(clinic.kept()).toEqual([drawnOf(Buffer.alloc(4)).toString()]);
    await clinic.make(await clinic.upload(Buffer.alloc(0), 'application/dicom'));
    await clinic.make(await clinic.upload(Buffer.alloc(1), 'application/dicom', 64 * 1024 * 1024 + 1));
    expect(clinic.outcomes).toEqual(['made', 'not-decodable', 'not-decodable']);
    expect(clinic.asked).toHaveLength(2);
  });

  test('is made of no document, of no verdict but a clean one, and of no version but the one that was completed', async () => {
    const file = await clinic.completed(jpeg);
    await clinic.make(await clinic.completed(Buffer.from('%PDF-1.7'), 'application/pdf'));
    for (const verdict of ['infected', 'unscannable', 'scan-failed'] as const)
      await clinic.make({ ...file, verdict });
    await clinic.make({ ...file, versionId: 'another' });
    expect([clinic.asked, clinic.kept(), clinic.over]).toEqual([[], [], []]);
  });

  test('goes with its original: what was deleted or destroyed while it was made is handed on to be deleted', async () => {
    const { attachments } = clinic.all;
    const meanwhile = (happens: (name: never) => unknown) => ({
      previews: {
        of: async (bytes: Uint8Array) => {
          await happens(scanned as never);
          return drawnOf(bytes);
        },
      },
    });
    let scanned = await clinic.completed(jpeg);
    await clinic.make(
      scanned,
      meanwhile((name) => attachments.forget(name)),
    );
    expect(clinic.over).toEqual([scanned.attachmentId]);
    await clinic.make(scanned); // and the event again, had its first run ended before that
    expect(clinic.over).toEqual([scanned.attachmentId, scanned.attachmentId]);

    scanned = await clinic.completed(jpeg);
    const late = await clinic.completed(jpeg);
    await clinic.make(scanned, meanwhile(clinic.destroy));
    await clinic.make(late);
    expect(clinic.over.slice(2)).toEqual([scanned.attachmentId, late.attachmentId]);
    expect(await clinic.noted(late)).toBeUndefined();
  });
});
