import { randomUUID } from 'node:crypto';
import { quarterOf } from '../../functions/domain/recertify.ts';
import type { Role } from '../../protocol/roles.ts';
import type { Actor, Cast, Relation } from '../fixtures/cast.ts';

/** What came back: the whole answer, and the code where it was refused. */
export interface Asked {
  readonly answer: unknown;
  readonly code?: string | undefined;
}

type Ask = (cast: Cast, as: Actor) => Promise<Asked>;

/** How each operation is asked, by its name in the protocol: about the actor's conversation, or about another person. */
export const asks: Readonly<Record<string, Ask>> = {
  'session.open': frame('session.open', () => ({})),
  'session.renew': frame('session.renew', ({ token }) => ({ token })),
  'session.keep': frame('session.keep', () => ({})),
  'message.send': frame('message.send', ({ conversationId }) => ({
    ref: randomUUID(),
    conversationId,
    since: 0,
    body: { kind: 'text', text: 'may I?' },
  })),
  'conversation.catch-up': frame('conversation.catch-up', ({ conversationId }) => ({
    conversationId,
    since: 0,
  })),
  'conversation.mark-read': frame('conversation.mark-read', ({ conversationId }) => ({
    conversationId,
    upTo: 0,
  })),
  sync: frame('sync', ({ conversationId }) => ({ cursors: { [conversationId]: 0 } })),

  'POST /conversations': route(
    () => ['POST', 'conversations'],
    (cast) => ({
      ref: randomUUID(),
      kind: 'group',
      members: [cast.other.id, cast.actor('patient', 'stranger').person.id],
    }),
  ),
  'GET /conversations': route(() => ['GET', 'conversations']),
  'GET /conversations/{conversationId}/messages': route(({ conversationId }) => [
    'GET',
    `conversations/${conversationId}/messages`,
  ]),
  'POST /conversations/{conversationId}/members': route(
    ({ conversationId }) => ['POST', `conversations/${conversationId}/members`],
    (cast) => ({ person: cast.other.id }),
  ),
  'DELETE /conversations/{conversationId}/members/{person}': route(({ conversationId }) => [
    'DELETE',
    `conversations/${conversationId}/members/${'a'.repeat(26)}`,
  ]),
  'POST /conversations/{conversationId}/attachments': beginning,
  'GET /conversations/{conversationId}/attachments/{attachmentId}': ofAttachment('GET', ''),
  'POST /conversations/{conversationId}/attachments/{attachmentId}/parts': ofAttachment('POST', '/parts', {
    part: 1,
  }),
  'POST /conversations/{conversationId}/attachments/{attachmentId}/completion': ofAttachment(
    'POST',
    '/completion',
    {},
  ),
  'POST /conversations/{conversationId}/messages/{seq}/downloads': route(
    ({ conversationId, file }) => ['POST', `conversations/${conversationId}/messages/${file.seq}/downloads`],
    () => ({}),
  ),
  'POST /conversations/{conversationId}/emergency': breakingGlass,
  'GET /admin/emergencies': route(() => ['GET', 'admin/emergencies']),
  'POST /admin/emergencies/{emergencyId}/review': about(
    'POST',
    ({ emergencyId }) => `admin/emergencies/${emergencyId}/review`,
    { verdict: 'justified', note: 'it was' },
  ),
  'POST /admin/people/{person}/restrictions': about(
    'POST',
    ({ patient }) => `admin/people/${patient.id}/restrictions`,
    { restrictions: [] },
  ),
  'POST /me/amendments': askingAmendment,
  'GET /conversations/{conversationId}/amendments/{amendmentId}': readingAmendment,
  'GET /admin/amendments': route(() => ['GET', 'admin/amendments']),
  'POST /admin/amendments/{amendmentId}/decision': decidingAmendment,
  'GET /admin/exports': route(() => ['GET', 'admin/exports']),
  'POST /admin/exports': about(
    'POST',
    () => 'admin/exports',
    ({ patient }) => ({ person: patient.id }),
  ),
  'POST /admin/exports/{exportId}/download': fetchingExport,
  'GET /me': route(() => ['GET', 'me']),
  'POST /admin/shreds': route(
    () => ['POST', 'admin/shreds'],
    (cast) => ({ conversationId: cast.spare }),
  ),
  'GET /admin/retention': route(() => ['GET', 'admin/retention']),
  'POST /admin/retention': route(
    () => ['POST', 'admin/retention'],
    () => ({ kind: 'direct', days: 2_192 }),
  ),
  'GET /admin/holds': route(() => ['GET', 'admin/holds']),
  'POST /admin/holds': route(
    () => ['POST', 'admin/holds'],
    (cast) => ({ ref: randomUUID(), reason: 'M-2', conversations: [cast.held] }),
  ),
  'POST /admin/holds/{holdId}/release': route(
    (_as, cast) => ['POST', `admin/holds/${cast.holdId}/release`],
    () => ({}),
  ),
  'POST /admin/revocations': route(
    () => ['POST', 'admin/revocations'],
    (cast) => ({
      person: cast.other.id,
      session: randomUUID(), // a sign-in that nobody has
    }),
  ),
  'GET /me/sessions': route(() => ['GET', 'me/sessions']),
  'GET /admin/people/{person}/sessions': about('GET', ({ other }) => `admin/people/${other.id}/sessions`),
  'POST /admin/people': about('POST', () => 'admin/people', { username: 'matrix-1', roles: ['patient'] }),
  'POST /admin/people/{person}/roles': about('POST', ({ leaver }) => `admin/people/${leaver.id}/roles`, {
    roles: ['staff'],
  }),
  'POST /admin/people/{person}/disable': about('POST', ({ gone }) => `admin/people/${gone.id}/disable`, {}),
  'POST /admin/people/{person}/enable': about('POST', ({ leaver }) => `admin/people/${leaver.id}/enable`, {}),
  'POST /admin/recertifications': about('POST', () => 'admin/recertifications', {}),
  'GET /admin/recertifications/{quarter}': about('GET', (cast) => `admin/recertifications/${quarter(cast)}`),
  'POST /admin/recertifications/{quarter}/people/{person}': about(
    'POST',
    (cast) => `admin/recertifications/${quarter(cast)}/people/${cast.leaver.id}`,
    { verdict: 'keep' },
  ),
};

