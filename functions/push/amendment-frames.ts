import type { Amendment as Shown } from '../../protocol/amendments.ts';
import { dueBy, type OpenedAmendment } from '../domain/amendments.ts';
import type { Phi } from '../domain/phi.ts';
import { shownNote } from './frames.ts';

/** A request to amend a message, for who may know of it. */
export function amendment({ amendment: shown, text, decided, extended }: OpenedAmendment): Shown {
  const { amendmentId, conversationId, seq, person, state } = shown;
  return {
    ...{ amendmentId, conversationId, seq, person, at: time(shown.at), state, dueBy: time(dueBy(shown)) },
    ...(text !== undefined && { text: shownNote(text) }),
    ...(shown.decided && { decided: judged(shown.decided, decided) }),
    ...(shown.extended && { extended: judged(shown.extended, extended) }),
  };
}

export function amendmentList(amendments: readonly OpenedAmendment[]) {
  return { amendments: amendments.map(amendment) };
}

function judged({ by, at }: { readonly by: string; readonly at: number }, note: Phi<string> | undefined) {
  return { by, at: time(at), ...(note !== undefined && { note: shownNote(note) }) };
}

function time(at: number): string {
  return new Date(at).toISOString();
}
