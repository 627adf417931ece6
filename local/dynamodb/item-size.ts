import { type AttributeValue, type Item, object } from './wire.ts';

/** Bytes that an item counts for (DynamoDB developer guide, "DynamoDB item sizes and formats"). */
export function itemSize(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value),
    0,
  );
}

function valueSize(value: AttributeValue): number {
  const [type, content] = Object.entries(value)[0] ?? [];
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(content));
    case 'N':
      return numberSize(String(content));
    case 'B':
      return Buffer.from(String(content), 'base64').length;
    case 'SS':
    case 'NS':
    case 'BS':
      return sum(elements(content).map((element) => valueSize({ [type.charAt(0)]: element })));
    case 'L':
      return (
        COLLECTION + sum(elements(content).map((element) => 1 + valueSize(object(element) as AttributeValue)))
      );
    case 'M':
      return COLLECTION + Object.keys(object(content)).length + itemSize(object(content) as Item);
    default:
      return 1; // NULL and BOOL
  }
}

/** What a list or map takes before its elements, each of which takes one byte more than it holds. */
const COLLECTION = 3;

/** One byte, one for each pair of significant digits counted from the decimal point, and one for a minus sign. */
function numberSize(number: string): number {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^([-+]?)(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i.exec(number) ?? [];
  const written = whole + fraction;
  const digits = written.replace(/^0+/, '').replace(/0+$/, '');
  const leadingZeros = written.length - written.replace(/^0+/, '').length;
  const firstPower = whole.length - leadingZeros - 1 + Number(exponent);
  const halfPair = digits.length > 0 && firstPower % 2 === 0 ? 1 : 0;
  return 1 + Math.ceil((digits.length + halfPair) / 2) + (sign === '-' ? 1 : 0);
}

function elements(content: unknown): readonly unknown[] {
  return Array.isArray(content) ? content : [];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
