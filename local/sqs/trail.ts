import type { Call, TrailFacts } from '../front-door/service.ts';

/** The call as CloudTrail logs it (SQS developer guide, "Logging Amazon SQS API calls"): no body, no attribute. */
export function trailOf(call: Call, queueArn: string | undefined): TrailFacts {
  const { operation, input } = call;
  return {
    category: MANAGEMENT.has(operation) ? 'Management' : 'Data',
    readOnly: READING.has(operation),
    resources: queueArn === undefined ? [] : [{ type: 'AWS::SQS::Queue', arn: queueArn }],
    requestParameters: {
      ...shown(input, SHOWN),
      ...(input.MessageBody === undefined ? {} : { messageBody: HIDDEN }),
      ...(Array.isArray(input.Entries) ? { entries: input.Entries.map(entry) } : {}),
    },
  };
}

const MANAGEMENT = new Set(['GetQueueAttributes', 'GetQueueUrl', 'PurgeQueue']);
const READING = new Set(['GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage']);
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const SHOWN = [
  'QueueUrl',
  'QueueName',
  'AttributeNames',
  'DelaySeconds',
  'MaxNumberOfMessages',
  'VisibilityTimeout',
  'WaitTimeSeconds',
  'ReceiptHandle',
];

function entry(given: unknown): Record<string, unknown> {
  const input = typeof given === 'object' && given !== null ? (given as Call['input']) : {};
  return {
    ...shown(input, ['Id', 'DelaySeconds', 'ReceiptHandle', 'VisibilityTimeout']),
    ...(input.MessageBody === undefined ? {} : { messageBody: HIDDEN }),
  };
}

function shown(input: Call['input'], members: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    members
      .filter((name) => input[name] !== undefined)
      .map((name) => [name.charAt(0).toLowerCase() + name.slice(1), input[name]]),
  );
}
