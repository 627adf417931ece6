import { randomUUID } from 'node:crypto';
import type { Entry } from '../../../../functions/domain/entry.ts';
import { genesisOf, hashOf, isMembership } from '../../../../functions/domain/entry.ts';
import type { EntryBody } from '../../../../protocol/bodies.ts';
import { answered, created, doorOf, seenOf, textOf } from './doors.ts';
import type { History, Who } from './history.ts';
import type { Ask, Call, Observations, SeenEntry, Stored, Told } from './observations.ts';
import { Refs } from './refs.ts';
import type { Asking, Replayed, Strike, Theatre } from './theatre.ts';

/** Lets the same history happen through real doors, several calls at once, and tells what was seen of it. */
export async function replay(theatre: Theatre, history: History): Promise<Replayed> {
  const { ids } = theatre;
  const strikesBefore = theatre.strikes.length;
  const conversationId = await created(theatre, history);
  const free = new Map(Object.entries(theatre.sockets).map(([who, sockets]) => [who, [...sockets]]));
  const refs = new Refs(() => randomUUID());
  const calls: Call[] = [];
  const told: Told[] = [];
  const began = performance.now();
  const heardBefore = new Map(
    Object.values(theatre.sockets)
      .flat()
      .map((socket) => [socket, socket.heard.length]),
  );

  const underWay = new Set<Promise<void>>();
  for (const step of history.steps) {
    if (step.do === 'raise' || step.do === 'days') continue;
    while (underWay.size >= history.together || free.get(step.by)?.length === 0) await Promise.race(underWay);
    const ending: Promise<void> = carriedOut(step).finally(() => underWay.delete(ending));
    underWay.add(ending);
  }
  await Promise.all(underWay);
  await Promise.all((Object.keys(ids) as Who[]).map(readToTheEnd));
  return { seen: await observed(), strikes: theatre.strikes.slice(strikesBefore) };

  /** What was pushed before an answer stands before it on the same socket: nothing is on its way any more. */
  async function readToTheEnd(by: Who): Promise<void> {
    for (const from of ['beginning', 'end'] as const) await carriedOut({ do: 'read', by, from, limit: 200 });
  }

  async function carriedOut(step: Asking): Promise<void> {
    const socket = free.get(step.by)?.pop();
    if (!socket) throw new Error(`${step.by} has no socket left`);
    const ask = askedBy(step);
    const call = ask && begin(step, ask);
    if (call) {
      const lift = theatre.plant(conversationId, step, doorOf(ask));
      call.answer = await answered(theatre, { conversationId, step, ask, socket });
      call.returned = performance.now() - began;
      lift();
      refs.heard(step.by, call);
    }
    free.get(step.by)?.push(socket);
  }

  function begin(step: Asking, ask: Ask): Call {
    const call: Call = {
      id: calls.length,
      by: ids[step.by],
      ask,
      invoked: performance.now() - began,
      isDisturbed: false, // until it is known what befell it
      sawStale: false,
      now: Date.now(),
    };
    calls.push(call);
    return call;
  }

  function askedBy(step: Asking): Ask | undefined {
    if (step.do === 'send' || step.do === 'send-ahead') {
      const send = refs.asked(step, 1_000);
      return send && { send };
    }
    if (step.do === 'read') {
      if (step.from === 'end') return { read: { before: Number.POSITIVE_INFINITY } };
      return { read: { after: step.from === 'cursor' ? refs.cursor(step.by) : 0 } };
    }
    const change = { person: ids[step.who], ...('role' in step && step.role && { role: step.role }) };
    return { change: { kind: step.do === 'add' ? 'member.added' : 'member.removed', ...change } };
  }

  async function observed(): Promise<Observations> {
    const { head, entries } = await theatre.stored(conversationId);
    for (const [who, sockets] of Object.entries(theatre.sockets)) {
      sockets.forEach((socket, place) => {
        for (const frame of socket.heard.slice(heardBefore.get(socket))) {
          if (frame.type !== 'message.new' || frame.conversationId !== conversationId) continue;
          told.push({ person: ids[who as Who], socket: `${who} ${place}`, entry: seenOf(frame), at: 0 });
        }
      });
    }
    return {
      founders: history.members.map((who) => ({
        person: ids[who],
        role: who === 'ana' && head.kind === 'group' ? 'owner' : 'member',
      })),
      genesis: hex(genesisOf(conversationId, head.createdBy, head.createdAt)),
      retentionMs: head.retentionDays * 24 * 60 * 60 * 1000,
      stored: entries.map((entry, place) =>
        storedOf(entry, entries.slice(0, place + 1), entries.slice(place)),
      ),
      calls: calls.map((call) => ({
        ...call,
        isDisturbed: strikesDuring(call).some(({ isFatal }) => isFatal),
      })),
      told,
      openSockets: new Set(told.map(({ socket }) => socket)),
      stretch: 1_000,
    };
  }

  /** What befell this call's door while it was under way: which of several calls it hit cannot be told from outside. */
  function strikesDuring({ invoked, returned = Number.POSITIVE_INFINITY, ask }: Call): readonly Strike[] {
    return theatre.strikes.filter(
      ({ door, at }) => door === doorOf(ask) && at - began >= invoked && at - began <= returned,
    );
  }

  /** When it can have been stored: after somebody asked for it and all before it, and before anybody knew of what came after. */
  function storedOf(entry: Entry, upTo: readonly Entry[], onward: readonly Entry[]): Stored {
    const from = Math.max(
      ...upTo.map((earlier) => Math.min(...calls.filter(asksFor(earlier)).map((call) => call.invoked))),
    );
    const known = onward.flatMap((later) =>
      calls.filter(accepts(later)).map(({ returned = Number.POSITIVE_INFINITY }) => returned),
    );
    const [writer, ...others] = calls.filter(asksFor(entry));
    const isCertain = writer && others.length === 0 && strikesDuring(writer).length === 0;
    return {
      ...entry,
      body: isMembership(entry) ? entry.change : bodyOf(entry),
      prev: hex(entry.prev),
      hash: hex(hashOf(entry)),
      from,
      until: Math.min(Number.POSITIVE_INFINITY, ...known),
      ...(isCertain && { call: writer.id }),
    };
  }

  function asksFor(entry: Entry) {
    return ({ by, ask }: Call) => {
      if (by !== entry.sender) return false;
      if (!isMembership(entry)) return 'send' in ask && ask.send.ref === entry.ref;
      return (
        'change' in ask && ask.change.kind === entry.change.kind && ask.change.person === entry.change.person
      );
    };
  }

  function bodyOf(entry: Entry): EntryBody {
    const shown = [...told.map((one) => one.entry), ...calls.flatMap(shownTo)].find(
      ({ seq }) => seq === entry.seq,
    );
    const sent = calls.find((call) => accepts(entry)(call)) ?? calls.find(asksFor(entry));
    return shown?.body ?? textOf(sent && 'send' in sent.ask ? sent.ask.send.text : '');
  }
}

function accepts(entry: Entry) {
  return ({ answer }: Call) =>
    answer !== undefined && 'accepted' in answer && answer.accepted.seq === entry.seq;
}

function shownTo({ answer }: Call): readonly SeenEntry[] {
  return answer && 'page' in answer ? answer.page.entries : [];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
