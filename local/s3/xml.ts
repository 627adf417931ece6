import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { refusals } from './errors.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: false,
});
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: true,
  htmlEntities: true, // numeric ones come with it: SDKs write a line break in a key as &#xA;
});

/** An answer of S3: `root` with these elements; a list repeats its element, undefined leaves it out. */
export function xml(root: string, elements: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(DECLARATION + builder.build({ [root]: { '@xmlns': NAMESPACE, ...present(elements) } }));
}

/** An error's document: without a namespace, unlike answers. */
export function errorXml(elements: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(DECLARATION + builder.build({ Error: present(elements) }));
}

/** What stands inside `root`; throws MalformedXML for anything else. Every value is a string or an object of them. */
export function readXml(text: string, root: string): Readonly<Record<string, unknown>> {
  // a document type could define entities: no request of S3 has one
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) throw refusals.malformedXml();
  const content: unknown = parser.parse(text)[root];
  if (content === '') return {};
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw refusals.malformedXml();
  return content as Record<string, unknown>;
}

/** An element that may stand never, once or often. */
export function each(element: unknown): readonly Readonly<Record<string, unknown>>[] {
  const all: readonly unknown[] = element === undefined ? [] : Array.isArray(element) ? element : [element];
  return all.map((one) => {
    if (typeof one === 'object' && one !== null) return one as Record<string, unknown>;
    if (typeof one === 'string' && one.trim() === '') return {};
    throw refusals.malformedXml();
  });
}

/** Text of an element; undefined where there is none. */
export function textOf(element: unknown): string | undefined {
  return typeof element === 'string' ? element : undefined;
}

function present(elements: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(elements).filter(([, value]) => value !== undefined));
}