function answered(answer: { readonly status: number; readonly body: unknown }): Asked {
  return {
    answer,
    code: answer.status < 300 ? undefined : String((answer.body as { code?: string }).code),
  };
}

function frame(type: string, fields: (as: Actor) => object): Ask {
  return async (_cast, as) => {
    const answer = await as.socket.ask({ type, ...fields(as) }, (heard) => heard.type !== 'message.new');
    return { answer, code: answer.type === 'refused' ? String(answer.code) : undefined };
  };
}

/** Everybody signed in more than five minutes ago: who is told to do so again may break the glass, and nobody has. */
async function breakingGlass({ run }: Cast, { person, conversationId }: Actor): Promise<Asked> {
  const wish = { ref: randomUUID(), reason: 'may I?' };
  const asked = answered(
    await run.request(person, 'POST', `conversations/${conversationId}/emergency`, wish),
  );
  return asked.code === 'sign-in-again' ? { answer: asked.answer } : asked;
}

/** The first entries are changes of membership, of which none is amended: who is told so may ask for an amendment. */
async function askingAmendment({ run }: Cast, { person, conversationId }: Actor): Promise<Asked> {
  const wish = { ref: randomUUID(), conversationId, seq: 1, text: 'it was not so' };
  const asked = answered(await run.request(person, 'POST', 'me/amendments', wish));
  return asked.code === 'unknown-message' ? { answer: asked.answer } : asked;
}

