import { randomUUID } from 'node:crypto';
import type { BareSocket } from '../../../fixtures/bare-socket.ts';
import type { History } from './history.ts';
import type { Answer, Ask, SeenEntry } from './observations.ts';
import type { Asking, DoorName, Theatre } from './theatre.ts';

type Frame = Readonly<Record<string, unknown>>;

interface Asked {
  readonly conversationId: string;
  readonly step: Asking;
  readonly ask: Ask;
  readonly socket: BareSocket;
}

/** Creates the conversation, twice at once under one `ref`: both are told of the same one. */
export async function created(theatre: Theatre, { members: all }: History): Promise<string> {
  const others = all.filter((who) => who !== 'ana').map((who) => theatre.ids[who]);
  const ask = () => theatre.request('ana', 'POST', 'conversations', { ref, kind: 'group', members: others });
  const ref = randomUUID();
  const [one, other] = await Promise.all([ask(), ask()]);
  const { conversationId } = one.body as { conversationId?: string };
  if (one.status !== 201 || JSON.stringify(one.body) !== JSON.stringify(other.body) || !conversationId) {
    throw new Error(`the conversation was answered ${JSON.stringify([one, other])}`);
  }
  return conversationId;
}

/** The function that deals with it. */
export function doorOf(ask: Ask): DoorName {
  if ('send' in ask) return 'SendMessage';
  if ('change' in ask) return 'ChangeMembers';
  return 'after' in ask.read ? 'CatchUp' : 'ReadMessages';
}

/** Asks through the call's own door, and says what was answered. */
export async function answered(theatre: Theatre, asked: Asked): Promise<Answer> {
  const { conversationId, step, ask, socket } = asked;
  if ('change' in ask) return changed(theatre, asked, ask.change);
  if ('read' in ask && 'before' in ask.read) return backward(theatre, asked);
  const frame =
    'send' in ask
      ? { type: 'message.send', ref: ask.send.ref, since: ask.send.since, body: textOf(ask.send.text) }
      : {
          type: 'conversation.catch-up',
          since: 'after' in ask.read && ask.read.after,
          limit: limitOf(step),
        };
  const isAnswer = ({ type }: Frame) => type !== 'message.new';
  const answer = await socket.ask({ ...frame, conversationId }, isAnswer);
  if (answer.type === 'refused') return { refused: String(answer.code) };
  if (answer.type === 'message.accepted')
    return { accepted: { ...(answer as never as SeenEntry), at: timeOf(answer) } };
  if (answer.type !== 'conversation.log') return { failed: String(answer.message) };
  return { page: pageIn(answer) };
}

async function backward(theatre: Theatre, { conversationId, step }: Asked): Promise<Answer> {
  const query = `before=1000000&limit=${limitOf(step)}`;
  const got = await theatre.request(step.by, 'GET', `conversations/${conversationId}/messages?${query}`);
  return refusalIn(got) ?? { page: pageIn(got.body as Frame) };
}

async function changed(
  theatre: Theatre,
  { conversationId, step: { by } }: Asked,
  change: Extract<Ask, { change: unknown }>['change'],
): Promise<Answer> {
  const path = `conversations/${conversationId}/members`;
  const { kind, ...wish } = change;
  const got =
    kind === 'member.added'
      ? await theatre.request(by, 'POST', path, wish)
      : await theatre.request(by, 'DELETE', `${path}/${change.person}`);
  return refusalIn(got) ?? { members: (got.body as { members: never }).members };
}

/** What an HTTP answer refuses, or how it failed; nothing where it is what was asked for. */
function refusalIn({ status, body }: { status: number; body: unknown }): Answer | undefined {
  if (status < 400) return undefined;
  const { code } = body as { code?: string };
  return status < 500 && code !== undefined ? { refused: code } : { failed: String(status) };
}

function pageIn(answer: Frame) {
  const page = answer as never as { entries: Frame[]; floor: number; upTo: number; more: boolean };
  return { ...page, entries: page.entries.map(seenOf) };
}

/** A text as it is sent. */
export function textOf(text: string) {
  return { kind: 'text', text } as const;
}

function limitOf(step: Asking): number {
  return step.do === 'read' ? step.limit : 200;
}

function timeOf(frame: Frame): number {
  return Date.parse(String(frame.at));
}

/** An entry as a frame shows it. */
export function seenOf(frame: Frame): SeenEntry {
  return { ...(frame as never as SeenEntry), at: timeOf(frame) };
}
