/**
 * What a terminal obeys or hides instead of showing it: controls (escape sequences begin with one), format characters
 * such as those that turn the direction of writing, line separators, lone surrogates. The two joiners stay, which
 * Persian, Indic scripts and emoji are written with.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with everything in it that would not show replaced by its number, as `⟨U+001B⟩`; tabs by blanks. */
export function visible(text: string): string {
  return text.replaceAll('\t', '    ').replace(UNSEEN, (one) => `⟨U+${hex(one)}⟩`);
}

/** JSON of the same value without any such character: all are written as escapes. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (one) =>
    one
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** The visible text in lines of at most `width` columns, broken at blanks where there are any. */
export function wrapped(text: string, width: number): readonly string[] {
  return text.split(/\r\n|\r|\n/).flatMap((line) => wrappedLine(visible(line), width));
}

/** Columns of a terminal; never fewer than it will take, sometimes more. */
export function widthOf(text: string): number {
  let width = 0;
  for (const one of text) width += columnsOf(one);
  return width;
}

/** The longest beginning that `width` columns hold. */
export function fitting(text: string, width: number): string {
  let taken = '';
  let used = 0;
  for (const one of text) {
    used += columnsOf(one);
    if (used > width) return taken;
    taken += one;
  }
  return taken;
}

function wrappedLine(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    if (line && widthOf(line + word.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
    while (widthOf(line.trimEnd()) > width) {
      const head = fitting(line, width) || [...line].slice(0, 1).join('');
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line.trimEnd()];
}

/** From U+1100 on stand the scripts and signs that may take two. */
function columnsOf(one: string): number {
  return (one.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
}

function hex(one: string): string {
  return (one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
