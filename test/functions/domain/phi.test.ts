import { inspect } from 'node:util';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../functions/domain/decision.ts';
import { Fault } from '../../../functions/domain/fault.ts';
import { isSame, type Phi, phi, reveal } from '../../../functions/domain/phi.ts';
import { Refusal } from '../../../functions/domain/refusal.ts';
import { keys } from '../../../functions/store/keys.ts';
import { type Asker, reportDecision, reportFault, reportFaultIn } from '../../../functions/wiring/report.ts';

const NAME = 'Hübner, Marta';

test('what a person wrote comes back by the one way out, and is compared without it', () => {
  expect(reveal(phi(NAME))).toBe(NAME);
  expect(isSame(phi(NAME), phi(NAME))).toBe(true);
  expect(isSame(phi(NAME), phi('another'))).toBe(false);
  expect([isSame(phi(NAME), undefined), isSame(undefined, undefined)]).toEqual([false, true]);
  expect(() => reveal(Symbol('phi') as Phi<string>)).toThrow(Fault);
});

/** Each way that JavaScript has to make a string of a value, types set aside. */
const ways: Readonly<Record<string, (value: never) => unknown>> = {
  'a template': (value) => `${value}`,
  'a sum': (value) => `the name is ${value as string}`.concat(value),
  'String()': (value) => String(value),
  JSON: (value) => JSON.stringify({ value, list: [value] }),
  'util.inspect': (value) => inspect({ value }, { depth: 9, showHidden: true }),
  'a URL': (value) => new URL(value, 'https://host.example').href,
  'an error': (value) => new Error(value).stack,
  'a property': (value) => JSON.stringify({ [value]: 1 }),
  'a DynamoDB item': (value) => JSON.stringify(marshall({ value })),
  'a spread': (value) => JSON.stringify({ ...(value as object) }),
  'a structured clone': (value) => structuredClone(value),
  encodeURIComponent: (value) => encodeURIComponent(value),
};

test.each(Object.entries(ways))('%s holds nothing of it where types were lost', (_name, way) => {
  const shown = (value: unknown) => {
    try {
      return String(way(value as never));
    } catch (error) {
      return String((error as Error).stack);
    }
  };
  expect(decodeURIComponent(shown(NAME.slice(0, 6)))).toMatch(/Hübner|0/); // the way is open to a string
  expect(shown(phi(NAME))).not.toMatch(/bner|Marta/);
});

/**
 * What `tsc` must refuse, each beside what it must take: never run, only compiled. A line that compiles all the same fails
 * the check as an unused `@ts-expect-error`.
 */
const sinks = {
  log: (text: Phi<string>, asker: Asker, decision: Decision) => {
    reportFaultIn('sync', 'an-id', text);
    reportDecision(asker, decision, 'SendMessage');
    // @ts-expect-error a requestId
    reportFault('sync', text, new Error());
    // @ts-expect-error an operation's place
    reportFaultIn('sync', text, new Error());
    // @ts-expect-error whoever asked
    reportDecision({ ...asker, session: text }, decision, 'SendMessage');
  },
  key: (text: Phi<string>, id: string) => {
    keys.head(id);
    // @ts-expect-error a conversation
    keys.head(text);
    // @ts-expect-error a person
    keys.listing(text, id);
    // @ts-expect-error an epoch
    keys.conversationKey(id, text);
  },
  url: (text: Phi<string>, id: string) => {
    new URL(`https://host.example/${id}`);
    // @ts-expect-error a path
    new URL(`https://host.example/${text}`);
    // @ts-expect-error a part of one
    encodeURIComponent(text);
  },
  metric: (text: Phi<string>, asker: Asker, decision: Decision) => {
    reportDecision(asker, decision, 'Sync');
    // @ts-expect-error a metric's name
    reportDecision(asker, decision, text);
  },
  error: (text: Phi<string>, id: string, decision: Decision) => {
    new Fault(`the conversation ${id} has no head`);
    // @ts-expect-error a fault's sentence
    new Fault(text);
    // @ts-expect-error a part of it
    new Fault(`the title is ${text}`);
    // @ts-expect-error a sum
    // biome-ignore lint/style/useTemplate: the sum is what is refused
    new Error('the title is ' + text);
    // @ts-expect-error a refusal's code
    new Refusal(text, decision);
  },
  event: (text: Phi<string>, decision: Decision): Decision[] => [
    { ...decision, object: 'an-id' },
    // @ts-expect-error what was asked for
    { ...decision, object: text },
    // @ts-expect-error what was opened
    { ...decision, opened: [text] },
    // @ts-expect-error the rule
    { ...decision, rule: text },
  ],
  string: (text: Phi<string>): string[] => [
    'a string',
    // @ts-expect-error any string
    text,
    // @ts-expect-error any template
    `${text}`,
  ],
} as const;

describe('the sinks that tsc holds', () => {
  test('are seven', () => expect(Object.keys(sinks)).toHaveLength(7));
});
