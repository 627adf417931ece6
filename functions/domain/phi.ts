import type { IsId } from '../../protocol/ids.ts';
import { Fault } from './fault.ts';

declare const held: unique symbol;

/**
 * Something that a person wrote, or a secret of theirs, from the parse in the door to the seal, and from the opened seal to the
 * frame. It is a symbol, because the language itself keeps symbols out of strings: in a template or a sum it does not
 * compile, and where types were lost it throws; JSON leaves it out, and the log shows `Symbol(phi)`. So it fits no log call,
 * key, address, metric, error or decision. `docs/decisions/0010-what-people-write-is-a-symbol.md` has the reasons.
 */
export type Phi<T> = symbol & { readonly [held]: T };

/** What each symbol stands for. Weak: what nobody holds any more is gone. */
const values = new WeakMap<symbol, unknown>();

/** The one way in. */
export function phi<T>(value: T): Phi<T> {
  const symbol = Symbol('phi');
  values.set(symbol, value);
  return symbol as Phi<T>;
}

/** The one way out: `test/arrows.test.ts` names the files that may import it. */
export function reveal<T>(given: Phi<T>): T {
  if (!values.has(given)) throw new Fault('what is to be revealed was never withheld');
  return values.get(given) as T;
}

/** Whether both stand for the same, or both for nothing: all that a rule needs to know of a text. */
export function isSame<T>(one: Phi<T> | undefined, other: Phi<T> | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return reveal(one) === reveal(other);
}

/** Everything revealed that a value holds. */
export function revealAll<T>(given: Withheld<T>): T {
  const each = (value: unknown): unknown => {
    if (typeof value === 'symbol') return reveal(value as Phi<unknown>);
    if (Array.isArray(value)) return value.map(each);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, each(one)]));
  };
  return each(given) as T;
}

/** Whether two parsed values are the same throughout, what is withheld and what is not. */
export function isSameThroughout(one: unknown, other: unknown): boolean {
  if (typeof one === 'symbol' && typeof other === 'symbol') {
    return isSame(one as Phi<unknown>, other as Phi<unknown>);
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other;
  const [fields, others] = [given(one), given(other)];
  return (
    fields.length === others.length &&
    fields.every(([name, value]) => isSameThroughout(value, Reflect.get(other, name)))
  );
}

function given(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).filter(([, one]) => one !== undefined);
}

/** A parsed value in which every string is withheld that is neither an id nor one of a few words of the protocol's. */
export type Withheld<T> = T extends string
  ? string extends T
    ? IsId<T> extends true
      ? T
      : Phi<string>
    : T
  : T extends object
    ? { readonly [K in keyof T]: Withheld<T[K]> }
    : T;
