/** One step into a JSON document: a member, an element, or all of them. */
type Step = string | number | typeof EVERY;

const EVERY = Symbol('every element');
const STEP = /\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]|(?:\.|\[)(\*)\]?/y;

/**
 * Reads a path as far as EventBridge has them: `$`, `.name`, `['name']`, `[0]`, `[*]` (user guide, "Input transformation").
 * Undefined for any other.
 */
export function readJsonPath(path: string): ((document: unknown) => unknown) | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: Step[] = [];
  for (let at = 1; at < path.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const [whole, name, quoted, index, every] = STEP.exec(path) ?? [];
    if (whole === undefined) return undefined;
    steps.push(every ? EVERY : index === undefined ? (name ?? quoted ?? '') : Number(index));
  }
  return (document) => follow(document, steps);
}

function follow(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  if (step === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (step === EVERY) {
    const found = Object.values(value).map((one) => follow(one, rest));
    return found.filter((one) => one !== undefined);
  }
  const member = Object.hasOwn(value, step) ? (value as Record<string | number, unknown>)[step] : undefined;
  return follow(member, rest);
}
