import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Account } from '../account.ts';
import type { Invoker } from '../lambda/invoke.ts';
import type { LogEntry, Logs } from '../logs.ts';
import type { Resource } from '../template/resource.ts';
import { type LineFilter, lineFilter } from './filter-pattern.ts';

/** Lines of one delivery: CloudWatch Logs sends them together as they come. */
const MOST_LINES = 500;

interface Subscription {
  readonly name: string;
  readonly group: string;
  readonly functionArn: string;
  readonly fits: LineFilter;
}

export interface SubscriptionParts {
  readonly account: Account;
  readonly logs: Logs;
  readonly resources: readonly Resource[];
  /** Invokes a function asynchronously: tried again where it fails. */
  readonly invoke: (functionArn: string, text: string, invoker: Invoker) => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

/**
 * Every `AWS::Logs::SubscriptionFilter` of the template: lines of its group that fit its pattern go to its function, gzipped and in base64
 * (CloudWatch Logs user guide, "Log group-level subscription filters"). What was not delivered when the run ends is not sent later.
 */
export function followLogs(parts: SubscriptionParts): { close(): void } {
  const { resources, logs } = parts;
  const subscriptions = resources
    .filter(({ type }) => type === 'AWS::Logs::SubscriptionFilter')
    .map(subscriptionOf);
  const waiting = new Map<Subscription, LogEntry[]>();
  let flushing: NodeJS.Immediate | undefined;

  const flush = () => {
    flushing = undefined;
    for (const [subscription, entries] of waiting) {
      for (let from = 0; from < entries.length; from += MOST_LINES)
        void deliver(parts, subscription, entries.slice(from, from + MOST_LINES)).catch(parts.onFault);
    }
    waiting.clear();
  };
  const off = logs.on((group, entry) => {
    for (const subscription of subscriptions) {
      if (subscription.group !== group || !subscription.fits(entry.message)) continue;
      waiting.set(subscription, [...(waiting.get(subscription) ?? []), entry]);
      flushing ??= setImmediate(flush);
    }
  });
  return {
    close: () => {
      off();
      clearImmediate(flushing);
    },
  };
}

function subscriptionOf({ properties, ref, stack, logicalId }: Resource): Subscription {
  const { LogGroupName, FilterPattern, DestinationArn, ...others } = properties;
  const [odd] = Object.keys(others);
  const functionArn = String(DestinationArn);
  if (odd !== undefined || !functionArn.includes(':function:'))
    throw new Error(
      `${stack}.${logicalId}: the local run does not do ${odd ?? functionArn} of a subscription filter`,
    );
  return {
    name: ref,
    group: String(LogGroupName),
    functionArn,
    fits: lineFilter(String(FilterPattern ?? '')),
  };
}

async function deliver(
  { account, invoke }: SubscriptionParts,
  { name, group, functionArn }: Subscription,
  entries: readonly LogEntry[],
): Promise<void> {
  const message = {
    messageType: 'DATA_MESSAGE',
    owner: account.accountId,
    logGroup: group,
    logStream: entries[0]?.stream ?? '',
    subscriptionFilters: [name],
    logEvents: entries.map(({ timestamp, message }) => ({ id: randomUUID(), timestamp, message })),
  };
  const data = gzipSync(JSON.stringify(message)).toString('base64');
  const sourceArn = `arn:${account.partition}:logs:${account.region}:${account.accountId}:log-group:${group}:*`;
  await invoke(functionArn, JSON.stringify({ awslogs: { data } }), {
    service: 'logs.amazonaws.com',
    sourceArn,
  });
}
