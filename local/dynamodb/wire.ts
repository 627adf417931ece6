/** A JSON object of the DynamoDB protocol whose shape has not been looked at. */
export type Document = Readonly<Record<string, unknown>>;

/** `{S: 'x'}`, `{N: '1'}`, … */
export type AttributeValue = Readonly<Record<string, unknown>>;

export type Item = Readonly<Record<string, AttributeValue>>;

/** The value as an object; `{}` where it is none. */
export function object(value: unknown): Document {
  return isObject(value) ? value : {};
}

/** The value as an item or key; members that are no attribute values are left out. */
export function item(value: unknown): Item {
  const members = Object.entries(object(value)).filter((member): member is [string, AttributeValue] =>
    isObject(member[1]),
  );
  return Object.fromEntries(members);
}

/** The objects of a list; `[]` where the value is no list. */
export function objects(value: unknown): readonly Document[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An attribute value as policies and CloudTrail write it: the string, the number's digits, or base64. */
export function plain(value: AttributeValue | undefined): string {
  const [content] = Object.values(value ?? {});
  return typeof content === 'string' ? content : JSON.stringify(content ?? null);
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
