import fc from 'fast-check';
import type { MemberRole } from '../../../../protocol/bodies.ts';
import { MOST_OFF_MS } from './observations.ts';

/** The people of a history; the first is the owner of a group, the last is nobody's member at first. */
export const PEOPLE = ['ana', 'ben', 'cleo', 'dan'] as const;
export type Who = (typeof PEOPLE)[number];

/** What goes wrong with one call. `at` counts its calls of stores, from 0, or how many in a row it befalls. */
export interface Mishap {
  /**
   * `crash`: the function dies before its call `at` leaves. `lost-reply`: call `at` takes effect and its answer is lost.
   * `fail`: call `at` does nothing and fails. `conflict`: its first `at + 1` appends meet a transaction in flight.
   * `stale-head`: its first `at + 1` reads of the head are answered by the one before the last change of membership.
   */
  readonly kind: 'crash' | 'lost-reply' | 'fail' | 'conflict' | 'stale-head';
  readonly at: number;
}

/** A transaction whose two items become visible one by one: which first, and for how many turns it alone. */
export interface Half {
  readonly first: 'entry' | 'head';
  readonly turns: number;
}

interface Asked {
  readonly by: Who;
  /** How far this function's clock is off, in milliseconds. */
  readonly skew?: number;
  readonly mishap?: Mishap;
}

export type Send = Asked & { readonly do: 'send'; readonly ref: number; readonly text: number };
export type SendAhead = Asked & { readonly do: 'send-ahead' };
export type Add = Asked & {
  readonly do: 'add';
  readonly who: Who;
  readonly role?: MemberRole;
  readonly half?: Half;
};
export type Remove = Asked & { readonly do: 'remove'; readonly who: Who; readonly half?: Half };
/** A member catches up from where they are, from the beginning, or backward from the end. */
export type Read = Asked & {
  readonly do: 'read';
  readonly from: 'cursor' | 'beginning' | 'end';
  readonly limit: number;
};
/** The dispatcher notes in the head how far the log has come, `behind` entries late. */
export type Raise = { readonly do: 'raise'; readonly behind: number };
/** Days go by with nobody there; the table then deletes what expired a week ago, but for every `spared`-th entry. */
export type Days = { readonly do: 'days'; readonly days: number; readonly spared: number };

export type Step = Send | SendAhead | Add | Remove | Read | Raise | Days;

/** One conversation's life as plain data: pasted into a test it happens again, turn by turn. */
export interface History {
  readonly kind: 'group' | 'direct';
  readonly members: readonly Who[];
  readonly steps: readonly Step[];
  /** Calls that are under way at once, at most. */
  readonly together: number;
  /** Who goes on at each turn, as a place among those who can; used over and over. */
  readonly order: readonly number[];
  /** Entries that one query answers at most, as 1 MB does on AWS. */
  readonly stretch: number;
}

const anybody = fc.constantFrom(...PEOPLE);
const mostly = <T>(usual: T, unusual: fc.Arbitrary<T>, weight = 3) =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: unusual });

/** How wild histories are. */
interface Climate {
  /** Calls without a mishap for each that has one. */
  readonly calm: number;
  readonly by: fc.Arbitrary<Who>;
  /** The dispatcher and the days are steps; where they are not, they go by themselves. */
  readonly hasTime: boolean;
  readonly kind: fc.Arbitrary<'group' | 'direct'>;
  readonly longest: number;
}

const mishapOf = (calm: number) =>
  mostly<Mishap | undefined>(
    undefined,
    fc.record({
      kind: fc.constantFrom('crash', 'crash', 'lost-reply', 'fail', 'conflict', 'stale-head'),
      at: fc.nat(7),
    }),
    calm,
  );
const half = mostly<Half | undefined>(
  undefined,
  fc.record({
    first: fc.constantFrom('entry', 'head'),
    turns: mostly(8, fc.integer({ min: 1, max: 60 }), 1),
  }),
  1,
);

const offBy = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(-MOST_OFF_MS, MOST_OFF_MS),
  fc.integer({ min: -MOST_OFF_MS, max: MOST_OFF_MS }),
);

const raise = fc.record({ do: fc.constant('raise' as const), behind: mostly(0, fc.nat(3), 1) });
const days = fc.record({
  do: fc.constant('days' as const),
  days: fc.constantFrom(10, 29, 31, 38),
  spared: fc.integer({ min: 2, max: 5 }),
});

function stepIn({ calm, by, hasTime }: Climate): fc.Arbitrary<Step> {
  const asked = { by, skew: mostly(0, offBy, 1), mishap: mishapOf(calm) };
  const changing = { ...asked, by: mostly<Who>('ana', anybody), who: anybody, half };
  const send = fc.record({
    do: fc.constant('send' as const),
    ...asked,
    ref: fc.nat(2),
    text: mostly(0, fc.constant(1), 6),
  });
  const sendAhead = fc.record({ do: fc.constant('send-ahead' as const), ...asked });
  const role = mostly<'owner' | 'member' | undefined>(undefined, fc.constantFrom('owner', 'member'));
  const add = fc.record({ do: fc.constant('add' as const), ...changing, role });
  const remove = fc.record({ do: fc.constant('remove' as const), ...changing });
  const read = fc.record({
    do: fc.constant('read' as const),
    ...asked,
    from: fc.constantFrom('cursor', 'cursor', 'beginning', 'end'),
    limit: fc.integer({ min: 1, max: 12 }),
  });
  return fc.oneof(
    { weight: 9, arbitrary: send },
    { weight: 1, arbitrary: sendAhead },
    { weight: 3, arbitrary: add },
    { weight: hasTime ? 3 : 2, arbitrary: remove },
    { weight: 4, arbitrary: read },
    ...(hasTime
      ? [
          { weight: 3, arbitrary: raise },
          { weight: 1, arbitrary: days },
        ]
      : []),
  );
}

function historiesIn(climate: Climate): fc.Arbitrary<History> {
  return fc.record({
    kind: climate.kind,
    members: fc.constantFrom<readonly Who[]>(['ana', 'ben'], ['ana', 'ben', 'cleo']),
    steps: fc.array(stepIn(climate), { minLength: 3, maxLength: climate.longest, size: 'max' }),
    together: fc.integer({ min: 1, max: 5 }),
    order: fc.array(fc.nat(30), { minLength: 8, maxLength: 80, size: 'max' }),
    stretch: mostly(1_000, fc.integer({ min: 2, max: 6 })),
  });
}

/** Histories with everything in them that can go wrong. */
export const histories = historiesIn({
  calm: 3,
  by: anybody,
  hasTime: true,
  kind: mostly<'group' | 'direct'>('group', fc.constant('direct'), 9),
  longest: 24,
});

/**
 * Histories for a running stack. Its own dispatcher follows the log, its tokens would not outlive a day, and two people
 * there have one direct conversation, which would be the same in all of them.
 */
export const historiesOnAStack = historiesIn({
  calm: 9,
  by: fc.constantFrom('ana', 'ana', 'ana', 'ben', 'ben', 'cleo', 'dan'),
  hasTime: false,
  kind: fc.constant('group'),
  longest: 18,
});
