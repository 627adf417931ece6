import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  Amendment,
  AmendmentList,
  AskAmendment,
  DecideAmendment,
  ListAmendments,
  ReadAmendment,
} from '../../protocol/amendments.ts';
import {
  Attachment,
  BeginUpload,
  BegunUpload,
  CompleteUpload,
  Download,
  DownloadAttachment,
  ShowAttachment,
  UploadPart,
  UploadPermit,
} from '../../protocol/attachments.ts';
import { MAX_TEXT_BYTES, MAX_TITLE_BYTES } from '../../protocol/bodies.ts';
import {
  Emergency,
  EmergencyPage,
  ListEmergencies,
  OpenEmergency,
  OpenedEmergency,
  ReviewEmergency,
} from '../../protocol/emergencies.ts';
import {
  AskExport,
  AskedExport,
  DownloadExport,
  ExportDownload,
  ExportList,
  ListExports,
} from '../../protocol/exports.ts';
import {
  clientFrames,
  MAX_CURSORS,
  MAX_PAGE_BYTES,
  MAX_PAGE_ENTRIES,
  SUBPROTOCOL,
  serverFrames,
} from '../../protocol/frames.ts';
import {
  ChangedPerson,
  ChangeRoles,
  CreatedPerson,
  CreatePerson,
  LiveSessions,
  NamePerson,
  ReadRecertification,
  Recertification,
  RecertificationPage,
  RestrictedPatient,
  RestrictPatient,
  SignedOff,
  SignOff,
} from '../../protocol/people.ts';
import { refusals } from '../../protocol/refusals.ts';
import {
  AddMember,
  AwaitingSecondPerson,
  ChangeRetention,
  Conversation,
  CreateConversation,
  ErrorBody,
  Hold,
  HoldList,
  Inbox,
  ListConversations,
  ListHolds,
  MAX_INBOX_PAGE,
  MAX_MEMBERS,
  MAX_UNREAD,
  Me,
  MessagePage,
  PlaceHold,
  ReadMessages,
  ReleaseHold,
  RetentionPolicy,
  RevocationReceipt,
  RevokeSession,
  ShowRetention,
  ShredConversation,
  Shredding,
} from '../../protocol/requests.ts';
import { Role } from '../../protocol/roles.ts';

const document = tight(readFileSync(new URL('../../protocol/PROTOCOL.md', import.meta.url), 'utf8'));

