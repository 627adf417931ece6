import * as z from 'zod';
import type { TrailEvent } from '../front-door/trail.ts';

/** Whether a trail takes an event. */
export type Selects = (event: TrailEvent) => boolean;

const values = z.array(z.string()).min(1);
const FieldSelector = z.strictObject({
  Field: z.string(),
  Equals: values.optional(),
  StartsWith: values.optional(),
  EndsWith: values.optional(),
  NotEquals: values.optional(),
  NotStartsWith: values.optional(),
  NotEndsWith: values.optional(),
});
type FieldSelector = z.infer<typeof FieldSelector>;

export const AdvancedEventSelectors = z.array(
  z.strictObject({ Name: z.string().max(1000).optional(), FieldSelectors: z.array(FieldSelector).min(1) }),
);
export const EventSelectors = z
  .array(
    z.strictObject({
      IncludeManagementEvents: z.stringbool().or(z.boolean()).default(true),
      ReadWriteType: z.enum(['All', 'ReadOnly', 'WriteOnly']).default('All'),
      DataResources: z.array(z.strictObject({ Type: z.string(), Values: z.array(z.string()) })).default([]),
      ExcludeManagementEventSources: z.array(z.string()).default([]),
    }),
  )
  .max(5);

/** Fields that a trail's advanced selectors may name, by category (CloudTrail API reference, "AdvancedFieldSelector"). */
const fields: Readonly<Record<string, readonly string[]>> = {
  Management: ['eventCategory', 'eventSource', 'readOnly'],
  Data: [
    ...['eventCategory', 'eventName', 'eventSource', 'eventType', 'readOnly', 'resources.type'],
    ...['resources.ARN', 'userIdentity.arn'],
  ],
};
const only: Readonly<Record<string, readonly string[]>> = {
  eventCategory: ['Management', 'Data'],
  readOnly: ['true', 'false'],
};

/** Reads advanced selectors; throws, by name, for what CloudTrail refuses. An event is taken by any selector. */
export function advanced(given: z.infer<typeof AdvancedEventSelectors>, where: string): Selects {
  const selectors = given.map(({ FieldSelectors }) => selectorOf(FieldSelectors, where));
  return (event) => selectors.some((selects) => selects(event));
}

/** Reads basic selectors. Of data, a value is an ARN or what ARNs begin with. */
export function basic(given: z.infer<typeof EventSelectors>): Selects {
  const selectors = given.map((selector): Selects => {
    const { ReadWriteType, DataResources, ExcludeManagementEventSources: excluded } = selector;
    return (event) => {
      if (ReadWriteType !== 'All' && event.readOnly !== (ReadWriteType === 'ReadOnly')) return false;
      if (event.eventCategory === 'Management')
        return selector.IncludeManagementEvents && !excluded.includes(event.eventSource);
      return DataResources.some(({ Type, Values }) =>
        (event.resources ?? []).some(
          ({ type, ARN }) => type === Type && Values.some((value) => ARN.startsWith(value)),
        ),
      );
    };
  });
  return (event) => selectors.some((selects) => selects(event));
}

/** What a trail without selectors takes. */
export const everyManagementEvent: Selects = ({ eventCategory }) => eventCategory === 'Management';

function selectorOf(selectors: readonly FieldSelector[], where: string): Selects {
  const refuse = (why: string): never => {
    throw new Error(`${where}: InvalidEventSelectorsException: ${why}`);
  };
  const of = (field: string) => selectors.find(({ Field }) => Field === field);
  const category = of('eventCategory')?.Equals?.[0] ?? '';
  const known = fields[category] ?? refuse('eventCategory must be set to Equals Management or Data');
  for (const selector of selectors) check(selector, known, refuse);
  if (category === 'Data' && of('resources.type')?.Equals?.length !== 1)
    refuse('resources.type must equal one type');
  const tests = selectors.filter(({ Field }) => !Field.startsWith('resources.')).map(testOf);
  const type = of('resources.type')?.Equals?.[0];
  const arn = of('resources.ARN');
  return (event) =>
    tests.every((holds) => holds(event)) &&
    (type === undefined ||
      (event.resources ?? []).some((one) => one.type === type && (!arn || fits(arn, one.ARN))));
}

function check(selector: FieldSelector, known: readonly string[], refuse: (why: string) => never): void {
  const { Field, Equals, ...others } = selector;
  if (!known.includes(Field)) refuse(`the field ${Field} cannot be selected by`);
  const hasOthers = Object.values(others).some((one) => one !== undefined);
  const exact = only[Field] !== undefined || Field === 'resources.type';
  if (exact && (hasOthers || !Equals)) refuse(`${Field} takes Equals alone`);
  if (Equals?.some((value) => only[Field]?.includes(value) === false)) refuse(`${Field} cannot be ${Equals}`);
  const isManagement = known === fields.Management;
  const excludable = ['kms.amazonaws.com', 'rdsdata.amazonaws.com'];
  if (isManagement && Field === 'eventSource' && !others.NotEquals?.every((one) => excludable.includes(one)))
    refuse('eventSource of management events takes NotEquals kms.amazonaws.com or rdsdata.amazonaws.com');
  if (!Equals && !hasOthers) refuse(`${Field} has no operator`);
}

function testOf(selector: FieldSelector): Selects {
  return (event) => fits(selector, fieldOf(event, selector.Field));
}

function fieldOf(event: TrailEvent, field: string): string | undefined {
  if (field === 'readOnly') return String(event.readOnly);
  if (field === 'userIdentity.arn') {
    const { arn } = event.userIdentity;
    return typeof arn === 'string' ? arn : undefined;
  }
  const value = event[field as 'eventName' | 'eventSource' | 'eventType' | 'eventCategory'];
  return value;
}

/**
 * CloudTrail user guide, "How CloudTrail evaluates multiple conditions for a field": of what selects, one is enough; of what
 * deselects, none may apply. An event without the field fits what deselects alone.
 */
function fits(selector: FieldSelector, value: string | undefined): boolean {
  const { Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith } = selector;
  const any = (wanted: readonly string[] | undefined, holds: (value: string, one: string) => boolean) =>
    value !== undefined && (wanted ?? []).some((one) => holds(value, one));
  const equals = (text: string, one: string) => text === one;
  const starts = (text: string, one: string) => text.startsWith(one);
  const ends = (text: string, one: string) => text.endsWith(one);
  if (any(NotEquals, equals) || any(NotStartsWith, starts) || any(NotEndsWith, ends)) return false;
  if (!Equals && !StartsWith && !EndsWith) return true;
  return any(Equals, equals) || any(StartsWith, starts) || any(EndsWith, ends);
}
