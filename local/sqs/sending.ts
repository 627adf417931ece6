import { AwsError, type Call } from '../front-door/service.ts';
import { identityOf } from '../iam/identity.ts';
import type { Principal } from '../iam/policy.ts';
import { invalidValue } from './errors.ts';
import { attributesDigest, bodyDigest, type Message, sizeOf } from './message.ts';
import type { Queue, Sent } from './queue.ts';
import { body, entries, messageAttributes, traceHeader, whole } from './request.ts';

/** SendMessage. */
export function sendOne(queue: Queue, call: Call): unknown {
  return answerTo(queue.send(sentIn(call.input, queue, senderIdOf(call.principal))));
}

/** SendMessageBatch: what is wrong with one entry does not stop the others. */
export function sendBatch(queue: Queue, call: Call): unknown {
  const read = entries(call.input).map(({ id, entry }) => ({
    id,
    sent: attempt(() => sentIn(entry, queue, senderIdOf(call.principal))),
  }));
  const bytes = read.reduce(
    (sum, { sent }) => sum + (sent instanceof AwsError ? 0 : sizeOf(sent.body, sent.attributes ?? {})),
    0,
  );
  if (bytes > LARGEST_BATCH_BYTES) {
    throw new AwsError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${LARGEST_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  }
  return settled(
    read.map(({ id, sent }) => ({
      id,
      outcome: sent instanceof AwsError ? sent : answerTo(queue.send(sent)),
    })),
  );
}

/** A batch's answer: each entry's by its id, errors beside successes. */
export function settled(outcomes: readonly { id: string; outcome: object | AwsError }[]): unknown {
  const failed = outcomes.filter(({ outcome }) => outcome instanceof AwsError);
  return {
    Successful: outcomes
      .filter(({ outcome }) => !(outcome instanceof AwsError))
      .map(({ id, outcome }) => ({ Id: id, ...outcome })),
    ...(failed.length === 0
      ? {}
      : { Failed: failed.map(({ id, outcome }) => ({ Id: id, ...failureOf(outcome as AwsError) })) }),
  };
}

export function attempt<T>(work: () => T): T | AwsError {
  try {
    return work();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

/** Who sent a message: `AROA…:session` or `AIDA…` (SQS API reference, ReceiveMessage, SenderId). */
export function senderIdOf(principal: Principal | undefined): string {
  if (!principal) return 'Anonymous';
  const identity = identityOf(principal);
  return identity.type === 'AssumedRole' ? `${identity.id}:${identity.session}` : identity.id;
}

/** SQS quotas, "Message batch size". */
const LARGEST_BATCH_BYTES = 1_048_576;

function sentIn(input: Call['input'], queue: Queue, senderId: string): Sent {
  for (const name of ['MessageDeduplicationId', 'MessageGroupId']) {
    if (input[name] === undefined) continue;
    throw invalidValue(`The request include parameter that is not valid for this queue type: ${name}`);
  }
  const text = body(input);
  const attributes = messageAttributes(input);
  const limit = queue.settings.maximumMessageBytes;
  if (sizeOf(text, attributes) > limit) {
    throw invalidValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    );
  }
  const delaySeconds = whole(input, 'DelaySeconds', 0, 900);
  const trace = traceHeader(input);
  return {
    body: text,
    attributes,
    senderId,
    ...(trace === undefined ? {} : { traceHeader: trace }),
    ...(delaySeconds === undefined ? {} : { delaySeconds }),
  };
}

function answerTo(message: Message): object {
  const digest = attributesDigest(message.attributes);
  return {
    MessageId: message.id,
    MD5OfMessageBody: bodyDigest(message.body),
    ...(digest === undefined ? {} : { MD5OfMessageAttributes: digest }),
  };
}

function failureOf(error: AwsError): object {
  return {
    Code: error.code.replace(/^.*#/, '').replace(/Exception$/, ''),
    Message: error.message,
    SenderFault: true,
  };
}