/** Nobody has asked for one: who is told so may read one, or decide on one. */
async function readingAmendment({ run }: Cast, { person, conversationId }: Actor): Promise<Asked> {
  const path = `conversations/${conversationId}/amendments/${'a'.repeat(26)}`;
  const asked = answered(await run.request(person, 'GET', path));
  return asked.code === 'unknown-amendment' ? { answer: asked.answer } : asked;
}
async function decidingAmendment({ run }: Cast, { person }: Actor): Promise<Asked> {
  const path = `admin/amendments/${'a'.repeat(26)}/decision`;
  const asked = answered(await run.request(person, 'POST', path, { decision: 'denied', note: 'no' }));
  return asked.code === 'unknown-amendment' ? { answer: asked.answer } : asked;
}

/** No export is there: who is told so may fetch one. */
async function fetchingExport({ run }: Cast, { person }: Actor): Promise<Asked> {
  const path = `admin/exports/${'a'.repeat(26)}/download`;
  const asked = answered(await run.request(person, 'POST', path, {}));
  return asked.code === 'unknown-export' ? { answer: asked.answer } : asked;
}

/** Begins an upload; nothing goes up. */
async function beginning(cast: Cast, { person, conversationId }: Actor): Promise<Asked> {
  const declared = { contentType: 'text/plain', bytes: 1, sha256: Buffer.alloc(32).toString('base64') };
  const path = `conversations/${conversationId}/attachments`;
  return answered(await cast.run.request(person, 'POST', path, declared));
}

/**
 * Asks about the host's attachment, which nobody else may touch: who may upload there is told that it is not theirs, and asks about one of their
 * own. That nothing of it is uploaded yet is no refusal to them.
 */
function ofAttachment(method: string, what: string, body?: object): Ask {
  return async (cast, as) => {
    const ask = async (attachmentId: string) => {
      const path = `conversations/${as.conversationId}/attachments/${attachmentId}${what}`;
      return answered(await cast.run.request(as.person, method, path, body));
    };
    const others = await ask(as.file.attachmentId);
    if (others.code !== 'unknown-attachment') return others;
    const { answer } = await beginning(cast, as);
    const own = await ask((answer as { body: { attachmentId: string } }).body.attachmentId);
    return own.code === 'attachment-incomplete' ? { answer: own.answer } : own;
  };
}

/** A request about somebody who takes part in nothing here, so that it changes no other cell. */
function about(method: string, where: (cast: Cast) => string, body?: object | ((cast: Cast) => object)): Ask {
  const written = typeof body === 'function' ? (body as (cast: Cast) => object) : body && (() => body);
  return (cast, as) => route(() => [method, where(cast)], written)(cast, as);
}

function quarter({ run }: Cast): string {
  return quarterOf(run.stack.clock.now());
}

function route(
  where: (as: Actor, cast: Cast) => readonly [string, string],
  body?: (cast: Cast) => object,
): Ask {
  return async (cast, as) => {
    const [method, path] = where(as, cast);
    return answered(await cast.run.request(as.person, method, path, body?.(cast)));
  };
}

const conversing: readonly Role[] = ['patient', 'caregiver', 'clinician', 'staff', 'bot', 'guest'];
const beginners: readonly Role[] = ['patient', 'caregiver', 'clinician', 'staff'];
const offices: readonly Role[] = ['administrator', 'privacy-officer', 'auditor'];

/** The matrix as a person would write it down, by rules of its own: it knows nothing of the policy's table. */
export function expected(operation: string, role: Role, relation: Relation): string {
  if (relation === 'revoked') return 'session-ended';
  return (rules[operation] ?? nobody)(role, relation);
}

type Rule = (role: Role, relation: Relation) => string;

const nobody: Rule = () => 'not-allowed';
const everybody: Rule = () => 'allowed';
const only =
  (...roles: readonly Role[]): Rule =>
  (role) =>
    roles.includes(role) ? 'allowed' : 'not-allowed';

/** Whether the log says that they are in, and nothing says that it is over. */
function isIn(role: Role, relation: Relation): boolean {
  if (role === 'guest' && relation === 'owner') return false; // an owner has no end, and a guest must have one
  return ['owner', 'member', 'reader', 'member on hold'].includes(relation);
}

