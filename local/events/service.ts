import { z } from 'zod';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Authorization } from '../iam/policy.ts';
import { Recurrence } from '../scheduler/recurrence.ts';
import { StateFile } from '../state-file.ts';
import type { Resource } from '../template/resource.ts';
import { Buses } from './buses.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import { type Event, entriesIn, eventOf, facts, readEntry } from './put-events.ts';
import { type Rule, readRule, ruleTimetable } from './rule.ts';

/** By rule: its expression, since when it counts, and up to when its runs were made; milliseconds since the epoch. */
const State = z.record(
  z.string(),
  z.object({ expression: z.string(), startedAt: z.number(), doneUntil: z.number() }),
);

export interface EventBridgeOptions {
  readonly account: Account;
  readonly clock: Clock;
  readonly deliveries: Deliveries;
  /** Where it is kept how far each scheduled rule has come. */
  readonly stateFile: string;
}

/** Amazon EventBridge: buses and rules, which come from the template alone. */
export class EventBridgeService implements AwsService {
  readonly name = 'events';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AWSEvents';

  private readonly options: EventBridgeOptions;
  private readonly buses: Buses;
  private readonly rules: Rule[] = [];
  private readonly recurrences: Recurrence[] = [];
  private readonly file: StateFile<z.infer<typeof State>>;
  private readonly state: z.infer<typeof State>;

  constructor(options: EventBridgeOptions) {
    this.options = options;
    this.buses = new Buses(options.account);
    this.file = new StateFile(options.stateFile, State);
    this.state = this.file.read() ?? {};
  }

  addBus(resource: Resource): void {
    this.buses.addBus(resource);
  }

  addBusPolicy(resource: Resource): void {
    this.buses.addPolicy(resource);
  }

  /** Takes up an AWS::Events::Rule; throws for one that AWS, or the local run, would not make. */
  addRule(resource: Resource, resources: readonly Resource[]): void {
    const rule = readRule(resource, resources);
    if (!this.buses.has(rule.busName)) {
      throw new Error(
        `${resource.stack}.${resource.logicalId}: no event bus ${rule.busName} in the template`,
      );
    }
    this.rules.push(rule);
  }

  /** An event that an AWS service sends of its own accord, to the account's default bus. */
  announce(event: {
    source: string;
    detailType: string;
    resources: readonly string[];
    detail: unknown;
  }): void {
    const { account, clock } = this.options;
    this.hand(eventOf({ ...event, time: clock.now() }, account), 'default', undefined);
  }

  /** Starts the rules with a schedule. */
  start(): void {
    for (const rule of this.rules)
      if (rule.enabled && rule.expression !== undefined) this.follow(rule, rule.expression);
  }

  close(): void {
    for (const recurrence of this.recurrences) recurrence.stop();
  }

  /** `events:PutEvents` on the bus of each entry, with what the entry says of itself. */
  authorizations(call: Call): readonly Authorization[] {
    requirePutEvents(call);
    return entriesIn(call).map((entry) => {
      const { busName, source, detailType } = facts(entry);
      const policy = this.buses.policyOf(busName);
      return {
        action: 'events:PutEvents',
        resource: this.buses.arnOf(busName),
        context: {
          'events:source': source,
          'events:detail-type': detailType,
          'events:eventBusInvocation': 'false',
        },
        ...(policy ? { resourcePolicy: policy } : {}),
      };
    });
  }

  async handle(call: Call): Promise<Answer> {
    requirePutEvents(call);
    const { account, clock } = this.options;
    const entries = entriesIn(call).map((entry) => readEntry(entry, account, clock.now()));
    const traceId = call.headers['x-amzn-trace-id'];
    const results = entries.map((entry) => {
      if ('code' in entry) return { ErrorCode: entry.code, ErrorMessage: entry.message };
      this.hand(entry.event, entry.busName, traceId);
      return { EventId: entry.event.id };
    });
    const failed = entries.filter((entry) => 'code' in entry).length;
    return { body: { FailedEntryCount: failed, Entries: results } };
  }

  trail({ input, operation }: Call): TrailFacts {
    const entries: readonly unknown[] =
      operation === 'PutEvents' && Array.isArray(input.Entries) ? input.Entries : [];
    const shown = entries.map((entry) =>
      facts(typeof entry === 'object' && entry !== null ? (entry as Call['input']) : {}),
    );
    const buses = [...new Set(shown.map(({ busName }) => this.buses.arnOf(busName)))];
    return {
      category: 'Data',
      readOnly: false,
      resources: buses.map((arn) => ({ type: 'AWS::Events::EventBus', arn })),
      requestParameters: {
        entries: shown.map(({ busName, source, detailType }) => ({
          eventBusName: busName,
          source,
          detailType,
          detail: 'HIDDEN_DUE_TO_SECURITY_REASONS',
        })),
      },
    };
  }

  /** To every target of every rule of the bus that it fits; a bus that does not exist takes it and nobody hears of it. */
  private hand(event: Event, busName: string, traceId: string | undefined): void {
    for (const rule of this.rules) {
      if (!rule.enabled || rule.busName !== busName || !rule.matches?.(event)) continue;
      for (const delivery of this.deliveriesOf(event, rule, traceId))
        this.options.deliveries.add({ delivery });
    }
  }

  private deliveriesOf(event: Event, rule: Rule, traceId?: string): Delivery[] {
    const passed = { ruleArn: rule.arn, ruleName: rule.name, at: this.options.clock.now() };
    const sender = {
      service: 'events.amazonaws.com' as const,
      sourceArn: rule.arn,
      ...(traceId ? { traceId } : {}),
    };
    const original = JSON.stringify(event);
    return rule.targets.map(({ target, inputOf }) => ({
      target,
      text: inputOf(event, passed),
      original,
      sender,
    }));
  }

  private follow(rule: Rule, expression: string): void {
    const { clock, account } = this.options;
    const kept = this.state[rule.arn];
    const now = clock.now();
    const at = kept?.expression === expression ? kept : { expression, startedAt: now, doneUntil: now };
    const timetable = ruleTimetable(expression, at.startedAt);
    if (!timetable) throw new Error(`${rule.arn}: ${expression} is no schedule of a rule`);
    const note = (doneUntil: number) => {
      this.state[rule.arn] = { ...at, doneUntil };
      this.file.write(this.state);
    };
    note(at.doneUntil);
    const recurrence = new Recurrence({
      clock,
      timetable,
      doneUntil: at.doneUntil,
      onDue: (times, doneUntil) => {
        const events = times.map((time) => eventOf({ ...SCHEDULED, resources: [rule.arn], time }, account));
        const due = events.flatMap((event) => this.deliveriesOf(event, rule));
        this.options.deliveries.add(...due.map((delivery) => ({ delivery })));
        note(doneUntil);
      },
    });
    this.recurrences.push(recurrence);
    recurrence.start();
  }
}

/** User guide, "Creating a scheduled rule": the event of a rule's schedule. */
const SCHEDULED = { source: 'aws.events', detailType: 'Scheduled Event', detail: {} } as const;

function requirePutEvents({ operation }: Call): void {
  if (operation === 'PutEvents') return;
  throw new AwsError('UnknownOperationException', `the local event buses do not serve ${operation}`);
}
