import * as z from 'zod';

interface RefusalMeaning {
  /** The sentence that travels with the code; it never holds what anybody wrote. */
  readonly message: string;
  /** Whether the same frame, sent again unchanged, may be accepted. */
  readonly retryable: boolean;
  /** The HTTP status where the refusal answers a request. */
  readonly status: number;
}

/** Every reason for which a frame or request is refused. Codes are permanent: never renamed, never reused. */
export const refusals = {
  malformed: {
    message: 'this is not a frame or request that the protocol describes',
    retryable: false,
    status: 400,
  },
  'unknown-type': { message: 'no frame has this type', retryable: false, status: 400 },
  'session-ended': {
    message: 'this session was ended by the server; sign in again',
    retryable: false,
    status: 401,
  },
  'session-expired': {
    message: 'the access token of this socket has expired; open a new socket with a newer one',
    retryable: false,
    status: 401,
  },
  'session-idle': {
    message: 'nobody was there for too long, and the session was ended; sign in again',
    retryable: false,
    status: 401,
  },
  'session-time-limit': {
    message: 'the sign-in is too long ago, and the session was ended; sign in again',
    retryable: false,
    status: 401,
  },
  'token-invalid': {
    message: 'the token is not a valid access token of this person and session',
    retryable: false,
    status: 401,
  },
  'not-a-member': {
    message: 'there is no such conversation among yours',
    retryable: false,
    status: 403,
  },
  'read-only': { message: 'you may read this conversation and write nothing', retryable: false, status: 403 },
  'not-an-owner': { message: 'only an owner of the conversation may do this', retryable: false, status: 403 },
  'not-allowed': { message: 'your role does not allow this', retryable: false, status: 403 },
  'purpose-not-allowed': {
    message: 'you may do this, and not for the purpose that you stated',
    retryable: false,
    status: 403,
  },
  'ref-reused': {
    message: 'this ref was used before for something else; use a new one',
    retryable: false,
    status: 409,
  },
  behind: {
    message:
      'too much was stored after since; catch up, and if this ref is not in what you get, send again with the new since',
    retryable: false,
    status: 409,
  },
  'since-ahead': {
    message: 'since is above the end of the log; catch up and send again',
    retryable: false,
    status: 409,
  },
  busy: {
    message: 'others were faster every time; send again with the same since and ref',
    retryable: true,
    status: 409,
  },
  'unknown-person': { message: 'no person has one of these ids', retryable: false, status: 422 },
  'unknown-hold': { message: 'no hold has this id', retryable: false, status: 404 },
  'not-eligible': {
    message:
      'this person may not be a member: by their role, or not without a patient they act for, or, as a guest, without an end within 90 days',
    retryable: false,
    status: 422,
  },
  'guest-elsewhere': {
    message:
      'a guest is in one conversation at a time, and this one is in another; their end, or their removal there, comes first',
    retryable: false,
    status: 409,
  },
  'too-many-members': { message: 'a conversation has at most 40 members', retryable: false, status: 422 },
  'last-owner': {
    message: 'a conversation keeps an owner; make somebody else one first',
    retryable: false,
    status: 409,
  },
  'fixed-members': {
    message: 'the members of a direct conversation do not change',
    retryable: false,
    status: 409,
  },
  'username-taken': {
    message: 'this user name is somebody else’s, or stands with other roles; choose another',
    retryable: false,
    status: 409,
  },
  'roles-apart': {
    message: 'these roles are not held by one person; an office is held alone',
    retryable: false,
    status: 422,
  },
  'operator-only': {
    message:
      'administrators, privacy officers and auditors are made, changed and disabled by the operator’s command alone',
    retryable: false,
    status: 403,
  },
  'person-disabled': { message: 'this person is disabled; enable them first', retryable: false, status: 409 },
  'not-opened': {
    message: 'this quarter’s list is not there or not filled yet; open it first',
    retryable: false,
    status: 409,
  },
  'signed-off': {
    message: 'somebody has signed this person off with another verdict',
    retryable: false,
    status: 409,
  },
  'too-many-ended': {
    message: 'fifty single sessions of this person were ended within a day; end all of them instead',
    retryable: false,
    status: 409,
  },
  'unknown-conversation': { message: 'no conversation has this id', retryable: false, status: 404 },
  'on-hold': {
    message: 'a legal hold keeps this from being destroyed; have it released first',
    retryable: false,
    status: 409,
  },
  shredded: {
    message: 'this conversation was destroyed; nothing of it can be read or written any more',
    retryable: false,
    status: 410,
  },
  'unknown-attachment': {
    message: 'there is no such attachment here, or it is not yours to use',
    retryable: false,
    status: 404,
  },
  'attachment-incomplete': {
    message: 'not all of it is uploaded; upload what is missing and complete it again',
    retryable: false,
    status: 409,
  },
  'attachment-altered': {
    message: 'what was uploaded is not what was declared, and was deleted; begin again',
    retryable: false,
    status: 422,
  },
  'picture-refused': {
    message:
      'this is no picture of its type, or a picture under another type, or it carries more than the picture, and was deleted; send the bare picture',
    retryable: false,
    status: 422,
  },
  'upload-quota': {
    message:
      'as much as one person may upload on one day was begun; a day ends at midnight UTC, and the next one begins',
    retryable: true,
    status: 429,
  },
  'consent-time': {
    message: 'the consent is dated after now, or before the year 2000; check the date and the clock',
    retryable: false,
    status: 422,
  },
  'other-patient': {
    message: 'patients are in this conversation, and this photograph is of somebody else',
    retryable: false,
    status: 422,
  },
  'attachment-used': {
    message: 'another message carries this attachment; upload it anew',
    retryable: false,
    status: 409,
  },
  'not-scanned': {
    message: 'it is not scanned for malware yet; ask again in a few seconds',
    retryable: true,
    status: 409,
  },
  'malware-found': { message: 'malware was found in it; nobody can open it', retryable: false, status: 403 },
  'not-scannable': {
    message: 'the scan could not look inside it (a password, too deep or too large); nobody can open it',
    retryable: false,
    status: 403,
  },
  'scan-failed': { message: 'the scan of it failed; nobody can open it', retryable: false, status: 403 },
  'no-preview': { message: 'there is no preview of it', retryable: false, status: 404 },
  'sign-in-again': {
    message:
      'this takes a sign-in of the last five minutes, with password and code; sign in again and repeat it',
    retryable: false,
    status: 403,
  },
  'already-a-member': {
    message: 'you are a member of this conversation; read it as one',
    retryable: false,
    status: 409,
  },
  restricted: {
    message: 'a restriction that a patient asked for keeps one of these people out',
    retryable: false,
    status: 403,
  },
  'unknown-message': {
    message: 'there is no such message that you may read',
    retryable: false,
    status: 404,
  },
  'unknown-amendment': { message: 'there is no such amendment here', retryable: false, status: 404 },
  'already-decided': {
    message: 'it is decided on, or was put off before',
    retryable: false,
    status: 409,
  },
  'unknown-export': { message: 'no export has this id', retryable: false, status: 404 },
  'export-not-ready': {
    message: 'it is still being made; ask again in a few minutes',
    retryable: true,
    status: 409,
  },
  'export-gone': {
    message: 'it was there for its time and was deleted; ask for another',
    retryable: false,
    status: 410,
  },
  'export-withdrawn': {
    message: 'something in it has expired or was destroyed since; ask for another',
    retryable: false,
    status: 410,
  },
  'unknown-emergency': { message: 'no emergency has this id', retryable: false, status: 404 },
  'own-access': {
    message: 'nobody reviews what they did themselves; somebody else has to',
    retryable: false,
    status: 403,
  },
  'already-reviewed': {
    message: 'somebody has reviewed this, or you have with another verdict or note',
    retryable: false,
    status: 409,
  },
} as const satisfies Record<string, RefusalMeaning>;

export type RefusalCode = keyof typeof refusals;
export const RefusalCode = z
  .enum(Object.keys(refusals) as [RefusalCode, ...RefusalCode[]])
  .meta({ id: 'RefusalCode' });
