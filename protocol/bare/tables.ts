import { type Codes, codesOf } from './scan.ts';
import { broken, joined } from './stripped.ts';

/** A table of DQT or DHT, or the one number of DRI; whether a scan needs it is found out behind it. */
export interface Table {
  readonly slot: number;
  readonly bytes: Uint8Array;
  isUsed?: boolean;
}

/** The tables of a DQT: of 8 bits, for precision is 8 bits here, and no zero in them (ITU-T T.81, B.2.4.1). */
export function quantisationIn(content: Uint8Array): Table[] {
  const tables: Table[] = [];
  for (let at = 0; at < content.length; at += 65) {
    const bytes = content.subarray(at, at + 65);
    const slot = bytes[0] ?? 0;
    if (bytes.length < 65 || slot > 3 || bytes.includes(0, 1)) throw broken();
    tables.push({ slot, bytes });
  }
  return tables;
}

/** The tables of a DHT: each code once, and each for what 8 bits of precision can say (T.81, B.2.4.2 and tables F.1 and F.2). */
export function codesIn(content: Uint8Array): Table[] {
  const tables: Table[] = [];
  for (let at = 0; at < content.length; ) {
    const counts = content.subarray(at + 1, at + 17);
    const size = counts.reduce((sum, count) => sum + count, 0);
    const bytes = content.subarray(at, at + 17 + size);
    const slot = bytes[0] ?? 0;
    const meanings = bytes.subarray(17);
    const isKnown = (meaning: number) => (slot < 16 ? meaning <= 11 : (meaning & 15) <= 10);
    if (bytes.length < 17 + size || (slot & 0xef) > 3 || !meanings.every(isKnown)) throw broken();
    if (new Set(meanings).size < size) throw broken();
    tables.push({ slot, bytes });
    at += 17 + size;
  }
  return tables;
}

/** The codes of a table of DHT, which is used by that. */
export function codesUsed(table: Table | undefined): Codes {
  if (!table) throw broken();
  table.isUsed = true;
  return codesOf(table.bytes.subarray(1, 17), table.bytes.subarray(17));
}

/** A segment with those of its tables that are used; nothing where none is. */
export function segmentOf(marker: number, tables: readonly Table[]): Uint8Array | undefined {
  const used = tables.filter(({ isUsed }) => isUsed).map(({ bytes }) => bytes);
  return used.length > 0 ? segment(marker, joined(used)) : undefined;
}

/** A marker, the length of what follows, and that. */
export function segment(marker: number, content: Uint8Array): Uint8Array {
  const length = content.length + 2;
  return joined([Uint8Array.of(0xff, marker, length >> 8, length & 255), content]);
}
