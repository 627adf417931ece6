import type { DeviceKind } from '../../protocol/bodies.ts';
import type { PersonId } from '../../protocol/ids.ts';
import { type Admitting, admit, type Caller, refusedSession } from './caller.ts';
import type { Decided, Decision } from './decision.ts';
import { allowOwn, refuse } from './policy.ts';
import { Refusal } from './refusal.ts';
import type { Identity, Sessions } from './session-record.ts';

/** Whether somebody may open a socket: a token that was verified, of a session that was not ended. */
export async function connectSession(
  sessions: Admitting,
  identity: Identity | undefined,
  now: number,
): Promise<Decision> {
  const decision = { operation: 'session.connect', purpose: 'operations', rule: 'live-session' } as const;
  if (!identity) return { ...decision, object: '-', outcome: 'refused', code: 'token-invalid' };
  try {
    return allowOwn('session.connect', await admit(sessions, identity, 'session.connect', now));
  } catch (error) {
    if (error instanceof Refusal) return error.decision;
    throw error;
  }
}

/**
 * Lists the caller's socket, which being admitted has done already, notes a device that the sign-in has not said before,
 * and says until when the socket is good.
 */
export async function openSession(
  sessions: Pick<Sessions, 'noteDevice'>,
  admitted: Promise<Caller>,
  device: DeviceKind | undefined,
): Promise<Decided<Caller>> {
  const caller = await admitted;
  const decision = allowOwn('session.open', caller);
  if (device && device !== caller.device) await sessions.noteDevice(caller.person, caller.session, device);
  return { decision, value: caller };
}

/**
 * Puts a live socket under a newer token of the same person and the same sign-in.
 *
 * @throws Refusal `token-invalid`, `session-ended`
 */
export async function renewSession(
  sessions: Sessions,
  admitted: Promise<Caller>,
  old: Identity,
  verified: Promise<Identity | undefined>,
): Promise<Decided<{ readonly expiresAt: number }>> {
  const [caller, token] = await Promise.all([admitted, verified]);
  const decision = allowOwn('session.renew', caller);
  const { connectionId } = caller;
  if (!token || !connectionId || token.person !== caller.person || token.session !== old.session) {
    throw refuse(decision, 'live-session', 'token-invalid');
  }
  if (token.expiresAt <= caller.expiresAt) return { decision, value: caller }; // renewals overtake each other
  const isListed = await sessions.register({ ...token, connectionId });
  if (!isListed) throw refusedSession('session-ended', caller, 'session.renew');
  return { decision, value: token };
}

/** Forgets a socket that has closed. Nobody is asked: what is recorded is when it was. */
export async function endSocket(
  sessions: Pick<Sessions, 'forget'>,
  person: PersonId,
  connectionId: string,
): Promise<Decision> {
  await sessions.forget(person, connectionId);
  return {
    operation: 'session.disconnect',
    object: person,
    purpose: 'operations',
    rule: 'own-session',
    outcome: 'allowed',
  };
}
