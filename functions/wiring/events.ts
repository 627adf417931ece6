import * as z from 'zod';

/** Frames of a stack that an event tells. */
export const MOST_FRAMES = 12;

/** A place in the code, as V8 writes it into a stack. */
export const FRAME = /^at [\w$.<>[\]# ()-]{0,100}\(?(file:\/\/\/|node:|\/)[\w/.@-]*:\d{1,7}:\d{1,7}\)?$/;

/** What a field of the log may hold: shapes that leave no room for anything that a person wrote. */
const kinds = {
  /** A person's or conversation's id; `-` where there is none. */
  id: z.string().regex(/^(-|[a-z2-7]{26})$/),
  /** What a decision is about: an id, a quarter's list by its quarter, or a kind of conversation and its days. */
  object: z.string().regex(/^(-|[a-z2-7]{26}|2\d{3}-Q[1-4]|(direct|group|default)(-\d{1,5})?)$/),
  /** A sign-in as Cognito names it, or `-`. */
  signIn: z.string().regex(/^(-|[0-9a-f-]{36})$/),
  /** A request as API Gateway, Lambda or another service of AWS names it, or `-`. */
  request: z.string().regex(/^[\w=-]{1,64}$/),
  address: z.union([z.ipv4(), z.ipv6(), z.literal('-')]),
  /** An operation, rule, purpose, outcome or code: a word of ours. */
  word: z
    .string()
    .regex(/^[a-z]+([.-][a-z]+)*$/)
    .max(60),
  /** An operation, or the name of the door's metric. */
  place: z
    .string()
    .regex(/^[A-Za-z]+([.-][a-z]+)*$/)
    .max(60),
  /** The name of an error's class, or the type of what else was thrown. */
  errorName: z.string().regex(/^\w{1,80}$/),
  /** The sentence of a `Fault`: ours, with ids and counts in it. */
  sentence: z.string().regex(/^[\x20-\x7e]{1,400}$/),
  /** Places in the code, as V8 names them. */
  frames: z.array(z.string().regex(FRAME)).max(MOST_FRAMES),
  status: z.int().min(100).max(599),
  count: z.int().min(0),
};

const { id, object, signIn, request, address, word, place, errorName, sentence, frames, status, count } =
  kinds;

const fault = {
  fault: errorName,
  what: sentence.optional(),
  awsRequestId: request.optional(),
  awsStatus: status.optional(),
  frames: frames.optional(),
};

/** Every event that a function may log: how loud, what it means, and the only fields it has. */
export const events = {
  decision: {
    level: 'info',
    means:
      'A frame, request or handshake was allowed or refused, and by which rule: one for each, unless it ended in a fault.',
    fields: {
      person: id,
      session: signIn,
      sourceIp: address,
      requestId: request,
      operation: word,
      object,
      opened: z.array(id).readonly().optional(),
      people: z.array(id).readonly().optional(),
      purpose: word,
      rule: word,
      outcome: z.enum(['allowed', 'refused']),
      code: word.optional(),
    },
  },
  fault: {
    level: 'error',
    means: 'A frame, request or event was not carried out because something failed that must not.',
    fields: { operation: place, requestId: request, ...fault },
  },
  'conversation-fault': {
    level: 'error',
    means:
      'One conversation of many was left out of an answer because something failed; the others were answered.',
    fields: { operation: word, conversation: id, ...fault },
  },
  'push-lost': {
    level: 'warn',
    means:
      'A push failed for another reason than a closed socket; the message is stored and will be caught up.',
    fields: fault,
  },
  'attachment-scanned': {
    level: 'info',
    means: 'The malware scan of an attachment has ended, and how: what is not clean is opened by nobody.',
    fields: { conversation: id, attachment: id, state: word, reason: word },
  },
  'malware-found': {
    level: 'error',
    means:
      'Malware was found in an attachment: nobody opens it, and whoever is on duty is told. See the runbook.',
    fields: { conversation: id, attachment: id },
  },
  'attachment-previewed': {
    level: 'info',
    means:
      'A preview of a picture was made, or was not because its bytes are none that are decoded or are too many pixels: it is downloaded as a file.',
    fields: { conversation: id, attachment: id, outcome: z.enum(['made', 'not-decodable']) },
  },
  sealed: {
    level: 'info',
    means:
      'A batch of audit records was sealed under its number; one without records shows that the trail was alive.',
    fields: { number: count, records: count },
  },
  'trail-tampered': {
    level: 'error',
    means:
      'Records in the Audit table were changed, taken away before their time, or are none of ours: somebody writes there who must not. What had been sealed stands.',
    fields: { records: count },
  },
  'export-failed': {
    level: 'error',
    means: 'An export of what a patient may see was not made; it is tried again after a quarter of an hour.',
    fields: { export: id, ...fault },
  },
  'review-late': {
    level: 'error',
    means:
      'An emergency access was not reviewed within 72 hours: once a day, until a privacy officer does. See the runbook.',
    fields: { emergency: id, conversation: id, person: id },
  },
  sweep: {
    level: 'info',
    means: 'How many sockets were looked at, and how many of a sign-in that was over were closed.',
    fields: { looked: count, closed: count },
  },
  'step-lost': {
    level: 'error',
    means: 'A step of a revocation failed after its stamp was set; the receipt counts it.',
    fields: fault,
  },
} as const satisfies Record<string, EventKind>;

interface EventKind {
  readonly level: 'info' | 'warn' | 'error';
  readonly means: string;
  readonly fields: Readonly<Record<string, z.ZodType>>;
}

export type EventName = keyof typeof events;

/** What one event says; a field that the catalogue does not name does not compile. */
export type EventFields<Name extends EventName> = z.input<z.ZodObject<(typeof events)[Name]['fields']>>;

/** Stands for a value that has not the shape its field has: the event is told without it. */
export const UNFIT = 'unfit';

/** The fields of an event as they may be logged, whatever the types let through: those the catalogue names, and of its shapes. */
export function fitting(name: EventName, given: object): Record<string, unknown> {
  const { fields }: EventKind = events[name];
  const values = given as Readonly<Record<string, unknown>>;
  const told = Object.entries(fields).filter(([field]) => values[field] !== undefined);
  return Object.fromEntries(
    told.map(([field, schema]) => {
      const { success, data } = schema.safeParse(values[field]);
      return [field, success ? data : UNFIT];
    }),
  );
}
