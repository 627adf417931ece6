import type { Snapshot } from './evidence.ts';
import { type Asset, compareTexts } from './inventory.ts';
import { keyOfFlow } from './network-map.ts';

/** What came, went or changed between two packs. */
export interface Difference {
  readonly from: Readonly<Record<string, string>>;
  readonly to: Readonly<Record<string, string>>;
  readonly assets: Changes;
  readonly flows: Changes;
  readonly safeguards: Changes;
  readonly rules: Changes;
}

interface Changes {
  readonly came: readonly string[];
  readonly went: readonly string[];
  readonly changed: readonly Change[];
}

interface Change {
  readonly what: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

export function differenceOf(before: Snapshot, after: Snapshot): Difference {
  return {
    from: before.evidence.templates,
    to: after.evidence.templates,
    assets: changes(
      before.inventory,
      after.inventory,
      ({ asset, type }) => `${asset} (${type})`,
      assetFields,
    ),
    flows: changes(before.map.flows, after.map.flows, keyOfFlow, ({ by }) => ({ by })),
    safeguards: changes(
      before.evidence.safeguards,
      after.evidence.safeguards,
      ({ cfr, name }) => `${cfr} ${name}`,
      (one) => ({
        today: one.stateToday,
        'proposal of 2025': one.stateProposed,
        ...Object.fromEntries(one.controls.map(({ says, state }) => [says, state])),
      }),
    ),
    rules: changes(
      before.evidence.rules,
      after.evidence.rules,
      ({ id }) => id,
      ({ holds, findings }) => ({
        holds: String(holds),
        ...Object.fromEntries(
          findings
            .filter((finding) => !finding.holds)
            .map(({ resource, property, seen }) => [`${resource} ${property}`, seen]),
        ),
      }),
    ),
  };
}

function assetFields({ asset: _asset, type: _type, ...fields }: Asset): Readonly<Record<string, string>> {
  return fields;
}

function changes<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => string,
  fieldsOf: (one: T) => Readonly<Record<string, string>>,
): Changes {
  const old = new Map(before.map((one) => [keyOf(one), one]));
  const now = new Map(after.map((one) => [keyOf(one), one]));
  const changed = [...now].flatMap(([what, one]) => {
    const was = old.get(what);
    return was === undefined ? [] : changedFields(what, fieldsOf(was), fieldsOf(one));
  });
  return {
    came: [...now.keys()].filter((key) => !old.has(key)).sort(compareTexts),
    went: [...old.keys()].filter((key) => !now.has(key)).sort(compareTexts),
    changed: changed.sort((one, other) => compareTexts(one.what + one.field, other.what + other.field)),
  };
}

function changedFields(
  what: string,
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
): readonly Change[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((field) => was[field] !== is[field])
    .map((field) => ({ what, field, before: was[field] ?? 'nothing', after: is[field] ?? 'nothing' }));
}
