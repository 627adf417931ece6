import type { MessageBody } from '../../protocol/bodies.ts';
import type { Listed, Sent, Told } from './told.ts';
import { visible, widthOf, wrapped } from './visible.ts';

/** How a line is set: what is dim is about the chat, not in it. */
export interface Setting {
  /** Columns. */
  readonly width: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly dim: (text: string) => string;
}

/** What somebody said; of a file its name and size, which a terminal does not show. */
export function wordsOf(body: MessageBody): string {
  if (body.kind === 'text') return body.text;
  const size =
    body.bytes < 1024 * 1024
      ? `${Math.ceil(body.bytes / 1024)} KB`
      : `${Math.ceil(body.bytes / 1024 / 1024)} MB`;
  return [`[${body.name}, ${size}]`, ...(body.text === undefined ? [] : [body.text])].join(' ');
}

/** Lines for one event; none where a line would say nothing new. */
export function worded(told: Told, setting: Setting): readonly string[] {
  switch (told.event) {
    case 'message':
      return spoken(told, setting);
    case 'status':
      return settled(told, setting);
    case 'inbox':
      return inbox(told.conversations, told.more, setting);
    case 'help':
      return told.lines;
    default:
      return aside(told).flatMap((line) => wrapped(line, setting.width).map(setting.dim));
  }
}

/** One's own message in one row, while it is on its way. */
export function onItsWay({ text, status }: Pick<Sent, 'text' | 'status'>): string {
  return `${visible(text.replace(/\s+/g, ' '))}  … ${status}`;
}

type Aside = Exclude<Told, { event: 'message' | 'status' | 'inbox' | 'help' }>;

function aside(told: Aside): readonly string[] {
  switch (told.event) {
    case 'asked':
    case 'countdown':
      return [];
    case 'code-used':
      return [
        `the code of this half minute was used already: a code is good once; the next one comes in ${told.seconds} s`,
      ];
    case 'enrolment':
      return [
        'set up an authenticator app with this secret, which is shown this once:',
        `  ${told.secret}`,
        `  ${told.uri}`,
      ];
    case 'signed-in':
      return [`signed in as ${told.name === told.person ? told.person : `${told.name} (${told.person})`}`];
    case 'state':
      if (told.to === 'connecting' || told.to === 'closed') return [];
      return told.to === 'live' ? ['live'] : [`${told.to}: ${told.reason}`];
    case 'opened':
      return [`— ${told.who} — ${told.hasOlder ? '/older shows earlier messages, ' : ''}/help the rest`];
    case 'older':
      if (told.shown === 0) return ['— there is nothing earlier —'];
      return [`— that was earlier${told.hasOlder ? '; /older shows more' : ''} —`];
    case 'gap':
      return [
        `#${told.from} to #${told.to} are not to be had: they came before you joined, or retention took them`,
      ];
    case 'elsewhere':
      return [`${told.name} wrote in another conversation: /open ${told.conversationId}`];
    case 'members':
      return told.members.map(({ name, person, role }) =>
        name === person ? `${name}  ${role}` : `${name}  ${role}  ${person}`,
      );
    case 'removed':
      return ['you do not belong to this conversation any more'];
    case 'restored':
      return ['the deployment was restored to an earlier time: this conversation begins anew'];
    case 'refused':
      return [`refused (${told.code}): ${told.message}`];
    case 'note':
      return [told.text];
    case 'ended':
      return told.unacknowledged === 0
        ? []
        : [
            `${told.unacknowledged} of your messages ${told.unacknowledged === 1 ? 'was' : 'were'} not acknowledged`,
          ];
  }
}

function spoken(told: Extract<Told, { event: 'message' }>, setting: Setting): readonly string[] {
  const at = clockTime(told.at, setting.now);
  const { body } = told;
  if (body.kind === 'amendment.accepted') {
    return wrapped(`${at} #${body.of} was amended  #${told.seq}`, setting.width).map(setting.dim);
  }
  if (body.kind === 'emergency.opened') {
    const did = `${told.name} is no member and reads this for an emergency until ${clockTime(body.until, setting.now)}`;
    return wrapped(`${at} ${did}  #${told.seq}`, setting.width).map(setting.dim);
  }
  if ('person' in body) {
    const did =
      body.kind === 'member.added' ? `added ${told.about} as ${body.role}` : `removed ${told.about}`;
    const left = body.kind === 'member.removed' && body.person === told.sender;
    return wrapped(`${at} ${told.name} ${left ? 'left' : did}  #${told.seq}`, setting.width).map(setting.dim);
  }
  const who = told.own ? 'you' : told.name;
  return message(
    `${at} ${who}: `,
    wordsOf(body),
    told.own ? `✓ stored as #${told.seq}` : `#${told.seq}`,
    setting,
  );
}

function settled(sent: Sent, setting: Setting): readonly string[] {
  const head = `${clockTime(sent.at ?? new Date(setting.now).toISOString(), setting.now)} you: `;
  if (sent.status === 'accepted') return message(head, sent.text, `✓ stored as #${sent.seq}`, setting);
  if (sent.status === 'refused')
    return message(head, sent.text, `✗ refused (${sent.code}): ${sent.message}`, setting);
  if (sent.status === 'abandoned') return message(head, sent.text, '✗ not acknowledged', setting);
  return [];
}

/** Whatever was written, only we write at the beginning of a row: what follows the first one is indented. */
function message(head: string, text: string, suffix: string, { width, dim }: Setting): readonly string[] {
  const indent = ' '.repeat(6);
  const [first = '', ...rest] = wrapped(head + text, width - 2);
  const lines = [
    first,
    ...rest.flatMap((line) => wrapped(line, width - indent.length)).map((line) => indent + line),
  ];
  const last = lines.at(-1) ?? '';
  const tail = wrapped(suffix, width - indent.length);
  if (tail.length === 1 && widthOf(`${last}  ${suffix}`) <= width)
    return [...lines.slice(0, -1), `${last}  ${dim(suffix)}`];
  return [...lines, ...tail.map((line) => indent + dim(line))];
}

function inbox(
  conversations: readonly Listed[],
  more: boolean,
  { now, width, dim }: Setting,
): readonly string[] {
  if (conversations.length === 0) return [dim('no conversations yet: /open PERSON begins one')];
  return [
    ...conversations.map(({ number, who, unread, lastAt, latest = '' }) => {
      const news = unread > 0 ? `${unread} new` : '';
      const row = `${String(number).padStart(3)}  ${clockTime(lastAt, now)}  ${visible(who).padEnd(18)} ${news.padEnd(6)} ${visible(latest.replace(/\s+/g, ' '))}`;
      return wrapped(row, width)[0] ?? '';
    }),
    dim(`${more ? 'only the newest are listed; ' : ''}a number opens one, /open PERSON begins one`),
  ];
}

/** Today's time of day, or else the day too, as it is here. */
function clockTime(at: string, now: number): string {
  const time = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (time.toDateString() === new Date(now).toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}
