import { isDeepStrictEqual } from 'node:util';
import { type Assembly, type Resource, valueAt } from './assembly.ts';

/** One rule that a template keeps or breaks. It knows no template in particular. */
export interface Check {
  /** Permanent, kebab-case. */
  readonly id: string;
  /** What is promised, as a sentence that is true of a good template. */
  readonly promises: string;
  /** One finding for each property of each resource that it is about. None at all breaks the rule: there is nothing that keeps it. */
  look(assembly: Assembly): readonly Finding[];
}

/** One property of one resource, beside what it ought to be. */
export interface Finding {
  /** CDK path. */
  readonly resource: string;
  readonly property: string;
  readonly expected: string;
  readonly seen: string;
  readonly holds: boolean;
}

/** A value that a property must have, or a test of it with the words for what it wants. */
export type Wish = { readonly says: string; readonly fits: (value: unknown) => boolean } | Plain;
type Plain = string | number | boolean | undefined | readonly string[];

export type Wishes = Readonly<Record<string, Wish>>;

/** A rule about every resource of these types (or those of them that `among` picks): each of its properties as wished. */
export function every(
  id: string,
  promises: string,
  types: readonly string[],
  wishes: (resource: Resource, assembly: Assembly) => Wishes,
  among: (resource: Resource, assembly: Assembly) => boolean = () => true,
): Check {
  return {
    id,
    promises,
    look: (assembly) =>
      ofTypes(assembly, types)
        .filter((resource) => among(resource, assembly))
        .flatMap((resource) => compare(resource, wishes(resource, assembly), assembly)),
  };
}

/** A rule that no resource of a template may break: one finding for each that does, or one that says how many were looked at. */
export function never(
  id: string,
  promises: string,
  faultsOf: (
    resource: Resource,
    assembly: Assembly,
  ) => readonly (readonly [property: string, seen: string])[],
): Check {
  return {
    id,
    promises,
    look: (assembly) => {
      const faults = assembly.resources.flatMap((resource) =>
        faultsOf(resource, assembly).map(([property, seen]) => ({
          ...{ resource: resource.path, property, expected: 'nothing of the kind', seen, holds: false },
        })),
      );
      if (faults.length > 0 || assembly.resources.length === 0) return faults;
      const seen = `none of ${assembly.resources.length} resources`;
      return [{ resource: 'the whole template', property: '', expected: 'none', seen, holds: true }];
    },
  };
}

export function ofTypes(assembly: Assembly, types: readonly string[]): readonly Resource[] {
  return assembly.resources.filter(({ type }) => types.includes(type));
}

function compare(resource: Resource, wishes: Wishes, assembly: Assembly): readonly Finding[] {
  return Object.entries(wishes).map(([property, wish]) => {
    const value =
      property === 'DeletionPolicy' ? resource.deletionPolicy : valueAt(resource.properties, property);
    const isTested = typeof wish === 'object' && 'fits' in wish;
    return {
      resource: resource.path,
      property,
      expected: isTested ? wish.says : shown(wish, resource, assembly),
      seen: shown(value, resource, assembly),
      holds: isTested ? wish.fits(value) : isDeepStrictEqual(value, wish),
    };
  });
}

/** A value in a few words: what it points to by its path, a text as it is, anything else as JSON. */
function shown(value: unknown, { stack }: Resource, assembly: Assembly): string {
  if (value === undefined) return 'absent';
  if (typeof value === 'string') return value;
  const [target, ...more] = assembly.pointsTo(value, stack);
  if (target && more.length === 0) return target.path;
  const text = JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

/** A reference to a KMS key that this very app makes: never one that AWS owns or manages. */
export function aKeyOfOurs({ stack }: Resource, assembly: Assembly): Wish {
  return {
    says: 'a key of this deployment',
    fits: (value) => assembly.pointsTo(value, stack).some(({ type }) => type === 'AWS::KMS::Key'),
  };
}

export function atLeast(least: number, unit: string): Wish {
  return { says: `at least ${least} ${unit}`, fits: (value) => Number(value) >= least };
}

export function atMost(most: number, unit: string): Wish {
  const fits = (value: unknown) => value !== undefined && Number(value) > 0 && Number(value) <= most;
  return { says: `at most ${most} ${unit}`, fits };
}

export const something: Wish = { says: 'set', fits: (value) => value !== undefined && value !== '' };