const inConversation: Rule = (role, relation) => {
  if (!isIn(role, relation)) return 'not-a-member';
  return conversing.includes(role) ? 'allowed' : 'not-allowed';
};
const writing: Rule = (role, relation) => {
  const read = inConversation(role, relation);
  return read === 'allowed' && relation === 'reader' ? 'read-only' : read;
};
const adding: Rule = (role, relation) => {
  if (!isIn(role, relation)) return 'not-a-member';
  if (!beginners.includes(role)) return 'not-allowed';
  return relation === 'owner' ? 'allowed' : 'not-an-owner';
};
/** Everybody who takes part may leave, so that what they lack is to be an owner. */
const removing: Rule = (role, relation) => {
  if (!isIn(role, relation)) return 'not-a-member';
  if (offices.includes(role)) return 'not-allowed';
  return relation === 'owner' && beginners.includes(role) ? 'allowed' : 'not-an-owner';
};

const breaking: Rule = (role, relation) => {
  if (role !== 'clinician') return 'not-allowed';
  return isIn(role, relation) ? 'already-a-member' : 'allowed';
};

const rules: Readonly<Record<string, Rule>> = {
  'POST /conversations/{conversationId}/emergency': breaking,
  'POST /me/amendments': (role, relation) => {
    if (!isIn(role, relation)) return 'not-a-member';
    return role === 'patient' || role === 'caregiver' ? 'allowed' : 'not-allowed';
  },
  'GET /conversations/{conversationId}/amendments/{amendmentId}': inConversation,
  'POST /admin/people/{person}/restrictions': only('privacy-officer'),
  'GET /admin/amendments': only('privacy-officer'),
  'POST /admin/amendments/{amendmentId}/decision': only('privacy-officer'),
  'GET /admin/exports': only('privacy-officer'),
  'POST /admin/exports': only('privacy-officer'), // who waits for a second one
  'POST /admin/exports/{exportId}/download': only('privacy-officer'),
  'GET /admin/emergencies': only('privacy-officer'),
  'POST /admin/emergencies/{emergencyId}/review': only('privacy-officer'),
  'session.open': everybody,
  'session.renew': everybody,
  'session.keep': everybody,
  'GET /me': everybody,
  'message.send': writing,
  'conversation.catch-up': inConversation,
  'conversation.mark-read': inConversation,
  'GET /conversations/{conversationId}/messages': inConversation,
  sync: only(...conversing),
  'GET /conversations': only(...conversing),
  'POST /conversations': only(...beginners),
  'POST /conversations/{conversationId}/attachments': writing,
  'GET /conversations/{conversationId}/attachments/{attachmentId}': writing,
  'POST /conversations/{conversationId}/attachments/{attachmentId}/parts': writing,
  'POST /conversations/{conversationId}/attachments/{attachmentId}/completion': writing,
  'POST /conversations/{conversationId}/messages/{seq}/downloads': inConversation,
  'POST /conversations/{conversationId}/members': adding,
  'DELETE /conversations/{conversationId}/members/{person}': removing,
  'GET /me/sessions': everybody,
  'GET /admin/people/{person}/sessions': only('administrator', 'privacy-officer'),
  'POST /admin/people': only('administrator'),
  'POST /admin/people/{person}/roles': only('administrator'),
  'POST /admin/people/{person}/disable': only('administrator', 'privacy-officer'),
  'POST /admin/people/{person}/enable': only('administrator'),
  'POST /admin/recertifications': only('administrator', 'privacy-officer'),
  'GET /admin/recertifications/{quarter}': only('administrator', 'privacy-officer', 'auditor'),
  'POST /admin/recertifications/{quarter}/people/{person}': only('administrator', 'privacy-officer'),
  'POST /admin/shreds': only('privacy-officer'), // who waits for a second one
  'GET /admin/retention': only(...offices),
  'POST /admin/retention': only('privacy-officer'),
  'GET /admin/holds': only('privacy-officer'),
  'POST /admin/holds': only('privacy-officer'),
  'POST /admin/holds/{holdId}/release': only('privacy-officer'),
  'POST /admin/revocations': only('administrator', 'privacy-officer'),
};
