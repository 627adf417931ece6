import { AwsError, type Call } from '../front-door/service.ts';
import { invalid, invalidReceipt, missing } from './errors.ts';
import { attributesDigest, bodyDigest, type Message, systemAttributesOf } from './message.ts';
import type { Queue, Received } from './queue.ts';
import { entries, names, text, whole } from './request.ts';
import { attempt, settled } from './sending.ts';

/** ReceiveMessage: at once, or as soon as there is something within the seconds that the caller, or the queue, waits. */
export async function receive(queue: Queue, { input }: Call, closing: AbortSignal): Promise<unknown> {
  const most = whole(input, 'MaxNumberOfMessages', 1, 10) ?? 1;
  const visibility = whole(input, 'VisibilityTimeout', 0, 43_200);
  const seconds = whole(input, 'WaitTimeSeconds', 0, 20) ?? queue.settings.waitSeconds;
  const givenUp = performance.now() + seconds * 1000; // whoever waits on a connection waits in real time

  let received = queue.receive(most, visibility);
  while (received.length === 0 && !closing.aborted) {
    const left = givenUp - performance.now();
    if (left <= 0) break;
    await somethingVisible(queue, left, closing);
    received = queue.receive(most, visibility);
  }
  return received.length === 0 ? {} : { Messages: received.map((one) => shown(one, input)) };
}

/** DeleteMessage. */
export function deleteOne(queue: Queue, { input }: Call): unknown {
  const handle = text(input, 'ReceiptHandle');
  if (!queue.delete(handle)) throw invalidReceipt(handle);
  return {};
}

/** DeleteMessageBatch. */
export function deleteBatch(queue: Queue, call: Call): unknown {
  return forEach(call, (entry) => deleteOne(queue, { ...call, input: entry }));
}

/** ChangeMessageVisibility. */
export function changeOne(queue: Queue, { input }: Call): unknown {
  const handle = text(input, 'ReceiptHandle');
  const seconds = whole(input, 'VisibilityTimeout', 0, 43_200);
  if (seconds === undefined) throw missing('VisibilityTimeout');
  const outcome = queue.changeVisibility(handle, seconds);
  if (outcome === 'unknown') throw invalidReceipt(handle);
  if (outcome === 'not-in-flight') {
    const reason = 'Message does not exist or is not available for visibility timeout change.';
    throw invalid(handle, 'ReceiptHandle', reason);
  }
  if (outcome === 'too-long') {
    const reason = 'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].';
    throw invalid(seconds, 'VisibilityTimeout', reason);
  }
  return {};
}

/** ChangeMessageVisibilityBatch. */
export function changeBatch(queue: Queue, call: Call): unknown {
  return forEach(call, (entry) => changeOne(queue, { ...call, input: entry }));
}

function forEach(call: Call, work: (entry: Call['input']) => unknown): unknown {
  return settled(
    entries(call.input).map(({ id, entry }) => {
      const outcome = attempt(() => work(entry));
      return { id, outcome: outcome instanceof AwsError ? outcome : {} };
    }),
  );
}

function somethingVisible(queue: Queue, milliseconds: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      off();
      closing.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    const off = queue.onVisible(done);
    closing.addEventListener('abort', done);
  });
}

function shown({ message, receiptHandle }: Received, input: Call['input']): unknown {
  const system = names(input, 'AttributeNames', 'MessageSystemAttributeNames');
  const wanted = Object.entries(systemAttributesOf(message)).filter(
    ([name]) => system.includes('All') || system.includes(name),
  );
  const attributes = picked(message, names(input, 'MessageAttributeNames'));
  const digest = attributesDigest(attributes);
  return {
    MessageId: message.id,
    ReceiptHandle: receiptHandle,
    MD5OfBody: bodyDigest(message.body),
    Body: message.body,
    ...(wanted.length === 0 ? {} : { Attributes: Object.fromEntries(wanted) }),
    ...(digest === undefined ? {} : { MD5OfMessageAttributes: digest, MessageAttributes: attributes }),
  };
}

/** By name, by prefix (`foo.*`), or all of them (`All`, `.*`). */
function picked(message: Message, asked: readonly string[]): Message['attributes'] {
  const wants = (name: string) =>
    asked.some(
      (one) => one === name || one === 'All' || (one.endsWith('.*') && name.startsWith(one.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(message.attributes).filter(([name]) => wants(name)));
}
