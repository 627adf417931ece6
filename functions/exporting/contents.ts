import type { ExportManifest } from '../../protocol/exports.ts';
import { type LogEntry, MAX_PAGE_ENTRIES } from '../../protocol/frames.ts';
import type { AttachmentId, ConversationId, PersonId } from '../../protocol/ids.ts';
import { type AttachmentName, type Attachments, stateOf, whyClosed } from '../domain/attachment.ts';
import type { Caller } from '../domain/caller.ts';
import { entitlementsOf } from '../domain/caller.ts';
import type { Head } from '../domain/conversation.ts';
import { KeyDestroyed } from '../domain/data-key.ts';
import { holdsAny } from '../domain/entitlements.ts';
import { Fault } from '../domain/fault.ts';
import type { Lists } from '../domain/lists.ts';
import type { Packed, PatientExport } from '../domain/patient-exports.ts';
import type { People, Profile } from '../domain/people.ts';
import { type ReadingRooms, readLog } from '../domain/read-log.ts';
import { Refusal } from '../domain/refusal.ts';
import { logEntry, shownNote } from '../push/frames.ts';
import type { ArchivedFile, FileSum } from './archive.ts';
import { type FiledMessage, fhirBundle, type Party } from './fhir.ts';
import { conversationPage, indexPage, type ShownEntry } from './web-page.ts';

/** Conversations that one look at a list takes. */
const LISTED_AT_ONCE = 100;

export interface ContentsRooms extends ReadingRooms {
  readonly lists: Pick<Lists, 'page'>;
  readonly people: People;
  readonly attachments: Pick<Attachments, 'find'>;
  /** One version of a file, in parts as they come. */
  readonly openFile: (name: AttachmentName, versionId: string) => AsyncIterable<Uint8Array>;
}

/** A conversation of the patient's, as far as the archive has come with it. */
interface Told {
  readonly conversationId: ConversationId;
  readonly kind: Head['kind'];
  readonly title: string | undefined;
  /** Nothing that was written later is in the archive. */
  readonly through: number;
  readonly floor: number;
  readonly entries: number;
  /** When the oldest of them was said. */
  readonly oldestAt: number | undefined;
  /** What its messages carry, by id, with the path in the archive. */
  readonly attachments: ReadonlyMap<AttachmentId, Filed>;
}

interface Filed extends AttachmentName {
  readonly path: string;
  readonly versionId: string;
  readonly isText: boolean;
}

/**
 * Everything that a patient may see at this moment, file by file. It is read by the patient's own right, with the code that gives them their
 * history: what membership, retention or a destruction hides from them is not in it, and there is no second rule that could differ.
 */
export class Contents {
  private readonly at: number;
  private readonly rooms: ContentsRooms;
  private readonly wanted: PatientExport;
  private readonly told: Told[] = [];
  private readonly omitted: ExportManifest['omitted'] = [];
  private readonly roles = new Map<PersonId, readonly string[]>();

  constructor(rooms: ContentsRooms, wanted: PatientExport) {
    this.at = rooms.now();
    this.rooms = rooms;
    this.wanted = wanted;
  }

  /** Which conversations are in the archive, once it is made, and since when: those of which it holds an entry or the title. */
  get holds(): Pick<Packed, 'opened' | 'oldest'> {
    const held = this.told.filter(({ entries, title }) => entries > 0 || title !== undefined);
    const oldest: { -readonly [kind in Head['kind']]?: number } = {};
    for (const { kind, oldestAt } of held) {
      if (oldestAt !== undefined) oldest[kind] = Math.min(oldestAt, oldest[kind] ?? oldestAt);
    }
    return { opened: held.map(({ conversationId }) => conversationId), oldest };
  }

