import type { Properties } from '../fixtures/template.ts';

/** What a property must be: this value, absent, or whatever a question answers with true. */
export type Wish = string | number | boolean | undefined | object | ((value: unknown) => boolean);

export const anything = (value: unknown) => value !== undefined;
export const aString = (value: unknown) => typeof value === 'string';
export const aNumber = (value: unknown) => typeof value === 'number';
export const aKeyOfOurs = (value: unknown) => /EncryptionKey/.test(JSON.stringify(value ?? null));

/** One sentence for each property, named by its way from the top (`A.0.B`), that is not as wished. */
export function wants(properties: Properties, wishes: Readonly<Record<string, Wish>>): string[] {
  return Object.entries(wishes).flatMap(([path, wish]) => {
    const value = path.split('.').reduce<unknown>(into, properties);
    const isMet =
      typeof wish === 'function' ? wish(value) === true : JSON.stringify(value) === JSON.stringify(wish);
    return isMet ? [] : [`has ${path} ${JSON.stringify(value)}`];
  });
}

/** What stands under `key`, where `value` can have anything under it. */
export function into(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
