/** What a sealed line may hold; whole numbers alone, so that every language writes them alike. */
export type Plain =
  | string
  | number
  | boolean
  | readonly Plain[]
  | { readonly [name: string]: Plain | undefined };

/**
 * Canonical JSON (RFC 8785) of texts, whole numbers, truth values, lists and objects: no white space, names in the order of
 * their UTF-16 units, what is undefined left out.
 *
 * @throws RangeError for a number that is not whole or not safe
 */
export function canonical(value: Plain): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError('not a whole number');
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, member]) =>
      member === undefined ? [] : [`${JSON.stringify(name)}:${canonical(member)}`],
    );
  return `{${members.join(',')}}`;
}
