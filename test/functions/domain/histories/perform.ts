import { changeMembers } from '../../../../functions/domain/change-members.ts';
import { genesisOf, hashOf, isMembership } from '../../../../functions/domain/entry.ts';
import { raiseHeads } from '../../../../functions/domain/raise-heads.ts';
import { readLog } from '../../../../functions/domain/read-log.ts';
import { sendMessage } from '../../../../functions/domain/send-message.ts';
import { shownBody } from '../../../../functions/push/frames.ts';
import { aText, person } from '../in-memory.ts';
import { type History, PEOPLE, type Raise, type Read, type Step, type Who } from './history.ts';
import {
  type Answer,
  type Ask,
  type Call,
  IN_PEACE_MS,
  MOST_OFF_MS,
  type Observations,
  type Stored,
} from './observations.ts';
import { Refs } from './refs.ts';
import { outcomeOf, Stage, seen, type Terms } from './stage.ts';
import type { Asking } from './theatre.ts';
import { quiet } from './turns.ts';

/** Lets a history happen in memory, turn by turn, and tells what was seen of it from outside. */
export async function perform(history: History): Promise<Observations> {
  const stage = new Stage(history);
  const refs = new Refs();
  const underWay = new Set<number>();
  const steps = [...history.steps];

  for (;;) {
    await quiet();
    for (const id of stage.crashed) underWay.delete(id);
    const mayStart = steps.length > 0 && underWay.size < history.together && mayBegin(steps[0], underWay);
    if (stage.turns.count + Number(mayStart) === 0) {
      if (stage.log.show()) continue;
      if (steps.length === 0) break;
      throw new Error('nobody can go on');
    }
    stage.log.pass();
    if (stage.turns.take(Number(mayStart)) === undefined) continue;
    begin(steps.shift() as Step);
  }
  stage.now += IN_PEACE_MS + MOST_OFF_MS; // the last write may be dated ahead
  for (const name of PEOPLE) await readToTheEnd(name);
  return observed(stage);

  function begin(step: Step): void {
    if (step.do === 'raise') {
      void follow(-stage.log.now, raise(stage, step));
      return;
    }
    if (step.do === 'days') {
      stage.log.show();
      raiseAtOnce(stage);
      stage.passDays(step.days, step.spared);
      return;
    }
    const asking = askOf(step, stage, refs);
    if (!asking) return;
    void follow(asking.id, answered(stage, step, asking, refs));
  }

  async function follow(id: number, ending: Promise<void>): Promise<void> {
    underWay.add(id);
    await ending;
    underWay.delete(id);
  }

  /** Nothing is under way any more: everybody who is a member can come to hold the whole log. */
  async function readToTheEnd(name: Who): Promise<void> {
    for (const from of ['beginning', 'end'] as const) {
      const step: Read = { do: 'read', by: name, from, limit: 1_000 };
      const call = askOf(step, stage, refs);
      if (!call) continue;
      let done = false;
      void answered(stage, step, call, refs).finally(() => {
        done = true;
      });
      for (await quiet(); !done; await quiet()) {
        stage.log.pass();
        stage.turns.take(0);
      }
    }
  }
}

/** Days only go by while nothing is under way. */
function mayBegin(step: Step | undefined, underWay: ReadonlySet<number>): boolean {
  return step?.do !== 'days' || underWay.size === 0;
}

function askOf(step: Asking, stage: Stage, refs: Refs): Call | undefined {
  const ask = askedBy(step, stage, refs);
  if (!ask) return undefined;
  const call: Call = {
    id: stage.calls.length,
    by: person(step.by),
    ask,
    invoked: stage.log.now,
    isDisturbed:
      step.mishap !== undefined && step.mishap.kind !== 'conflict' && step.mishap.kind !== 'stale-head',
    sawStale: step.mishap?.kind === 'stale-head',
    now: stage.now + (step.skew ?? 0),
  };
  stage.calls.push(call);
  return call;
}

function askedBy(step: Asking, stage: Stage, refs: Refs): Ask | undefined {
  switch (step.do) {
    case 'send':
    case 'send-ahead': {
      const send = refs.asked(step, stage.log.written.length);
      return send && { send };
    }
    case 'add':
      return {
        change: { kind: 'member.added', person: person(step.who), ...(step.role && { role: step.role }) },
      };
    case 'remove':
      return { change: { kind: 'member.removed', person: person(step.who) } };
    case 'read': {
      if (step.from === 'end') return { read: { before: Number.POSITIVE_INFINITY } };
      return { read: { after: step.from === 'beginning' ? 0 : refs.cursor(step.by) } };
    }
  }
}

async function answered(stage: Stage, step: Asking, call: Call, refs: Refs): Promise<void> {
  try {
    call.answer = await carriedOut(stage, step, call, step);
  } catch (error) {
    call.answer = outcomeOf(error);
  }
  call.returned = stage.log.now;
  refs.heard(step.by, call);
}

async function carriedOut(stage: Stage, step: Asking, { ask, ...call }: Call, terms: Terms): Promise<Answer> {
  const rooms = stage.rooms({ ask, ...call }, terms);
  const caller = Promise.resolve(stage.callerOf(step.by));
  const { conversationId } = stage;
  if ('send' in ask) {
    const { text, ...given } = ask.send;
    const draft = { ...given, conversationId, body: aText(text) };
    const { value } = await sendMessage(rooms, caller, draft);
    return { accepted: { seq: value.seq, messageId: value.messageId, at: value.at } };
  }
  if ('change' in ask) {
    const { value } = await changeMembers(rooms, caller, conversationId, ask.change as never);
    return { members: value.members.map(({ person: id, role }) => ({ person: id, role })) };
  }
  const limit = (step as Read).limit;
  const { value } = await readLog(rooms, caller, 'conversation.catch-up', conversationId, ask.read, limit);
  return { page: { ...value, entries: value.entries.map(seen) } };
}

/** One batch of the stream, which is delivered again until it is taken. */
async function raise(stage: Stage, { behind }: Raise): Promise<void> {
  const noted = stage.log.written.at(-1 - behind)?.entry;
  for (let taken = !noted; noted && !taken; ) {
    await stage.turns.next();
    taken = await raiseHeads(stage.log, [noted]).then(
      () => true,
      () => false,
    );
  }
}

function raiseAtOnce(stage: Stage): void {
  const newest = stage.log.written.at(-1)?.entry;
  if (newest) void raiseHeads(stage.log, [newest]);
}

async function observed(stage: Stage): Promise<Observations> {
  const { head, log } = stage;
  const stored = await Promise.all(
    log.written.map(async ({ entry, ...when }): Promise<Stored> => {
      const body = isMembership(entry) ? entry.change : shownBody(await stage.openBody(entry));
      return { ...entry, ...when, body, prev: hex(entry.prev), hash: hex(hashOf(entry)) };
    }),
  );
  const founding = log.heads.get(stage.conversationId)?.kind === 'direct' ? 'member' : undefined;
  return {
    founders: head.members.map(({ person: id, role }) => ({ person: id, role: founding ?? role })),
    genesis: hex(genesisOf(head.conversationId, head.createdBy, head.createdAt)),
    retentionMs: head.retentionDays * 24 * 60 * 60 * 1000,
    stored,
    calls: stage.calls,
    told: stage.told,
    openSockets: stage.openSockets,
    stretch: Math.min(1_000, log.stretch),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
