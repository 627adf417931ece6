import { broken, bytesOf, joined, latin, viewOf } from './stripped.ts';

const HEADER_BYTES = 128;
const TAGS = { 'RGB ': 'wtpt rXYZ gXYZ bXYZ rTRC gTRC bTRC', GRAY: 'wtpt kTRC' };

/** D50, the one white that profiles are connected by (ICC.1, 7.2.16). */
const WHITE = [0xf6d6, 0x10000, 0xd32d] as const;

/** Of each kind of a parametric curve how many numbers it has (ICC.1, 10.18). */
const PARAMETERS = [1, 3, 4, 5, 7] as const;

/**
 * The numbers of a colour profile (ICC.1) and nothing else: its primaries and curves. Names, copyrights, dates, makers and devices are left out,
 * and what only one maker's programs read. Nothing where decoders do not take it for a profile.
 *
 * @throws RangeError where colours would change without what it holds beside: it is no profile of primaries and curves
 */
export function bareProfile(given: Uint8Array): Uint8Array | undefined {
  if (given.length < HEADER_BYTES + 4 || latin(given, 36, 4) !== 'acsp') return undefined;
  const view = viewOf(given);
  const space = latin(given, 16, 4);
  if (!(space === 'RGB ' || space === 'GRAY') || latin(given, 20, 4) !== 'XYZ ') throw broken();
  const found = tagsIn(given, view);
  if (found.has('A2B0')) throw broken();
  const wanted = [...TAGS[space].split(' '), ...(found.has('chad') ? ['chad'] : [])];

  const places = new Map<number, { at: number; length: number }>(); // curves of one place stay so
  const parts: Uint8Array[] = [];
  const table = new Uint8Array(4 + 12 * wanted.length);
  viewOf(table).setUint32(0, wanted.length);
  let end = HEADER_BYTES + table.length;
  for (const [nth, name] of wanted.entries()) {
    const from = found.get(name) ?? given.length;
    let place = places.get(from);
    if (!place) {
      const data = numbersAt(given, from, name);
      place = { at: end, length: data.length };
      places.set(from, place);
      parts.push(data, new Uint8Array(-data.length & 3));
      end += data.length + (-data.length & 3);
    }
    table.set(bytesOf(name), 4 + 12 * nth);
    viewOf(table).setUint32(8 + 12 * nth, place.at);
    viewOf(table).setUint32(12 + 12 * nth, place.length);
  }
  return joined([headerOf(given, end), table, ...parts]);
}

function tagsIn(given: Uint8Array, view: DataView): Map<string, number> {
  const found = new Map<string, number>();
  for (let left = view.getUint32(HEADER_BYTES), at = HEADER_BYTES + 4; left > 0; left -= 1, at += 12) {
    found.set(latin(given, at, 4), view.getUint32(at + 4));
  }
  return found;
}

/** Its version, class and spaces, the intent, and the white that all have. */
function headerOf(given: Uint8Array, size: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = viewOf(header);
  const kind = latin(given, 12, 4);
  view.setUint32(0, size);
  header.set([given[8] === 4 ? 4 : 2], 8);
  header.set(bytesOf(/^(scnr|mntr|prtr|spac)$/.test(kind) ? kind : 'mntr'), 12);
  header.set(given.subarray(16, 24), 16);
  header.set(bytesOf('acsp'), 36);
  header.set([(given[67] ?? 0) & 3], 67);
  for (const [nth, part] of WHITE.entries()) view.setUint32(68 + 4 * nth, part);
  return header;
}

/** Numbers below 8 in fixed point, or a curve that never falls: nothing that reads as a text (ICC.1, 10.6, 10.18, 10.22 and 10.31). */
function numbersAt(given: Uint8Array, at: number, name: string): Uint8Array {
  const view = viewOf(given);
  const fixed = (from: number, count: number) => {
    for (let nth = 0; nth < count; nth += 1)
      if (Math.abs(view.getInt32(at + from + 4 * nth)) >= 8 << 16) throw broken();
    return from + 4 * count;
  };
  const type = latin(given, at, 4);
  let length: number;
  if (type === 'XYZ ' && /XYZ|wtpt/.test(name)) length = fixed(8, 3);
  else if (type === 'sf32' && name === 'chad') length = fixed(8, 9);
  else if (type === 'para' && name.endsWith('TRC')) {
    length = fixed(12, PARAMETERS[view.getUint16(at + 8)] ?? Number.NaN);
    if (view.getUint16(at + 10) !== 0) throw broken();
  } else if (type === 'curv' && name.endsWith('TRC')) {
    const count = view.getUint32(at + 8);
    if (count > 4096) throw broken();
    length = 12 + 2 * count;
    for (let from = 14; from < length; from += 2) {
      if (view.getUint16(at + from) < view.getUint16(at + from - 2)) throw broken();
    }
  } else throw broken();
  if (view.getUint32(at + 4) !== 0 || !(at + length <= given.length)) throw broken();
  return given.subarray(at, at + length);
}
