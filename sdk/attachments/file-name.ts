import { ChatError } from '../errors.ts';

/** PROTOCOL.md, "Limits". */
const MAX_NAME_BYTES = 255;

/** An ending such as `.tar.gz` has no more bytes; what is longer is cut like the rest of a name. */
const MAX_ENDING_BYTES = 20;

// Controls, line breaks, and what nobody sees: marks of direction ("exe.gpj" would read as "jpg.exe", Unicode standard annex 9), tags, fillers
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  /(?![\u200c\u200d])[\p{Cf}\p{Surrogate}\u0000-\u001f\u007f-\u009f\u2028\u2029\u2800]|(?![\u200c\u200d]|\ufe0f|[\u180b-\u180d])\p{Default_Ignorable_Code_Point}/gu;

// A joiner that joins no letters or emoji
const LOOSE_JOINERS =
  /(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]+|[\u200c\u200d]+(?![\p{L}\p{M}\p{Extended_Pictographic}])|[\u200c\u200d]{2,}/gu;

/** Windows opens a device by these, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/**
 * The name as the protocol takes it: what stands behind the last slash, without characters that nobody sees, and cut before
 * its ending where it is too long.
 *
 * @throws ChatError `file-name-refused` where nothing of it is left
 */
export function fileName(given: string | undefined): string {
  let name = (given ?? '').split(/[\\/]/).at(-1) ?? '';
  for (let before: string | undefined; name !== before; ) {
    before = name; // what is taken out may bring together what is taken out
    name = shortened(plain(name));
  }
  if (name === '')
    throw new ChatError('file-name-refused', 'a file needs a name; give it as the option name');
  return name;
}

/** Colons, which name streams and drives, become underscores; devices get one before them. */
function plain(name: string): string {
  return name
    .replace(UNSEEN, '')
    .replace(LOOSE_JOINERS, '')
    .normalize('NFC')
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')
    .replaceAll(':', '_')
    .replace(/^\s+|[\s.]+$/g, '')
    .replace(DEVICE, '_$&');
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
