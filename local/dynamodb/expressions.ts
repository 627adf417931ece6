import { type AttributeValue, type Document, item, object, objects, text } from './wire.ts';

/** Top-level names of every attribute that a request's expressions and legacy parameters speak of. */
export function attributesOf(request: Document): string[] {
  const names = object(request.ExpressionAttributeNames);
  const inExpressions = EXPRESSIONS.flatMap((parameter) => namesIn(text(request[parameter]) ?? ''));
  const inLegacy = LEGACY_MAPS.flatMap((parameter) => Object.keys(object(request[parameter])));
  const asked = Array.isArray(request.AttributesToGet) ? request.AttributesToGet.map(String) : [];
  return [...new Set([...inExpressions.map((name) => text(names[name]) ?? name), ...inLegacy, ...asked])];
}

/** The value that a Query asks its partition key to equal. */
export function partitionValueOf(request: Document, partition: string): AttributeValue | undefined {
  const names = object(request.ExpressionAttributeNames);
  const values = item(request.ExpressionAttributeValues);
  for (const [, name = '', value = ''] of (text(request.KeyConditionExpression) ?? '').matchAll(EQUALITY)) {
    if ((text(names[name]) ?? name) === partition) return values[value];
  }
  const legacy = object(object(request.KeyConditions)[partition]);
  return legacy.ComparisonOperator === 'EQ'
    ? (objects(legacy.AttributeValueList)[0] as AttributeValue)
    : undefined;
}

/** Of names and values, those that an expression uses: DynamoDB refuses any that are left over. */
export function usedBy(expression: string, placeholders: unknown): Document | undefined {
  const used = new Set(expression.match(/[#:]\w+/g) ?? []);
  const kept = Object.entries(object(placeholders)).filter(([name]) => used.has(name));
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

const EXPRESSIONS = [
  'ProjectionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ConditionExpression',
  'UpdateExpression',
];
const LEGACY_MAPS = ['AttributeUpdates', 'Expected', 'KeyConditions', 'QueryFilter', 'ScanFilter'];
const EQUALITY = /(#?\w+)\s*=\s*(:\w+)/g;

/** Keywords and functions of DynamoDB's expressions: never names of attributes, for which they are reserved. */
const WORDS = new Set(
  (
    'set remove add delete and or not between in attribute_exists attribute_not_exists attribute_type ' +
    'begins_with contains size if_not_exists list_append'
  ).split(' '),
);

function namesIn(expression: string): string[] {
  // A name after a dot is an element of a document, a word after a colon is a value, digits are a list's index.
  const words = expression.match(/(?<![\w.:#])#?[A-Za-z_]\w*/g) ?? [];
  return words.filter((word) => !WORDS.has(word.toLowerCase()));
}
