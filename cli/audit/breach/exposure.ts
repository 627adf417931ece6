import type { Row, Trail } from '../trail.ts';

/** Whose credential or which key was not safe. */
export type Compromised =
  | { readonly kind: 'person' | 'session' | 'role'; readonly id: string }
  /** A conversation's data keys, those of one month of it (YYYY-MM), or every one, by the organisation's key. */
  | { readonly kind: 'key'; readonly id: string; readonly month?: string | undefined };

/** From `from` on and before `before`; ISO 8601 in UTC with milliseconds, as records have it. */
export interface Window {
  readonly from: string;
  readonly before: string;
}

/** A patient whose information was opened, by record, or may have been. */
export interface Affected {
  readonly person: string;
  /** Of conversations that the patient is or was in, how many were opened by record, and how many could have been. */
  readonly opened: number;
  readonly openable: number;
}

export interface Exposure {
  readonly people: readonly string[];
  readonly affected: readonly Affected[];
  readonly opened: readonly Row[];
  /** Conversations that could be opened, opened ones among them. */
  readonly openable: ReadonlySet<string>;
  readonly addresses: readonly Row[];
  readonly ended: readonly Row[];
  readonly messages: number;
}

export const ORGANISATION = 'organisation';
const FOREVER = '';

/**
 * What was opened by record, and what could have been opened at most: by a credential whatever its holder was a member of
 * at a moment of the window, by a key whatever it ever sealed until the window's end. A patient is affected by every
 * conversation that they were a member of before that end, since what was said of them may still stand in it.
 */
export async function exposureOf(
  trail: Trail,
  compromised: Compromised,
  { from, before }: Window,
): Promise<Exposure> {
  const people = await peopleOf(trail, compromised);
  const session = compromised.kind === 'session' ? compromised.id : '%';
  const asked = { from, before, people: people.join(',') || '-', session };
  const isKey = compromised.kind === 'key';
  const opened = isKey ? [] : await trail.rows('breach-opened', asked);
  const openable = new Set(opened.map(({ conversation }) => String(conversation)));
  const reached = isKey ? underKey(trail, compromised, before) : trail.each('breach-openable', asked);
  for await (const { conversation } of reached) openable.add(String(conversation));

  const end = isKey && compromised.month ? firstOf(nextMonth(compromised.month)) : before;
  const since = isKey && compromised.month ? firstOf(compromised.month) : FOREVER;
  return {
    people,
    opened,
    openable,
    affected: await affectedBy(trail, opened, openable, end < before ? end : before, since),
    addresses: isKey ? [] : await trail.rows('breach-addresses', asked),
    ended: isKey ? [] : await trail.rows('breach-ended', asked),
    messages: await messagesIn(trail, openable, before),
  };
}

async function peopleOf(trail: Trail, { kind, id }: Compromised): Promise<readonly string[]> {
  if (kind === 'person') return [id];
  if (kind === 'role') {
    const having = [...trail.people.values()].filter(({ roles }) => roles.includes(id));
    return having.map(({ person }) => person).sort();
  }
  if (kind === 'key') return [];
  const rows = await trail.rows('breach-session', { session: id });
  return rows.map(({ person }) => String(person));
}

async function* underKey(trail: Trail, { id }: Compromised, before: string): AsyncGenerator<Row> {
  for await (const row of trail.each('breach-members', { before, since: FOREVER }))
    if (id === ORGANISATION || row.conversation === id) yield row;
}

async function affectedBy(
  trail: Trail,
  opened: readonly Row[],
  openable: ReadonlySet<string>,
  before: string,
  since: string,
): Promise<readonly Affected[]> {
  const byRecord = new Set(opened.map(({ conversation }) => conversation));
  const found = new Map<string, { opened: number; openable: number }>();
  for await (const { conversation, person } of trail.each('breach-members', { before, since })) {
    const id = String(person);
    const isPatient = trail.people.get(id)?.roles.includes('patient') ?? false;
    if (!isPatient || !openable.has(String(conversation))) continue;
    const counts = found.get(id) ?? { opened: 0, openable: 0 };
    found.set(id, {
      opened: counts.opened + (byRecord.has(conversation ?? '') ? 1 : 0),
      openable: counts.openable + 1,
    });
  }
  return [...found]
    .map(([person, counts]) => ({ person, ...counts }))
    .sort((a, b) => (a.person < b.person ? -1 : 1));
}

async function messagesIn(trail: Trail, conversations: ReadonlySet<string>, before: string): Promise<number> {
  let messages = 0;
  for await (const row of trail.each('breach-content', { before }))
    if (conversations.has(String(row.conversation))) messages += Number(row.messages);
  return messages;
}

function firstOf(month: string): string {
  return `${month}-01T00:00:00.000Z`;
}

function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
}