  async *files(): AsyncGenerator<ArchivedFile> {
    const profile = await this.rooms.people.profile(this.wanted.person);
    if (!profile) throw new Fault(`the person ${this.wanted.person} of an export has no profile`);
    for await (const conversationId of this.conversations()) yield* this.filesOf(profile, conversationId);
    const isText = true;
    const { person } = this.wanted;
    const party = (other: PersonId) => this.partyOf(other);
    const bundle = fhirBundle(person, this.madeAt(), this.messages(profile), party);
    yield { path: 'fhir/bundle.json', content: bundle, isText };
    const lines = this.told.map(({ conversationId, title, entries }) => ({
      path: `conversations/${conversationId}/messages.html`,
      text: `${title ?? 'Conversation'} (${entries})`,
    }));
    yield { path: 'index.html', content: indexPage('Messages', lines), isText };
  }

  manifest(files: readonly FileSum[]): string {
    const { exportId, person } = this.wanted;
    const conversations = this.told.map(({ conversationId, floor, entries }) => ({
      ...{ conversationId, floor, entries },
    }));
    const said: ExportManifest = {
      ...{ format: 'wardline.export.1', exportId, person, madeAt: this.madeAt() },
      ...{ files: [...files], conversations, omitted: this.omitted },
    };
    return `${JSON.stringify(said, undefined, 2)}\n`;
  }

  private madeAt(): string {
    return new Date(this.at).toISOString();
  }

  private async *conversations(): AsyncGenerator<ConversationId> {
    let after: ConversationId | undefined;
    for (;;) {
      const page = await this.rooms.lists.page(this.wanted.person, { after }, LISTED_AT_ONCE);
      for (const { conversationId } of page.listings) yield conversationId;
      after = page.listings.at(-1)?.conversationId;
      if (!page.more || after === undefined) return;
    }
  }

  /** The first of its files says what is in the others: it is read to its end before they are made. */
  private async *filesOf(profile: Profile, conversationId: ConversationId): AsyncGenerator<ArchivedFile> {
    const head = await this.rooms.log.head(conversationId);
    const folder = `conversations/${conversationId}`;
    const first = head && (await this.page(profile, conversationId, 0));
    if (!first) return; // their list showed it a moment longer
    const title = await this.titleOf(head);
    let told: Told | undefined;
    const content = this.asJson(profile, head, title, (read) => {
      told = read;
    });
    yield { path: `${folder}/messages.json`, content, isText: true };
    if (!told) throw new Fault('an archive went on before a file of it was read');
    this.told.push(told);
    const page = conversationPage(title ?? 'Conversation', this.shown(profile, told));
    yield { path: `${folder}/messages.html`, content: page, isText: true };
    for (const { path, isText, versionId, ...name } of told.attachments.values()) {
      yield { path, content: this.rooms.openFile(name, versionId), isText };
    }
  }

  private async *asJson(
    profile: Profile,
    { conversationId, kind }: Pick<Head, 'conversationId' | 'kind'>,
    title: string | undefined,
    done: (told: Told) => void,
  ): AsyncGenerator<string> {
    const attachments = new Map<AttachmentId, Filed>();
    let [entries, floor, through] = [0, 0, 0];
    let oldestAt: number | undefined;
    const head = { conversationId, ...(title !== undefined && { title }) };
    yield `${JSON.stringify(head).slice(0, -1)},"entries":[`;
    for await (const page of this.pages(profile, conversationId)) {
      for (const entry of page.entries) {
        yield `${entries > 0 ? ',\n' : '\n'}${JSON.stringify(entry)}`;
        entries += 1;
        oldestAt = Math.min(Date.parse(entry.at), oldestAt ?? Number.POSITIVE_INFINITY);
        const filed = await this.filed(conversationId, entry);
        if (filed) attachments.set(filed.attachmentId, filed);
      }
      floor = Math.max(floor, page.floor);
      through = page.upTo;
    }
    yield '\n]}\n';
    done({ conversationId, kind, title, through, floor, entries, oldestAt, attachments });
  }

  /** Where what a message carries comes to stand; nothing where nobody may open it, which the manifest then says. */
  private async filed(conversationId: ConversationId, { body }: LogEntry): Promise<Filed | undefined> {
    if (body.kind !== 'file' && body.kind !== 'clinical-photo') return undefined;
    const { attachmentId, name, contentType } = body;
    const found = await this.rooms.attachments.find({ conversationId, attachmentId });
    const why = found ? whyClosed(stateOf(found)) : 'unknown-attachment';
    if (why || found?.versionId === undefined) {
      this.omitted.push({ conversationId, attachmentId, why: why ?? 'unknown-attachment' });
      return undefined;
    }
    const path = `conversations/${conversationId}/attachments/${attachmentId}/${fileName(name)}`;
    const isText = contentType.startsWith('text/');
    return { conversationId, attachmentId, path, versionId: found.versionId, isText };
  }

