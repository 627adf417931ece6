import { bareProfile } from './profile.ts';
import { bitsOfPicture, type Component, type Scan, type Stretch } from './scan.ts';
import { broken, bytesOf, joined, latin, type Stripped } from './stripped.ts';
import { codesIn, codesUsed, quantisationIn, segment, segmentOf, type Table } from './tables.ts';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const DHT = 0xc4;
const COM = 0xfe;
const APP = { jfif: 0xe0, exif: 0xe1, profile: 0xe2, adobe: 0xee };

const PROFILE_HEAD = 'ICC_PROFILE\0';
const ADOBE_HEAD = 'Adobe\0\x64\0\0\0\0'; // its version, and flags that no decoder reads

/** No encoder that is known makes so many, and each is walked through. */
const MAX_SCANS = 100;

/** Blocks of a progressive picture: 170 megapixels at least. What is known of each takes 8 bytes. */
const MAX_PROGRESSIVE_BLOCKS = 8_388_608;

interface Frame {
  readonly isProgressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** What is kept, piece by piece; of tables those that a later scan uses. */
type Piece = Uint8Array | { readonly marker: number; readonly tables: readonly Table[] };

/**
 * The same picture with nothing but what a decoder needs: its frame, the tables that are used, JFIF's header without a thumbnail, Adobe's
 * colour transform, a colour profile's numbers, and of coded data exactly what the picture is. No pixel changes. Nothing where this is no
 * whole JPEG, or of a kind that browsers do not show: arithmetic, lossless, hierarchical, of more than 8 bits, its lines counted behind (DNL).
 *
 * @throws RangeError where it ends in the midst of something
 */
export function bareJpeg(given: Uint8Array): Stripped {
  if (given[0] !== 0xff || given[1] !== SOI) throw broken();
  const kept: Piece[] = [given.subarray(0, 2)];
  const profile: Uint8Array[] = [];
  const slots = new Map<number, Table>();
  let [profilePlace, scans, hasJfif, hasAdobe] = [0, 0, false, false];
  let exif: Uint8Array | undefined;
  let frame: Frame | undefined;
  for (let at = 2; ; ) {
    if (given[at] !== 0xff) throw broken();
    while (given[at + 1] === 0xff) at += 1; // fill bytes before a marker (B.1.1.2)
    const marker = given[at + 1] ?? 0;
    if (marker === EOI) break;
    const end = at + 2 + (((given[at + 2] ?? 0) << 8) | (given[at + 3] ?? 0));
    if (end < at + 4 || end > given.length) throw broken();
    const content = given.subarray(at + 4, end);
    const starts = (head: string) => latin(content, 0, head.length) === head;
    at = end;
    if (marker === SOS) {
      scans += 1;
      if (!frame || scans > MAX_SCANS) throw broken();
      const scan = scanIn(content, frame, slots);
      const read = dataOf(given, at, frame, scan, slots.get(DRI));
      kept.push(segment(SOS, headOf(content, scan)));
      for (const piece of read.pieces) kept.push(piece); // as arguments, a hundred thousand are too many
      at = read.end;
    } else if (marker === DQT || marker === DHT || marker === DRI) {
      if (marker === DQT && scans > 0) throw broken(); // decoders do not agree on what it is for then
      const tables = tablesIn(marker, content);
      for (const table of tables) slots.set((marker << 8) | table.slot, table);
      if (marker === DRI && tables[0]) slots.set(DRI, tables[0]);
      kept.push({ marker, tables });
    } else if (marker >= 0xc0 && marker <= 0xc2) {
      if (frame) throw broken();
      frame = frameIn(content, marker === 0xc2);
      kept.push(segment(marker, content));
    } else if (marker === APP.jfif && starts('JFIF\0') && content.length >= 14) {
      if (!hasJfif) kept.push(segment(marker, jfifOf(content)));
      hasJfif = true;
    } else if (marker === APP.adobe && starts('Adobe') && content.length >= 12) {
      if (!hasAdobe) kept.push(segment(marker, adobeOf(content)));
      hasAdobe = true;
    } else if (marker === APP.profile && starts(PROFILE_HEAD)) {
      if (profile.length === 0) profilePlace = kept.push(new Uint8Array()) - 1;
      profile[content[12] ?? 0] = content.subarray(14);
    } else if (marker === APP.exif && starts('Exif\0\0')) exif ??= content.subarray(6);
    else if (!(marker >= APP.jfif && marker <= 0xef) && marker !== COM) throw broken();
  }
  if (!frame || scans === 0 || frame.components.some(({ told }) => told[0] === undefined)) throw broken();
  const colours = bareProfile(joined(Object.values(profile)));
  if (colours)
    kept[profilePlace] = segment(APP.profile, joined([bytesOf(`${PROFILE_HEAD}\x01\x01`), colours]));
  for (const { quantisation } of frame.components) {
    const table = slots.get((DQT << 8) | quantisation);
    if (!table) throw broken();
    table.isUsed = true;
  }
  const parts = kept.flatMap((piece) =>
    piece instanceof Uint8Array ? [piece] : (segmentOf(piece.marker, piece.tables) ?? []),
  );
  return { bytes: joined([...parts, Uint8Array.of(0xff, EOI)]), exif };
}

function tablesIn(marker: number, content: Uint8Array): Table[] {
  if (marker === DQT) return quantisationIn(content);
  if (marker === DHT) return codesIn(content);
  if (content.length !== 2) throw broken();
  return [{ slot: 0, bytes: content }];
}

/** JFIF's versions are 1.00 to 1.02; pixels have a shape, and no thumbnail is in it. */
function jfifOf(content: Uint8Array): Uint8Array {
  const header = Uint8Array.from(content.subarray(0, 14)); // no slice: of a Buffer that is the same bytes
  if (header[5] !== 1 || (header[6] ?? 0) > 2) header.set([1, 2], 5);
  if ((header[7] ?? 0) > 2) header[7] = 0;
  return header.fill(0, 12);
}

function adobeOf(content: Uint8Array): Uint8Array {
  const transform = content[11] ?? 0;
  if (transform > 2) throw broken();
  return joined([bytesOf(ADOBE_HEAD), Uint8Array.of(transform)]);
}

/** ITU-T T.81, B.2.2. */
function frameIn(content: Uint8Array, isProgressive: boolean): Frame {
  const [precision = 0, a = 0, b = 0, c = 0, d = 0, count = 0] = content;
  const [height, width] = [a * 256 + b, c * 256 + d];
  if (precision !== 8 || !height || !width || ![1, 3, 4].includes(count)) throw broken();
  if (content.length !== 6 + 3 * count) throw broken();
  const components = Array.from({ length: count }, (_, nth): Component => {
    const [id = 0, sampling = 0, quantisation = 0] = content.subarray(6 + 3 * nth);
    const [horizontal, vertical] = [sampling >> 4, sampling & 15];
    if (![1, 2, 3, 4].includes(horizontal) || ![1, 2, 3, 4].includes(vertical)) throw broken();
    if (quantisation > 3) throw broken();
    return { id, horizontal, vertical, quantisation, told: [] };
  });
  const frame = { isProgressive, width, height, components };
  if (new Set(components.map(({ id }) => id)).size < count) throw broken();
  if (isProgressive) {
    const blocks = components.map((of) => mcusOf(frame, [{ of }]));
    if (blocks.reduce((sum, more) => sum + more, 0) > MAX_PROGRESSIVE_BLOCKS) throw broken();
    for (const [nth, one] of components.entries()) one.nonzero = new Uint32Array(2 * (blocks[nth] ?? 0));
  }
  return frame;
}

/** What a scan tells; and its tables, which are used by that (B.2.3 and G.1.1.1). */
function scanIn(content: Uint8Array, { isProgressive, components }: Frame, slots: Map<number, Table>): Scan {
  const [count = 0] = content;
  const [from = 0, to = 0, bits = 0] = isProgressive ? content.subarray(1 + 2 * count) : [0, 63, 0];
  const [above, lowest] = [bits >> 4, bits & 15];
  const refines = above > 0;
  if (content.length !== 4 + 2 * count || count < 1 || count > components.length || to > 63) throw broken();
  if (isProgressive && (from === 0 ? to > 0 : to < from || count > 1)) throw broken();
  const use = (kind: number, selected: number) => codesUsed(slots.get((DHT << 8) | kind | selected));
  let last = -1;
  const told = Array.from({ length: count }, (_, nth) => {
    const [id, selected = 0] = content.subarray(1 + 2 * nth);
    const place = components.findIndex((one) => one.id === id);
    const of = components[place];
    if (!of || place <= last) throw broken(); // in the order of the frame
    last = place;
    for (let coefficient = from; coefficient <= to; coefficient += 1) {
      const isNext = of.told[coefficient] === (refines ? above : undefined) && lowest <= 13;
      if (!isNext || (refines && lowest !== above - 1)) throw broken();
      of.told[coefficient] = lowest;
    }
    if (from > 0 && of.told[0] === undefined) throw broken();
    return {
      of,
      ...(from === 0 && !refines && { dc: use(0, selected >> 4) }),
      ...(to > 0 && { ac: use(16, selected & 15) }),
    };
  });
  return { isProgressive, components: told, from, to, refines };
}

/** The header of a scan without what this scan does not read. */
function headOf(content: Uint8Array, { isProgressive, components, from, to, refines }: Scan): Uint8Array {
  const head = Uint8Array.from(content);
  for (const nth of components.keys()) {
    const at = 2 + 2 * nth;
    const mask = (from === 0 && !refines ? 0xf0 : 0) | (to > 0 ? 0x0f : 0);
    head[at] = (head[at] ?? 0) & mask;
  }
  if (!isProgressive) head.set([0, 63, 0], 1 + 2 * components.length);
  return head;
}

/** How many MCUs a scan has: of one component its blocks, of several those that their sampling makes (A.2). */
function mcusOf(
  { width, height, components }: Omit<Frame, 'isProgressive'>,
  told: readonly { readonly of: Component }[],
): number {
  const most = (of: 'horizontal' | 'vertical') => Math.max(...components.map((one) => one[of]));
  const [across, down] = [most('horizontal'), most('vertical')];
  const [only] = told;
  if (told.length === 1 && only) {
    const [columns, rows] = [width * only.of.horizontal, height * only.of.vertical];
    return Math.ceil(Math.ceil(columns / across) / 8) * Math.ceil(Math.ceil(rows / down) / 8);
  }
  if (told.reduce((sum, { of }) => sum + of.horizontal * of.vertical, 0) > 10) throw broken();
  return Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
}

/** The coded data of a scan, restart markers and all, without what stands behind its last MCU; and where the next marker is. */
function dataOf(given: Uint8Array, from: number, frame: Frame, scan: Scan, restart: Table | undefined) {
  const pieces: Uint8Array[] = [];
  const mcus = mcusOf(frame, scan.components);
  const [high = 0, low = 0] = restart?.bytes ?? [];
  const interval = high * 256 + low || mcus;
  if (restart) restart.isUsed = true;
  let at = from;
  for (let first = 0, nth = 0; first < mcus; first += interval, nth += 1) {
    const end = markerFrom(given, at);
    const coded = given.subarray(at, end);
    pieces.push(cut(coded, { data: unstuffed(coded), first, end: Math.min(mcus, first + interval) }, scan));
    at = end;
    if (first + interval >= mcus) break;
    if (given[at + 1] !== 0xd0 + (nth % 8)) throw broken();
    pieces.push(given.subarray(at, at + 2));
    at += 2;
  }
  return { pieces, end: at };
}

/** What of a stretch is the picture, its last byte filled with ones (B.1.1.5); the very same bytes where that is all. */
function cut(coded: Uint8Array, stretch: Stretch, scan: Scan): Uint8Array {
  const bits = bitsOfPicture(stretch, scan);
  const bytes = Math.ceil(bits / 8);
  const last = (stretch.data[bytes - 1] ?? 0) | ((1 << (8 * bytes - bits)) - 1);
  const isFilled =
    bytes === stretch.data.length || (bytes + 1 === stretch.data.length && stretch.data[bytes] === 0xff);
  if (isFilled && last === stretch.data[bytes - 1]) return coded; // jpeg-js fills a byte that nothing stands in
  const data = stretch.data.slice(0, bytes);
  data[bytes - 1] = last;
  return stuffed(data);
}

/** Where the next marker stands: coded data has a zero behind each byte FF. */
function markerFrom(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at += 1) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) throw broken();
    if (bytes[at + 1] !== 0) return at;
  }
}

function unstuffed(coded: Uint8Array): Uint8Array {
  const data = new Uint8Array(coded.length);
  let length = 0;
  for (let at = 0; at < coded.length; at += 1) {
    data[length] = coded[at] ?? 0;
    length += 1;
    if (coded[at] === 0xff) at += 1;
  }
  return data.subarray(0, length);
}

function stuffed(data: Uint8Array): Uint8Array {
  const coded = new Uint8Array(2 * data.length);
  let length = 0;
  for (const byte of data) {
    coded[length] = byte;
    length += byte === 0xff ? 2 : 1;
  }
  return coded.subarray(0, length);
}
