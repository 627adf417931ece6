type Value = Partial<Record<string, unknown>>;

/** What the SDK relies on in each frame; the rest of a frame is the app's to look at. A frame without it is none. */
const shapes: Readonly<Record<string, (frame: Value) => boolean>> = {
  'session.opened': ({ features }) => Array.isArray(features),
  'message.accepted': ({ conversationId, seq }) => isText(conversationId) && isNumber(seq),
  'message.new': (frame) => isText(frame.conversationId) && isEntry(frame),
  'attachment.scanned': ({ conversationId, attachmentId, state }) =>
    isText(conversationId) && isText(attachmentId) && isText(state),
  'conversation.log': isPage,
  'conversation.marked-read': ({ conversationId, upTo }) => isText(conversationId) && isNumber(upTo),
  synced: ({ conversations, unknown, gone }) =>
    isListOf(isPage, conversations) &&
    isListOf(isMeeting, unknown) &&
    Array.isArray(gone) &&
    gone.every(isText),
  refused: ({ code }) => isText(code),
};

/** Whether a frame of this type holds what is relied on; of a type that is not known here nothing is. */
export function isSound(type: string, frame: Value): boolean {
  return !Object.hasOwn(shapes, type) || shapes[type]?.(frame) === true;
}

function isPage({ conversationId, entries, floor, upTo }: Value): boolean {
  return isText(conversationId) && isListOf(isEntry, entries) && isNumber(floor) && isNumber(upTo);
}

function isEntry({ seq, body }: Value): boolean {
  return isNumber(seq) && isObject(body) && isText(body.kind);
}

function isMeeting({ conversationId, last }: Value): boolean {
  return isText(conversationId) && isNumber(last);
}

function isListOf(fits: (one: Value) => boolean, value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => isObject(one) && fits(one));
}

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
