import dicomParser, { type DataSet } from 'dicom-parser';
import type { Bitmap } from './bitmap.ts';
import { isFewPixels } from './limits.ts';

/** Implicit and explicit VR little endian (DICOM PS3.5, A.1 and A.2): pixels as they are. Everything else is compressed, or retired. */
const UNCOMPRESSED = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1']);

/**
 * Modalities whose machines print the patient's name into the picture as a matter of course: ultrasound, secondary capture, others, photographs
 * and endoscopes. Where their header does not say that nothing is burned in (type 3, so it may be left out: DICOM PS3.3, C.7.6.1), it is taken to be.
 */
const OFTEN_BURNED_IN = new Set(['US', 'SC', 'OT', 'XC', 'ES']);

/** Secondary captures are of any modality; their class tells them (DICOM PS3.4, B.5), single frames and the four multi-frame classes. */
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

const tags = {
  transferSyntax: 'x00020010',
  sopClass: 'x00080016',
  modality: 'x00080060',
  samples: 'x00280002',
  photometric: 'x00280004',
  planar: 'x00280006',
  rows: 'x00280010',
  columns: 'x00280011',
  bitsAllocated: 'x00280100',
  bitsStored: 'x00280101',
  highBit: 'x00280102',
  isSigned: 'x00280103',
  burnedIn: 'x00280301',
  windowCenter: 'x00281050',
  windowWidth: 'x00281051',
  intercept: 'x00281052',
  slope: 'x00281053',
  pixels: 'x7fe00010',
} as const;

/**
 * The first frame of an uncompressed image in grey or RGB, windowed as its header says, or from its darkest to its brightest pixel.
 * Nothing of the header is in it; nothing is given where somebody's name may be burned into the pixels.
 *
 * @throws Error where the bytes are no DICOM file
 */
export function decodeDicom(bytes: Buffer): Bitmap | undefined {
  const syntax = dicomParser.readPart10Header(bytes).string(tags.transferSyntax);
  if (syntax === undefined || !UNCOMPRESSED.has(syntax)) return undefined; // a deflated one would be inflated without a limit
  const header = dicomParser.parseDicom(bytes);
  const [width = 0, height = 0] = [header.uint16(tags.columns), header.uint16(tags.rows)];
  if (mayShowAName(header) || !isFewPixels(width, height)) return undefined;
  const data = header.string(tags.photometric) === 'RGB' ? colours(header, bytes) : greys(header, bytes);
  return data && { data, width, height };
}

/** Whether a name may be burned into the pixels: the header says so or what it does not know, or says nothing where it is common. */
function mayShowAName(header: DataSet): boolean {
  const said = header.string(tags.burnedIn)?.toUpperCase() ?? '';
  if (said !== '') return said !== 'NO';
  const modality = header.string(tags.modality)?.toUpperCase() ?? '';
  const sopClass = header.string(tags.sopClass) ?? '';
  const isCapture = sopClass === SECONDARY_CAPTURE || sopClass.startsWith(`${SECONDARY_CAPTURE}.`);
  return isCapture || OFTEN_BURNED_IN.has(modality);
}

/** The bytes of the first frame; nothing where there are too few. */
function frame(header: DataSet, bytes: Buffer, bytesPerPixel: number): Buffer | undefined {
  const { dataOffset = 0, length = 0 } = header.elements[tags.pixels] ?? {};
  const size = (header.uint16(tags.columns) ?? 0) * (header.uint16(tags.rows) ?? 0) * bytesPerPixel;
  const found = bytes.subarray(dataOffset, dataOffset + Math.min(length, size));
  return found.length === size ? found : undefined;
}

function colours(header: DataSet, bytes: Buffer): Buffer | undefined {
  if (header.uint16(tags.samples) !== 3 || header.uint16(tags.bitsAllocated) !== 8) return undefined;
  const samples = frame(header, bytes, 3);
  if (!samples) return undefined;
  const pixels = samples.length / 3;
  const [nextPixel, nextColour] = header.uint16(tags.planar) === 1 ? [1, pixels] : [3, 1];
  return painted(pixels, (data, nth) => {
    for (let colour = 0; colour < 3; colour += 1)
      data[nth * 4 + colour] = samples[nth * nextPixel + colour * nextColour] ?? 0;
  });
}

function greys(header: DataSet, bytes: Buffer): Buffer | undefined {
  const photometric = header.string(tags.photometric);
  const isGrey = photometric === 'MONOCHROME1' || photometric === 'MONOCHROME2';
  const values = isGrey && header.uint16(tags.samples) === 1 ? valuesOf(header, bytes) : undefined;
  if (!values) return undefined;
  const { center, width } = windowOf(header, values);
  const isInverted = photometric === 'MONOCHROME1';
  return painted(values.length, (data, nth) => {
    const shade = shadeOf(values[nth] ?? 0, center, width);
    data.fill(isInverted ? 255 - shade : shade, nth * 4, nth * 4 + 3);
  });
}

/** What the pixels measure: the stored bits, with their sign, rescaled (DICOM PS3.3, C.11.1). */
function valuesOf(header: DataSet, bytes: Buffer): Float32Array | undefined {
  const allocated = header.uint16(tags.bitsAllocated);
  if (allocated !== 8 && allocated !== 16) return undefined;
  const stored = frame(header, bytes, allocated / 8);
  if (!stored) return undefined;
  const bits = header.uint16(tags.bitsStored) ?? allocated;
  const above = 31 - (header.uint16(tags.highBit) ?? bits - 1); // bits above the value may hold an overlay
  const isSigned = header.uint16(tags.isSigned) === 1;
  const { slope, intercept } = {
    slope: number(header, tags.slope, 1),
    intercept: number(header, tags.intercept, 0),
  };
  const values = new Float32Array(stored.length / (allocated / 8));
  for (let nth = 0; nth < values.length; nth += 1) {
    const raw = (allocated === 8 ? stored.readUInt8(nth) : stored.readUInt16LE(nth * 2)) << above;
    values[nth] = (isSigned ? raw >> (32 - bits) : raw >>> (32 - bits)) * slope + intercept;
  }
  return values;
}

function windowOf(header: DataSet, values: Float32Array): { center: number; width: number } {
  const width = number(header, tags.windowWidth, 0);
  if (width >= 1) return { center: number(header, tags.windowCenter, 0), width };
  let [darkest, brightest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    darkest = Math.min(darkest, value);
    brightest = Math.max(brightest, value);
  }
  return { center: (darkest + brightest + 1) / 2, width: brightest - darkest + 1 };
}

/** From 0 to 255 (DICOM PS3.3, C.11.2.1.2.1). */
function shadeOf(value: number, center: number, width: number): number {
  if (width <= 1) return value <= center - 0.5 ? 0 : 255;
  const shade = ((value - (center - 0.5)) / (width - 1) + 0.5) * 255;
  return Math.min(255, Math.max(0, Math.round(shade)));
}

function number(header: DataSet, tag: string, otherwise: number): number {
  const found = header.floatString(tag);
  return found !== undefined && Number.isFinite(found) ? found : otherwise;
}

/** Opaque pixels, each painted by its number. */
function painted(pixels: number, paint: (data: Buffer, nth: number) => void): Buffer {
  const data = Buffer.alloc(pixels * 4, 255);
  for (let nth = 0; nth < pixels; nth += 1) paint(data, nth);
  return data;
}
