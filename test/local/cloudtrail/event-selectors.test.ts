import { describe, expect, test } from 'vitest';
import { advanced, basic, EventSelectors } from '../../../local/cloudtrail/event-selectors.ts';
import type { TrailEvent } from '../../../local/front-door/trail.ts';

const door = 'arn:aws:sts::111122223333:assumed-role/App-Door-1/work';
const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/People';
const read = event('Data', 'dynamodb.amazonaws.com', 'GetItem', door, ['AWS::DynamoDB::Table', table]);
const of = (arn: string | undefined) => ({ ...read, userIdentity: arn === undefined ? {} : { arn } });
const data = [
  field('eventCategory', { Equals: ['Data'] }),
  field('resources.type', { Equals: ['AWS::DynamoDB::Table'] }),
];
const taken = (event: TrailEvent, ...more: ReturnType<typeof field>[]) =>
  advanced([{ FieldSelectors: [...data, ...more] }], 'T')(event);

describe('advanced selectors', () => {
  const outsiders = field('userIdentity.arn', {
    NotStartsWith: ['arn:aws:sts::111122223333:assumed-role/App-'],
  });

  test('take of a table’s events those of everybody but the app’s own roles', () => {
    expect(taken(of(door), outsiders)).toBe(false);
    expect(taken(of('arn:aws:iam::111122223333:user/eve'), outsiders)).toBe(true);
    expect(taken(of('arn:aws:sts::111122223333:assumed-role/Not-App-Door/x'), outsiders)).toBe(true);
    expect(taken(of(undefined), outsiders)).toBe(true);
  });

  test('take by ARN only what has it, and what selects is alternatives while what deselects is not', () => {
    expect(taken(read, field('resources.ARN', { Equals: [table, 'other'] }))).toBe(true);
    expect(taken(read, field('resources.ARN', { Equals: [`${table}2`] }))).toBe(false);
    expect(taken(read, field('eventName', { Equals: ['PutItem'], StartsWith: ['Get'] }))).toBe(true);
    expect(taken(read, field('eventName', { StartsWith: ['Get'], NotEndsWith: ['Item'] }))).toBe(false);
    expect(taken(of(undefined), field('userIdentity.arn', { StartsWith: ['arn:'] }))).toBe(false);
    expect(taken(event('Management', 'kms.amazonaws.com', 'Decrypt', door))).toBe(false);
  });

  test.each([
    [
      'a field that trails do not know',
      [...data, field('sourceIPAddress', { Equals: ['x'] })],
      /field sourceIPAddress/,
    ],
    ['a category that there is not', [field('eventCategory', { Equals: ['Insight'] })], /eventCategory/],
    ['data of no type', [field('eventCategory', { Equals: ['Data'] })], /resources.type must equal one type/],
    [
      'a pattern for a type',
      [data[0], field('resources.type', { StartsWith: ['AWS::S3'] })],
      /takes Equals alone/,
    ],
    [
      'a person among management events',
      [field('eventCategory', { Equals: ['Management'] }), outsiders],
      /field userIdentity.arn/,
    ],
  ])('refuse %s', (_, FieldSelectors, message) => {
    expect(() => advanced([{ FieldSelectors: FieldSelectors as never }], 'T')).toThrow(message);
  });
});

test('basic selectors take management events, and data by what an ARN begins with', () => {
  const selects = basic(
    EventSelectors.parse([
      {
        ...{
          IncludeManagementEvents: true,
          ReadWriteType: 'WriteOnly',
          ExcludeManagementEventSources: ['kms.amazonaws.com'],
        },
        DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3:::files/'] }],
      },
    ]),
  );
  const put = event(
    'Data',
    's3.amazonaws.com',
    'PutObject',
    door,
    ['AWS::S3::Object', 'arn:aws:s3:::files/a'],
    false,
  );
  expect(selects(put)).toBe(true);
  expect(selects({ ...put, readOnly: true })).toBe(false);
  expect(
    selects({
      ...put,
      resources: [{ accountId: '1', type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::other/a' }],
    }),
  ).toBe(false);
  expect(selects(event('Management', 'kms.amazonaws.com', 'Encrypt', door, undefined, false))).toBe(false);
  expect(selects(event('Management', 'iam.amazonaws.com', 'CreateRole', door, undefined, false))).toBe(true);
});

function field(Field: string, operators: Record<string, string[]>) {
  return { Field, ...operators };
}

function event(
  eventCategory: 'Management' | 'Data',
  eventSource: string,
  eventName: string,
  arn: string,
  resource?: readonly [type: string, arn: string],
  readOnly = true,
): TrailEvent {
  const resources = resource && [{ accountId: '111122223333', type: resource[0], ARN: resource[1] }];
  return {
    ...{ eventCategory, eventSource, eventName, readOnly, userIdentity: { type: 'AssumedRole', arn } },
    ...(resources && { resources }),
  } as unknown as TrailEvent;
}
