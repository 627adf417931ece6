import type { LogEntry } from '../../protocol/frames.ts';
import type { PersonId } from '../../protocol/ids.ts';
import type { Communication, DocumentReference, PartyResource, Reference, Resource } from './fhir-r4.ts';

/** The largest number that FHIR has room for in `size` (R4, unsignedInt). */
const MOST_BYTES = 2_147_483_647;

/** What somebody is to the patient, as FHIR says it. */
export type Party = 'Patient' | 'Practitioner' | 'RelatedPerson';

/** A message with its place in the archive. */
export interface FiledMessage {
  readonly entry: LogEntry;
  readonly title: string | undefined;
  /** Where what it carries stands in the archive, seen from the bundle. */
  readonly attachmentPath: string | undefined;
}

type Entry = { readonly fullUrl: string; readonly resource: Resource };

/** A Bundle of type `collection` (FHIR R4, 4.0.1), entry by entry: who speaks comes behind what was said, when it is known who did. */
export async function* fhirBundle(
  patient: PersonId,
  madeAt: string,
  messages: AsyncIterable<FiledMessage>,
  partyOf: (person: PersonId) => Promise<Party>,
): AsyncGenerator<string> {
  const head = { resourceType: 'Bundle', type: 'collection', timestamp: madeAt };
  yield `${JSON.stringify(head).slice(0, -1)},"entry":[`;
  yield JSON.stringify(entryOf(partyResource(patient, 'Patient', patient)));
  const others = new Map<PersonId, Party>();
  for await (const message of messages) {
    const { sender } = message.entry;
    const party = others.get(sender) ?? (sender === patient ? 'Patient' : await partyOf(sender));
    if (sender !== patient) others.set(sender, party);
    for (const resource of resourcesOf(patient, message)) yield `,${JSON.stringify(entryOf(resource))}`;
  }
  for (const [person, party] of others)
    yield `,${JSON.stringify(entryOf(partyResource(person, party, patient)))}`;
  yield ']}';
}

function resourcesOf(patient: PersonId, message: FiledMessage): readonly Resource[] {
  const document = documentOf(patient, message);
  return [communicationOf(patient, message, document), ...(document ? [document] : [])];
}

function communicationOf(
  patient: PersonId,
  { entry, title }: FiledMessage,
  document: DocumentReference | undefined,
): Communication {
  const { body } = entry;
  const words = 'text' in body ? body.text : undefined;
  const payload = [
    ...(words === undefined ? [] : [{ contentString: words }]),
    ...(document ? [{ contentReference: referenceTo(document.id) }] : []),
  ];
  return {
    resourceType: 'Communication',
    id: entry.messageId,
    identifier: [{ system: 'urn:wardline:message', value: entry.messageId }],
    status: 'completed',
    subject: referenceTo(patient),
    ...(title !== undefined && { topic: { text: title } }),
    sent: entry.at,
    sender: referenceTo(entry.sender),
    ...(payload.length > 0 && { payload }),
  };
}

function documentOf(patient: PersonId, message: FiledMessage): DocumentReference | undefined {
  const { entry, attachmentPath } = message;
  const { body } = entry;
  if (body.kind !== 'file' && body.kind !== 'clinical-photo') return undefined;
  const shows = body.kind === 'clinical-photo' ? `${body.bodySite} (${body.laterality})` : undefined;
  return {
    resourceType: 'DocumentReference',
    id: body.attachmentId,
    identifier: [{ system: 'urn:wardline:attachment', value: body.attachmentId }],
    status: 'current',
    subject: referenceTo(patient),
    date: entry.at,
    author: [referenceTo(entry.sender)],
    ...(shows !== undefined && { description: shows }),
    content: [
      {
        attachment: {
          contentType: body.contentType,
          title: body.name,
          ...(body.bytes <= MOST_BYTES && { size: body.bytes }),
          ...(attachmentPath !== undefined && { url: attachmentPath }), // without one it could not be opened
        },
      },
    ],
  };
}

function partyResource(person: PersonId, party: Party, patient: PersonId): PartyResource {
  const said = { id: person, identifier: [{ system: 'urn:wardline:person', value: person }] };
  if (party === 'RelatedPerson') return { resourceType: party, ...said, patient: referenceTo(patient) };
  return { resourceType: party, ...said };
}

function entryOf(resource: Resource): Entry {
  return { fullUrl: urlOf(resource.id), resource };
}

function referenceTo(id: string): Reference {
  return { reference: urlOf(id) };
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** An id of the protocol, which is 128 bits, as the URN of a UUID: what FHIR has resources of a bundle refer to each other by. */
export function urlOf(id: string): string {
  let bits = 0n;
  for (const letter of id) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(letter));
  const hex = (bits >> 2n).toString(16).padStart(32, '0'); // 26 letters hold 130 bits
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `urn:uuid:${parts.join('-')}`;
}
