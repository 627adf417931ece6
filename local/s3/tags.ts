import { AwsError } from '../front-door/service.ts';
import { refusals } from './errors.ts';
import { each, readXml, textOf } from './xml.ts';

/** S3 user guide, "Categorizing your objects using tags". */
const MOST_TAGS = 10;

type Tags = Readonly<Record<string, string>>;

/** The tags of `x-amz-tagging`: `key1=value1&key2=value2`, URL-encoded. */
export function tagsInHeader(value: string | undefined): Tags {
  if (value === undefined || value === '') return {};
  return checked([...new URLSearchParams(value)]);
}

/** The tags of a `Tagging` document. */
export function tagsInXml(text: string): Tags {
  const { TagSet } = readXml(text, 'Tagging');
  const [set] = each(TagSet);
  if (!set) throw refusals.malformedXml();
  return checked(
    each(set.Tag).map(({ Key, Value }): [string, string] => {
      const [key, value] = [textOf(Key), textOf(Value)];
      if (key === undefined || value === undefined) throw refusals.malformedXml();
      return [key, value];
    }),
  );
}

function checked(pairs: readonly [string, string][]): Tags {
  if (pairs.length > MOST_TAGS) throw new AwsError('BadRequest', 'Object tags cannot be greater than 10');
  for (const [key, value] of pairs) {
    if (key.length < 1 || key.length > 128 || !ALLOWED.test(key)) {
      throw new AwsError('InvalidTag', 'The TagKey you have provided is invalid');
    }
    if (value.length > 256 || !ALLOWED.test(value)) {
      throw new AwsError('InvalidTag', 'The TagValue you have provided is invalid');
    }
  }
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) {
    throw new AwsError('InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
  return Object.fromEntries(pairs);
}

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
