import { expect, test } from 'vitest';
import { filterOf } from '../../../local/event-sources/filter.ts';
import { mappingOf } from '../../../local/event-sources/mapping.ts';
import { functionArn, mappingResource } from './sources.ts';

const streamArn = 'arn:aws:dynamodb:us-east-1:111122223333:table/T/stream/2026-01-01T00:00:00.000';
const queueArn = 'arn:aws:sqs:us-east-1:111122223333:q';
const target = {
  arn: functionArn,
  name: 'reader',
  timeoutSeconds: 3,
  principal: { arn: functionArn, identityArn: functionArn, accountId: '111122223333', policies: [] },
};

test.each([
  [{ EventSourceArn: 'arn:aws:kinesis:us-east-1:111122223333:stream/s' }, /reads arn:aws:kinesis/],
  [{ EventSourceArn: streamArn }, /starts at undefined/],
  [{ EventSourceArn: streamArn, StartingPosition: 'AT_TIMESTAMP' }, /starts at AT_TIMESTAMP/],
  [
    { EventSourceArn: streamArn, StartingPosition: 'LATEST', ParallelizationFactor: 2 },
    /ParallelizationFactor/,
  ],
  [{ EventSourceArn: streamArn, StartingPosition: 'LATEST', TumblingWindowInSeconds: 9 }, /TumblingWindow/],
  [{ EventSourceArn: streamArn, StartingPosition: 'LATEST', BatchSize: 10_001 }, /BatchSize to 10001/],
  [{ EventSourceArn: streamArn, StartingPosition: 'LATEST', MaximumRecordAgeInSeconds: 59 }, /RecordAge/],
  [
    {
      EventSourceArn: streamArn,
      StartingPosition: 'LATEST',
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:sns:us-east-1:111122223333:t' } },
    },
    /arn:aws:sns/,
  ],
  [{ EventSourceArn: queueArn, BatchSize: 11 }, /BatchSize above 10/],
  [{ EventSourceArn: queueArn, MaximumRetryAttempts: 1 }, /MaximumRetryAttempts, which .* for a queue/],
  [{ EventSourceArn: queueArn, ProvisionedPollerConfig: {} }, /ProvisionedPollerConfig/],
  [
    {
      EventSourceArn: queueArn,
      FilterCriteria: { Filters: [{ Pattern: '{"body":[{"cidr":"10.0.0.0/8"}]}' }] },
    },
    /uses the operator cidr, which the local run does not know/,
  ],
  [
    {
      EventSourceArn: queueArn,
      FilterCriteria: { Filters: [{ Pattern: '{"a":[{"anything-but":{"prefix":"x"}}]}' }] },
    },
    /gives anything-but something else than strings or numbers/,
  ],
])('a mapping with %j is refused by name', (properties, sentence) => {
  expect(() => mappingOf(mappingResource(properties), target)).toThrow(sentence);
  expect(() => mappingOf(mappingResource(properties), target)).toThrow(/Stack\.Mapping/);
});

const event = {
  kind: 'message.text',
  size: 5,
  tags: ['a', 'b'],
  image: { pk: { S: 'C#1' } },
  none: null,
  empty: '',
};

test.each([
  ['{"kind":["message.text"]}', true],
  ['{"kind":["message.image","message.text"]}', true],
  ['{"kind":["message.image"]}', false],
  ['{"kind":["message.text"],"size":[6]}', false],
  ['{"size":["5"]}', false],
  ['{"tags":["b"]}', true],
  ['{"tags":[{"anything-but":["a"]}]}', true],
  ['{"image":{"pk":{"S":[{"prefix":"C#"}]}}}', true],
  ['{"image":{"pk":{"S":[{"prefix":"P#"}]}}}', false],
  ['{"kind":[{"suffix":".text"}]}', true],
  ['{"kind":[{"equals-ignore-case":"MESSAGE.TEXT"}]}', true],
  ['{"kind":[{"anything-but":["message.text"]}]}', false],
  ['{"missing":[{"anything-but":["x"]}]}', false],
  ['{"size":[{"numeric":["=",5]}]}', true],
  ['{"size":[{"numeric":[">",5,"<",9]}]}', false],
  ['{"kind":[{"numeric":[">",0]}]}', false],
  ['{"kind":[{"exists":true}]}', true],
  ['{"kind":[{"exists":false}]}', false],
  ['{"missing":[{"exists":false}]}', true],
  ['{"old":{"pk":{"S":[{"exists":false}]}}}', true],
  ['{"none":[null]}', true],
  ['{"empty":[""]}', true],
  ['{"$or":[{"kind":["x"]},{"size":[5]}]}', true],
])('the pattern %s fits: %s', (pattern, fits) => {
  expect(filterOf([pattern], 'Stack.Mapping')(event)).toBe(fits);
});

test('one fitting pattern of several is enough', () => {
  expect(filterOf(['{"kind":["x"]}', '{"size":[5]}'], 'Stack.Mapping')(event)).toBe(true);
  expect(filterOf(['{"kind":["x"]}', '{"size":[6]}'], 'Stack.Mapping')(event)).toBe(false);
});