  private async *shown(profile: Profile, told: Told): AsyncGenerator<ShownEntry> {
    for await (const entry of this.entries(profile, told)) {
      const isOwn = entry.sender === profile.person;
      const who = isOwn
        ? 'You'
        : `${(await this.rolesOf(entry.sender)).join(', ') || 'somebody'} ${entry.sender}`;
      const path = pathOf(told, entry)?.split('/').slice(2).join('/');
      yield { entry, who, isOwn, attachmentPath: path };
    }
  }

  private async *messages(profile: Profile): AsyncGenerator<FiledMessage> {
    for (const told of this.told) {
      for await (const entry of this.entries(profile, told)) {
        if ('person' in entry.body) continue;
        const path = pathOf(told, entry);
        yield { entry, title: told.title, attachmentPath: path && `../${path}` };
      }
    }
  }

  private async *entries(profile: Profile, told: Told): AsyncGenerator<LogEntry> {
    for await (const page of this.pages(profile, told.conversationId)) {
      for (const entry of page.entries) if (entry.seq <= told.through) yield entry;
      if (page.upTo >= told.through) return;
    }
  }

  private async *pages(profile: Profile, conversationId: ConversationId) {
    for (let after = 0; ; ) {
      const page = await this.page(profile, conversationId, after);
      if (!page) return; // they were removed meanwhile, and see nothing of it any more
      yield page;
      if (!page.more) return;
      after = page.upTo;
    }
  }

  private async page(profile: Profile, conversationId: ConversationId, after: number) {
    const patient = asThemselves(profile, this.rooms.now());
    try {
      const range = { after };
      const { value } = await readLog(
        this.rooms,
        Promise.resolve(patient),
        'conversation.read',
        conversationId,
        range,
        MAX_PAGE_ENTRIES,
      );
      return { ...value, entries: value.entries.map((entry) => logEntry(entry, { withRef: false })) };
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not-a-member') return undefined;
      throw error;
    }
  }

  private async titleOf(head: Head): Promise<string | undefined> {
    if (!head.title || head.shreddedAt !== undefined) return undefined;
    try {
      return shownNote(await this.rooms.vault.openTitle(head.conversationId, head.title));
    } catch (error) {
      if (error instanceof KeyDestroyed) return undefined;
      throw error;
    }
  }

  private async rolesOf(person: PersonId): Promise<readonly string[]> {
    const known = this.roles.get(person);
    if (known) return known;
    const profile = await this.rooms.people.profile(person);
    const roles = profile ? (profile.formerRoles ?? profile.roles) : [];
    this.roles.set(person, roles);
    return roles;
  }

  private async partyOf(person: PersonId): Promise<Party> {
    const roles = await this.rolesOf(person);
    if (holdsAny({ roles }, ['patient'])) return 'Patient';
    return holdsAny({ roles }, ['caregiver']) ? 'RelatedPerson' : 'Practitioner';
  }
}

/** The patient as if they asked themselves; who is disabled keeps the right to what they could see. */
function asThemselves(profile: Profile, now: number): Caller {
  return {
    ...entitlementsOf(profile),
    person: profile.person,
    roles: profile.formerRoles ?? profile.roles,
    ...{ session: '-', authenticatedAt: now, expiresAt: now, askedAt: now, idleAt: now, endsAt: now },
    otherSockets: [],
  };
}

function pathOf({ attachments }: Told, { body }: LogEntry): string | undefined {
  return 'attachmentId' in body ? attachments.get(body.attachmentId)?.path : undefined;
}

/** A name under which any system can unpack it. */
function fileName(name: string): string {
  return name.replace(/[<>:"|?*]/g, '_').replace(/\.+$/, '_');
}
