/** An element of a DICOM file: its tag as `gggg,eeee`, its type, and its value. */
type Element = readonly [tag: string, vr: string, value: string | number | Buffer];

export const EXPLICIT = '1.2.840.10008.1.2.1';
export const IMPLICIT = '1.2.840.10008.1.2';

/** A DICOM file with these elements in this order (DICOM PS3.10, 7.1; PS3.5, 7.1). */
export function dicomOf(elements: readonly Element[], syntax = EXPLICIT): Buffer {
  const meta = element(['0002,0010', 'UI', syntax], true);
  const group = Buffer.alloc(4);
  group.writeUInt32LE(meta.length);
  const length = element(['0002,0000', 'UL', group], true);
  const isExplicit = syntax !== IMPLICIT;
  const all = elements.map((one) => element(one, isExplicit));
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, ...all]);
}

function element([tag, vr, said]: Element, isExplicit: boolean): Buffer {
  const value = bytesOf(said, vr);
  const [group = 0, number = 0] = tag.split(',').map((part) => Number.parseInt(part, 16));
  const head = Buffer.alloc(8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  if (!isExplicit) {
    head.writeUInt32LE(value.length, 4);
    return Buffer.concat([head, value]);
  }
  head.write(vr, 4, 'latin1');
  if (vr !== 'OW' && vr !== 'OB') {
    head.writeUInt16LE(value.length, 6);
    return Buffer.concat([head, value]);
  }
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return Buffer.concat([head, length, value]);
}

function bytesOf(said: string | number | Buffer, vr: string): Buffer {
  if (Buffer.isBuffer(said)) return said;
  if (typeof said === 'number') {
    const value = Buffer.alloc(2);
    value.writeUInt16LE(said);
    return value;
  }
  const padding = vr === 'UI' ? '\0' : ' ';
  return Buffer.from(said.length % 2 === 0 ? said : said + padding, 'latin1');
}
