import { createHash } from 'node:crypto';
import type { Head, Member } from '../../../functions/domain/conversation.ts';
import type { Entry } from '../../../functions/domain/entry.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import type { Listing, Lists, Marked, Standing, Standings } from '../../../functions/domain/lists.ts';
import type { Log } from '../../../functions/domain/log.ts';
import { phi } from '../../../functions/domain/phi.ts';
import type { Vault } from '../../../functions/domain/vault.ts';
import { aRef, aRetention, aText, MemoryLog, person } from './in-memory.ts';

export const NOW = 1_800_000_000_000;
export const [reader, writer] = [person('reader'), person('writer')];

/** An id as the protocol writes it; ids of successive numbers are in no order. */
export const idOf = (number: number) => idFrom(createHash('sha256').update(String(number)).digest());

/** One entry of a log: a text by somebody, or a change of membership. */
export type Line =
  | { readonly by: string; readonly text: string; readonly at?: number }
  | { readonly added: string }
  | { readonly removed: string };

/** Many conversations of one reader in memory: logs, lists and heads, and how often each was asked. */
export class ManyConversations {
  readonly logs = new Map<string, MemoryLog>();
  readonly listed = new Map<string, Listing>();
  readonly shown = new Map<string, Standing>();
  readonly calls: string[] = [];
  readonly openings: string[] = [];
  now = NOW;

  /** Adds a conversation of the reader and the writer. Its head shows in full unless the test changes what is `shown`. */
  add(
    conversationId: string,
    lines: readonly Line[],
    { isListed = true, readUpTo = 0, title = '' } = {},
  ): Head {
    let members: readonly Member[] = [
      { person: reader, role: 'member', joined: 0 },
      { person: writer, role: 'owner', joined: 0 },
    ];
    let membersVersion = 0;
    const log = new MemoryLog();
    for (const [place, line] of lines.entries()) {
      const seq = place + 1;
      if (!('text' in line)) {
        const who = 'added' in line ? line.added : line.removed;
        members = members.filter((member) => member.person !== who);
        if ('added' in line) members = [...members, { person: who, role: 'member', joined: seq }];
        membersVersion = seq;
      }
      log.entries.push(entryOf(conversationId, seq, membersVersion, line));
    }
    const head: Head = {
      conversationId,
      kind: 'group',
      members,
      membersVersion,
      last: lines.length,
      lastHash: new Uint8Array(32),
      lastAt: log.entries.at(-1)?.at ?? NOW,
      retentionDays: 30,
      createdAt: NOW,
      createdBy: writer,
      ref: aRef(),
      founders: new Uint8Array(),
      ...(title && { title: { epoch: '1', bytes: Buffer.from(title) } }),
    };
    log.heads.set(conversationId, head);
    this.logs.set(conversationId, log);
    this.shown.set(conversationId, head);
    if (isListed) this.listed.set(conversationId, { conversationId, readUpTo });
    return head;
  }

  readonly log: Pick<Log, 'head' | 'newest' | 'forward' | 'backward'> = {
    head: (id) => this.of(id, 'head').head(id),
    newest: (id, limit) => this.of(id, 'newest').newest(id, limit),
    forward: (id, after, limit) => this.of(id, 'forward').forward(id, after, limit),
    backward: (id, before, limit, above) => this.of(id, 'backward').backward(id, before, limit, above),
  };

  readonly lists: Lists = {
    page: async (_person, { after = '', through = '~' }, limit) => {
      const all = [...this.listed.values()]
        .filter(({ conversationId }) => conversationId > after && conversationId <= through)
        .sort((one, other) => (one.conversationId < other.conversationId ? -1 : 1));
      return { listings: all.slice(0, limit), more: all.length > limit };
    },
    mark: async (_person, conversationId, upTo): Promise<Marked> => {
      const standing = this.listed.get(conversationId);
      if (!standing) return { outcome: 'absent' };
      if (standing.readUpTo >= upTo) return { outcome: 'marked', upTo: standing.readUpTo };
      this.listed.set(conversationId, { conversationId, readUpTo: upTo });
      return { outcome: 'marked', upTo };
    },
  };

  readonly standings: Standings = {
    of: async (ids) =>
      new Map(
        ids.flatMap((id) => {
          const shown = this.shown.get(id);
          return shown ? [[id, shown] as const] : [];
        }),
      ),
  };

  /** Seals nothing: what is asked here is what is opened, and how often. */
  readonly vault: Vault = {
    sealBody: () => Promise.reject(new Error('nothing is sealed here')),
    sealTitle: () => Promise.reject(new Error('nothing is sealed here')),
    openBody: async (entry) => {
      this.openings.push(entry.messageId);
      return aText(Buffer.from(entry.sealed.bytes).toString('utf8'));
    },
    openTitle: async (_conversationId, title) => phi(Buffer.from(title.bytes).toString('utf8')),
  };

  get rooms() {
    const { log, lists, standings, vault } = this;
    return { log, lists, standings, vault, retention: aRetention({ default: 30 }), now: () => this.now };
  }

  private of(conversationId: string, what: string): MemoryLog {
    this.calls.push(`${what} ${conversationId}`);
    return this.logs.get(conversationId) ?? new MemoryLog();
  }
}

function entryOf(conversationId: string, seq: number, membersVersion: number, line: Line): Entry {
  const fields = {
    conversationId,
    seq,
    messageId: idFrom(createHash('sha256').update(`${conversationId} ${seq}`).digest()),
    sender: 'text' in line ? line.by : writer,
    ref: aRef(),
    at: ('text' in line && line.at) || NOW,
    prev: new Uint8Array(32),
    membersVersion,
  };
  if ('text' in line) return { ...fields, sealed: { epoch: '1', bytes: Buffer.from(line.text) } };
  if ('added' in line)
    return { ...fields, change: { kind: 'member.added', person: line.added, role: 'member' } };
  return { ...fields, change: { kind: 'member.removed', person: line.removed } };
}
