import type { Resource } from '../template/resource.ts';

/** The error for a property that would change behaviour and is not supported here. */
export function unsupported(resource: Resource, property: string, value: unknown): Error {
  return new Error(
    `${resource.type} ${resource.logicalId}: ${property} ${JSON.stringify(value)} is not supported here; ` +
      'take it out of the template or leave the resource to AWS',
  );
}

/** Refuses every property that is not among `names`. */
export function only(
  resource: Resource,
  properties: Readonly<Record<string, unknown>>,
  names: readonly string[],
): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined && !names.includes(name)) throw unsupported(resource, name, value);
  }
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** CloudFormation lets a template say true as `true` or `"true"`, and 5 as `5` or `"5"`. */
export function flag(value: unknown, otherwise: boolean): boolean {
  return value === undefined ? otherwise : String(value) === 'true';
}

export function wholeNumber(value: unknown): number | undefined {
  const read = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isInteger(read) ? read : undefined;
}
