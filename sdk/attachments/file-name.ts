import { ChatError } from '../errors.ts';

/** PROTOCOL.md, "Limits". */
const MAX_NAME_BYTES = 255;

/** An ending such as `.tar.gz` has no more bytes; what is longer is cut like the rest of a name. */
const MAX_ENDING_BYTES = 20;

// Controls, line breaks, and marks of direction: "exe.gpj" would read as "jpg.exe" (Unicode standard annex 9)
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/**
 * The name as the protocol takes it: what stands behind the last slash, without characters that nobody sees, and cut before
 * its ending where it is too long.
 *
 * @throws ChatError `file-name-refused` where nothing of it is left
 */
export function fileName(given: string | undefined): string {
  const last = (given ?? '').split(/[\\/]/).at(-1) ?? '';
  const name = shortened(
    last
      .replace(UNSEEN, '')
      .replace(/\p{Surrogate}/gu, '')
      .trim(),
  );
  if (/^\.{0,2}$/.test(name)) {
    throw new ChatError('file-name-refused', 'a file needs a name; give it as the option name');
  }
  return name;
}

function shortened(name: string): string {
  if (bytesOf(name) <= MAX_NAME_BYTES) return name;
  const [found = ''] = /(?:\.[^.\s]{1,20}){1,2}$/.exec(name) ?? [];
  const ending = bytesOf(found) <= MAX_ENDING_BYTES ? found : '';
  const stem = name.slice(0, name.length - ending.length);
  let kept = '';
  let bytes = bytesOf(ending);
  for (const character of stem) {
    bytes += bytesOf(character);
    if (bytes > MAX_NAME_BYTES) break;
    kept += character;
  }
  return (kept + ending).trim();
}
