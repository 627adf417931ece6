import type { Chat } from '../../sdk/index.ts';
import type { Names } from './names.ts';
import type { Listed } from './told.ts';
import { wordsOf } from './wording.ts';

/** A page of the inbox, newest first. */
export type InboxPage = Awaited<ReturnType<Chat['conversations']>>;
export type InboxEntry = InboxPage['conversations'][number];

/** As many as a screen shows. */
const PAGE = 20;

export function newest(chat: Chat): Promise<InboxPage> {
  return chat.conversations({ limit: PAGE });
}

/** The newest conversation that fits, in the whole inbox. */
export async function findListed(
  chat: Chat,
  fits: (entry: InboxEntry) => boolean,
): Promise<InboxEntry | undefined> {
  for (let after: string | undefined; ; ) {
    const page: InboxPage = await chat.conversations(after === undefined ? {} : { after });
    const found = page.conversations.find(fits);
    if (found || page.next === undefined) return found;
    after = page.next;
  }
}

/** The direct conversation with a person. */
export function findDirect(chat: Chat, person: string): Promise<InboxEntry | undefined> {
  return findListed(
    chat,
    ({ kind, members }) => kind === 'direct' && members.some((member) => member.person === person),
  );
}

/** The other of two, the title of a group, or else everybody in it. */
export function whoIn({ members, title }: InboxEntry, names: Names, me: string): string {
  const others = members.filter(({ person }) => person !== me).map(({ person }) => names.nameOf(person));
  return title ?? (others.join(', ') || 'nobody else');
}

export function listed(entry: InboxEntry, number: number, names: Names, me: string): Listed {
  const { conversationId, unread, lastAt, latest } = entry;
  const by = latest?.sender === me ? 'you: ' : '';
  return {
    number,
    conversationId,
    who: whoIn(entry, names, me),
    unread,
    lastAt,
    ...(latest && !('person' in latest.body) && { latest: by + wordsOf(latest.body) }),
  };
}
