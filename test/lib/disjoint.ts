/** Several tables as one. Throws where two of them have the same name, of which one would be lost. */
export function disjoint<Of>(
  ...tables: readonly Readonly<Record<string, Of>>[]
): Readonly<Record<string, Of>> {
  const names = tables.flatMap((table) => Object.keys(table));
  const twice = names.filter((name, place) => names.indexOf(name) !== place);
  if (twice.length > 0) throw new Error(`twice in one table: ${twice.join(', ')}`);
  return Object.assign({}, ...tables);
}