describe('PROTOCOL.md', () => {
  test('lists every refusal with its status, whether to send again, and its sentence', () => {
    const rows = Object.entries(refusals).map(
      ([code, { status, retryable, message }]) =>
        `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${message} |`,
    );
    const table = ['| Code | HTTP | Again | Message |', '| --- | --- | --- | --- |', ...rows].join('\n');
    const written = /<!-- refusals[^>]*-->\n([\s\S]*?)\n?<!-- \/refusals -->/.exec(document)?.[1];
    expect(written).toBe(table);
  });

  test('has a heading for every frame, under the side that sends it, and for no other', () => {
    expect(headingsOf('Frames from the client')).toEqual(Object.keys(clientFrames));
    expect(headingsOf('Frames from the server')).toEqual(Object.keys(serverFrames));
  });

  test.each(Object.entries({ ...clientFrames, ...serverFrames }))(
    'describes %s: its direction, exactly its fields, and an example that its schema takes',
    (type, schema) => {
      const section = sectionOf(type);
      expect(section).toContain(type in clientFrames ? '**Client → server**' : '**Server → client**');
      expect(fieldsOf(section)).toEqual(fieldsIn(schema));
      expect(examplesOf(section)).toEqual([taken(schema)]);
    },
  );

  test('shows in its conversations only frames that the schemas take', () => {
    const lines = [...document.matchAll(/^\w+ ([→←]) (.+)$/gm)].map(([, way, json = '']) => ({
      way,
      frame: JSON.parse(json),
    }));
    expect(lines.length).toBeGreaterThan(25);
    for (const { way, frame } of lines) {
      const frames: Readonly<Record<string, z.ZodType>> = way === '→' ? clientFrames : serverFrames;
      expect(frame, JSON.stringify(frame)).toEqual(taken(frames[frame.type] ?? z.never()));
    }
    const messages = lines.filter(({ frame }) => frame.type === 'refused').map(({ frame }) => frame);
    for (const { code, message, retryable } of messages) {
      expect(refusals[code as keyof typeof refusals]).toMatchObject({ message, retryable });
    }
  });

  test.each([
    ['POST /conversations', CreateConversation, [CreateConversation, Conversation]],
    ['GET /conversations', ListConversations, [Inbox]],
    ['GET /conversations/{conversationId}/messages', ReadMessages, [MessagePage]],
    [
      'POST /conversations/{conversationId}/members',
      AddMember,
      [AddMember.omit({ conversationId: true }), Conversation],
    ],
    [
      'POST /conversations/{conversationId}/attachments',
      BeginUpload,
      [inConversation(BeginUpload), BegunUpload],
    ],
    [
      'POST /conversations/{conversationId}/attachments/{attachmentId}/parts',
      UploadPart,
      [UploadPart.pick({ part: true }), UploadPermit],
    ],
    ['GET /conversations/{conversationId}/attachments/{attachmentId}', ShowAttachment, [Attachment]],
    [
      'POST /conversations/{conversationId}/attachments/{attachmentId}/completion',
      CompleteUpload,
      [Attachment],
    ],
    [
      'POST /conversations/{conversationId}/messages/{seq}/downloads',
      DownloadAttachment,
      [DownloadAttachment.pick({ rendition: true }), Download],
    ],
    [
      'POST /conversations/{conversationId}/emergency',
      OpenEmergency,
      [OpenEmergency.omit({ conversationId: true }), OpenedEmergency],
    ],
    ['GET /admin/emergencies', ListEmergencies, [EmergencyPage]],
    [
      'POST /admin/emergencies/{emergencyId}/review',
      ReviewEmergency,
      [ReviewEmergency.omit({ emergencyId: true }), Emergency],
    ],
    ['GET /admin/exports', ListExports, [ExportList]],
    ['POST /admin/exports', AskExport, [AskExport, AskedExport, AskedExport]],
    ['POST /admin/exports/{exportId}/download', DownloadExport, [ExportDownload]],
    ['POST /me/amendments', AskAmendment, [AskAmendment, Amendment]],
    ['GET /conversations/{conversationId}/amendments/{amendmentId}', ReadAmendment, [Amendment]],
    ['GET /admin/amendments', ListAmendments, [AmendmentList]],
    [
      'POST /admin/amendments/{amendmentId}/decision',
      DecideAmendment,
      [DecideAmendment.omit({ amendmentId: true }), Amendment],
    ],
    ['GET /me', undefined, [Me]],
    ['GET /admin/retention', ShowRetention, [RetentionPolicy]],
    ['POST /admin/retention', ChangeRetention, [ChangeRetention, AwaitingSecondPerson, RetentionPolicy]],
    ['POST /admin/holds', PlaceHold, [PlaceHold, Hold]],
    ['GET /admin/holds', ListHolds, [HoldList]],
    ['POST /admin/holds/{holdId}/release', ReleaseHold, [AwaitingSecondPerson, Hold]],
    ['POST /admin/revocations', RevokeSession, [RevokeSession, RevocationReceipt]],
    ['POST /admin/shreds', ShredConversation, [ShredConversation, Shredding, Shredding]],
    ['GET /me/sessions', undefined, [LiveSessions]],
    ['GET /admin/people/{person}/sessions', NamePerson, []],
    ['POST /admin/people', CreatePerson, [CreatePerson, CreatedPerson]],
    ['POST /admin/people/{person}/roles', ChangeRoles, [z.object({ roles: z.array(Role) }), ChangedPerson]],
    ['POST /admin/people/{person}/disable', NamePerson, []],
    [
      'POST /admin/people/{person}/restrictions',
      RestrictPatient,
      [RestrictPatient.omit({ person: true }), RestrictedPatient],
    ],
    ['POST /admin/people/{person}/enable', NamePerson, []],
    ['POST /admin/recertifications', undefined, [Recertification]],
    ['GET /admin/recertifications/{quarter}', ReadRecertification, [RecertificationPage]],
    [
      'POST /admin/recertifications/{quarter}/people/{person}',
      SignOff,
      [SignOff.omit({ quarter: true, person: true }), SignedOff],
    ],
  ])('describes %s: exactly its fields, and examples that the schemas take', (route, request, schemas) => {
    const section = sectionOf(route);
    const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    if (request)
      expect(fieldsOf(section)).toEqual(fieldsIn(request).filter((name) => !inPath.includes(name)));
    expect(examplesOf(section)).toEqual(schemas.map(taken));
  });

  test('shows an HTTP error as it is sent', () => {
    const [error] = examplesOf(document.split('### Errors')[1] ?? '');
    expect(error).toEqual(taken(ErrorBody));
  });

  test('states the limits that the schemas enforce', () => {
    const limits = document.split('## Limits')[1] ?? '';
    expect(limits).toContain(`${MAX_TEXT_BYTES.toLocaleString('en')} bytes`);
    expect(limits).toContain(`${MAX_TITLE_BYTES} bytes`);
    expect(limits).toContain(`${MAX_PAGE_ENTRIES} entries; in a frame ${MAX_PAGE_BYTES / 1024} KB`);
    expect(limits).toMatch(new RegExp(`Members of a conversation \\| ${MAX_MEMBERS} `));
    expect(limits).toContain(`| ${MAX_CURSORS}; its answer ${MAX_PAGE_BYTES / 1024} KB`);
    expect(limits).toContain(
      `| ${MAX_INBOX_PAGE} conversations; unread messages are counted among the newest ${MAX_UNREAD} `,
    );
    expect(document).toContain(`\`${SUBPROTOCOL}\``);
  });

  test('links only to headings that it has', () => {
    const anchors = new Set(
      [...document.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)),
    );
    const links = [...document.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });
});

