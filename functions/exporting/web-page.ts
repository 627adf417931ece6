import type { LogEntry } from '../../protocol/frames.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}' +
  'article{border-top:1px solid #ccc;padding:.6rem 0}header{color:#555;font-size:.85rem}' +
  'p{margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere}.own header{font-weight:600}.change{color:#555}';

/** A page that needs nothing but itself: it loads nothing and runs nothing, which its policy says to whatever shows it. */
function opening(title: string): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head><body><h1>${escaped(title)}</h1>`
  );
}

const closing = '</body></html>\n';

/** An entry with what the page says of it. */
export interface ShownEntry {
  readonly entry: LogEntry;
  /** Who wrote it, in words for the patient. */
  readonly who: string;
  readonly isOwn: boolean;
  /** Seen from the page. */
  readonly attachmentPath: string | undefined;
}

/** One conversation as a page, entry by entry. */
export async function* conversationPage(
  title: string,
  entries: AsyncIterable<ShownEntry>,
): AsyncGenerator<string> {
  yield opening(title);
  for await (const shown of entries) yield article(shown);
  yield closing;
}

/** The page to begin with. */
export async function* indexPage(
  title: string,
  lines: readonly { readonly path: string; readonly text: string }[],
): AsyncGenerator<string> {
  yield opening(title);
  yield '<ul>';
  for (const { path, text } of lines) yield `<li><a href="${escaped(path)}">${escaped(text)}</a></li>`;
  yield `</ul>${closing}`;
}

function article({ entry, who, isOwn, attachmentPath }: ShownEntry): string {
  const { body } = entry;
  const time = `<time datetime="${escaped(entry.at)}">${escaped(entry.at)}</time>`;
  if ('person' in body) {
    return `<article class="change"><header>${time}</header><p>${escaped(`${who}: ${changeIn(body)}`)}</p></article>`;
  }
  const text = body.text === undefined ? '' : `<p>${escaped(body.text)}</p>`;
  const file = body.kind === 'text' ? '' : fileIn(body.name, attachmentPath);
  const shows =
    body.kind === 'clinical-photo' ? `<p>${escaped(`${body.bodySite}, ${body.laterality}`)}</p>` : '';
  const own = isOwn ? ' class="own"' : '';
  return `<article${own}><header>${escaped(who)} · ${time} · #${entry.seq}</header>${text}${shows}${file}</article>`;
}

type Change = Extract<LogEntry['body'], { person: string }>;

function changeIn(body: Change): string {
  if (body.kind === 'member.added') return `${body.person} was added as ${body.role}`;
  if (body.kind === 'member.removed') return `${body.person} was removed, or left`;
  if (body.kind === 'amendment.accepted')
    return `the message #${body.of} was amended, as ${body.person} asked`;
  return `opened this conversation for an emergency until ${body.until}`;
}

function fileIn(name: string, path: string | undefined): string {
  if (path === undefined) return `<p>${escaped(name)} (could not be opened)</p>`;
  return `<p><a href="${escaped(encodeURI(path).replace(/[?#]/g, encodeURIComponent))}">${escaped(name)}</a></p>`;
}

/** Text as HTML shows it, in an attribute too. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