/** A request's body as its schema takes it once the conversation stands beside it. */
function inConversation(schema: z.ZodType): z.ZodType {
  const conversationId = 'a'.repeat(26);
  return z.looseObject({}).refine((body) => schema.safeParse({ conversationId, ...body }).success);
}

/** Without what a formatter may put into tables to align them, and around them. */
function tight(markdown: string): string {
  return markdown
    .replace(/^\|.*$/gm, (row) => row.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---'))
    .replace(/(<!-- refusals[^>]*-->)\n+/, '$1\n')
    .replace(/\n+(<!-- \/refusals -->)/, '\n$1');
}

/** Names of the sections under a chapter. */
function headingsOf(chapter: string): string[] {
  const text = document.split(`\n## ${chapter}\n`)[1]?.split(/\n## /)[0] ?? '';
  return [...text.matchAll(/^### `(.+)`$/gm)].map(([, name = '']) => name);
}

function sectionOf(name: string): string {
  return document.split(`\n### \`${name}\`\n`)[1]?.split(/\n##/)[0] ?? '';
}

/** Names in the first column, optional ones with a question mark. */
function fieldsOf(section: string): string[] {
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name).sort();
}

function fieldsIn(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) throw new Error('a frame or request is an object');
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
  return Object.entries(shape)
    .map(([name, field]) => (field.safeParse(undefined).success ? `${name}?` : name))
    .sort();
}

function examplesOf(section: string): unknown[] {
  return [...section.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json));
}

/** Matches what the schema takes as it is. */
function taken(schema: z.ZodType): unknown {
  return expect.toSatisfy((example: unknown) => schema.safeParse(example).success);
}

/** GitHub's anchors: lower case, spaces to hyphens, everything but letters, digits and hyphens away. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
