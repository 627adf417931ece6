import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Deliveries } from '../events/deliveries.ts';
import { requireReachable } from '../events/target.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Authorization } from '../iam/policy.ts';
import type { Resource } from '../template/resource.ts';
import { asPage, nameIn, operationIn, shown, textIn } from './request.ts';
import { Runner } from './runner.ts';
import { invalid, readSchedule, type Schedule, scheduleTarget } from './schedule.ts';
import { ScheduleBook } from './schedule-book.ts';

export interface SchedulerOptions {
  readonly account: Account;
  readonly clock: Clock;
  readonly deliveries: Deliveries;
  /** Where groups, schedules and how far each has come are kept. */
  readonly stateFile: string;
  /** Throws where the role does not let Scheduler work as it for this schedule. */
  readonly requireTrust: (roleArn: string, scheduleArn: string) => void;
}

/** Amazon EventBridge Scheduler: schedules of the template and of its API. */
export class SchedulerService implements AwsService {
  readonly name = 'scheduler';
  readonly protocol = 'rest';

  private readonly options: SchedulerOptions;
  private readonly book: ScheduleBook;
  private readonly runner: Runner;
  private readonly ofTemplate = new Set<string>();

  constructor(options: SchedulerOptions) {
    this.options = options;
    const { account, clock, deliveries } = options;
    this.book = new ScheduleBook(account, options.stateFile);
    this.runner = new Runner({ account, clock, deliveries, book: this.book });
  }

  addGroup({ ref }: Resource): void {
    this.book.addGroup(ref, this.options.clock.now());
  }

  /**
   * Takes up an AWS::Scheduler::Schedule; throws for one that AWS, or the local run, would not make. What a call made of it
   * in an earlier run stays until the template says something new.
   */
  addSchedule({ stack, logicalId, properties, ref: name }: Resource, resources: readonly Resource[]): void {
    const where = `${stack}.${logicalId} (AWS::Scheduler::Schedule)`;
    const { Name: _, GroupName: group = 'default', ...asked } = properties;
    try {
      this.book.requireGroup(String(group));
      const schedule = readSchedule(asked);
      const scheduleArn = this.book.arnOf(String(group), name);
      requireReachable(scheduleTarget(schedule), resources, where);
      this.options.requireTrust(schedule.Target.RoleArn, scheduleArn);
      this.ofTemplate.add(scheduleArn);
      if (this.book.isChanged(String(group), name, schedule)) this.put(String(group), name, schedule);
    } catch (error) {
      if (error instanceof AwsError) throw new Error(`${where}: ${error.message}`);
      throw error;
    }
  }

  /** Starts every schedule; those that an earlier template had are gone. */
  start(): void {
    this.book.keepOnly(this.ofTemplate);
    for (const entry of this.book.list()) this.runner.follow(entry);
  }

  close(): void {
    this.runner.close();
  }

  operationOf(method: string, path: string): string | undefined {
    return operationIn(method, path);
  }

  /** On the schedule or the group; who hands a role over must be allowed to (`iam:PassRole`). */
  authorizations(call: Call): readonly Authorization[] {
    const onResource: Authorization = {
      action: `scheduler:${call.operation}`,
      resource: this.resourceOf(call),
    };
    const roleArn = (call.input.Target as { RoleArn?: unknown } | undefined)?.RoleArn;
    if (typeof roleArn !== 'string') return [onResource];
    const context = { 'iam:PassedToService': 'scheduler.amazonaws.com' };
    return [onResource, { action: 'iam:PassRole', resource: roleArn, context }];
  }

  async handle(call: Call): Promise<Answer> {
    const work = Object.hasOwn(this.operations, call.operation) ? this.operations[call.operation] : undefined;
    if (work) return { body: work(call) };
    throw new AwsError(
      'UnknownOperationException',
      `the local schedules do not serve ${call.operation}`,
      404,
    );
  }

  trail(call: Call): TrailFacts {
    const { operation } = call;
    const resource = this.resourceOf(call);
    const type = operation.includes('Group') ? 'AWS::Scheduler::ScheduleGroup' : 'AWS::Scheduler::Schedule';
    return {
      category: 'Management',
      readOnly: /^(Get|List)/.test(operation),
      resources: resource === '*' ? [] : [{ type, arn: resource }],
      requestParameters: {
        ...(operation.startsWith('List') ? {} : { name: nameIn(call) }),
        ...(groupIn(call) === undefined ? {} : { groupName: groupIn(call) }),
      },
    };
  }

  private readonly operations: Readonly<Record<string, (call: Call) => unknown>> = {
    CreateSchedule: (call) => {
      const [group, name, schedule] = this.asked(call);
      const token = textIn(call.input, 'ClientToken');
      const known = this.book.find(group, name);
      if (known && (token === undefined || known.clientToken !== token)) {
        throw new AwsError('ConflictException', `Schedule ${name} already exists.`, 409);
      }
      if (!known) this.runner.follow(this.put(group, name, schedule, token));
      return { ScheduleArn: this.book.arnOf(group, name) };
    },
    UpdateSchedule: (call) => {
      const [group, name, schedule] = this.asked(call);
      const { createdAt, clientToken } = this.book.require(group, name);
      this.runner.follow(this.put(group, name, schedule, clientToken, createdAt));
      return { ScheduleArn: this.book.arnOf(group, name) };
    },
    GetSchedule: (call) => {
      const entry = this.book.require(groupIn(call) ?? 'default', nameIn(call));
      return { Arn: this.book.arnOf(entry.group, entry.name), ...shown(entry) };
    },
    DeleteSchedule: (call) => {
      const entry = this.book.require(groupIn(call) ?? 'default', nameIn(call));
      this.runner.forget(entry);
      this.book.remove(entry);
      return {};
    },
    ListSchedules: ({ query }) => {
      const [group, prefix, state] = ['ScheduleGroup', 'NamePrefix', 'State'].map((name) => query.get(name));
      const found = this.book
        .list()
        .filter((entry) => !group || entry.group === group)
        .filter((entry) => !prefix || entry.name.startsWith(prefix))
        .filter((entry) => !state || entry.schedule.State === state)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return asPage(query, 'Schedules', found, (entry) => {
        const { Name, GroupName, State, CreationDate, LastModificationDate, Target } = shown(entry);
        const Arn = this.book.arnOf(entry.group, entry.name);
        return {
          Arn,
          Name,
          GroupName,
          State,
          CreationDate,
          LastModificationDate,
          Target: { Arn: Target.Arn },
        };
      });
    },
    CreateScheduleGroup: (call) => {
      const name = nameIn(call);
      if (Object.hasOwn(this.book.groups(), name)) {
        throw new AwsError('ConflictException', `Schedule group ${name} already exists.`, 409);
      }
      this.book.addGroup(name, this.options.clock.now());
      return { ScheduleGroupArn: this.book.groupArn(name) };
    },
    GetScheduleGroup: (call) => this.shownGroup(nameIn(call)),
    DeleteScheduleGroup: (call) => {
      const name = nameIn(call);
      if (name === 'default') throw invalid('The default schedule group cannot be deleted.');
      this.book.requireGroup(name);
      for (const entry of this.book.list()) if (entry.group === name) this.runner.forget(entry);
      this.book.removeGroup(name);
      return {};
    },
    ListScheduleGroups: ({ query }) => {
      const prefix = query.get('NamePrefix') ?? '';
      const found = Object.keys(this.book.groups()).filter((name) => name.startsWith(prefix));
      return asPage(query, 'ScheduleGroups', found, (name) => this.shownGroup(name));
    },
  };

  private shownGroup(name: string) {
    this.book.requireGroup(name);
    const at = (this.book.groups()[name]?.createdAt ?? 0) / 1000;
    return {
      Arn: this.book.groupArn(name),
      Name: name,
      State: 'ACTIVE',
      CreationDate: at,
      LastModificationDate: at,
    };
  }

  private asked(call: Call): [group: string, name: string, schedule: Schedule] {
    const { GroupName: _group, ClientToken: _token, Name: _name, ...given } = call.input;
    const [group, name] = [groupIn(call) ?? 'default', nameIn(call)];
    this.book.requireGroup(group);
    const schedule = readSchedule(given);
    try {
      this.options.requireTrust(schedule.Target.RoleArn, this.book.arnOf(group, name));
    } catch {
      throw invalid(
        'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
      );
    }
    return [group, name, schedule];
  }

  /** What is due at this very moment is still to be made: a rate without a StartDate begins at once. */
  private put(group: string, name: string, schedule: Schedule, clientToken?: string, createdAt?: number) {
    const now = this.options.clock.now();
    const entry = {
      ...{ name, group, schedule, createdAt: createdAt ?? now, changedAt: now, doneUntil: now - 1 },
      ...(clientToken === undefined ? {} : { clientToken }),
    };
    this.book.put(entry);
    return entry;
  }

  private resourceOf(call: Call): string {
    if (call.operation.startsWith('List')) return '*';
    if (call.operation.includes('Group')) return this.book.groupArn(nameIn(call));
    return this.book.arnOf(groupIn(call) ?? 'default', nameIn(call));
  }
}

/** In the body of a call that writes, in the query of one that reads or deletes. */
function groupIn({ input, query }: Call): string | undefined {
  return textIn(input, 'GroupName') ?? query.get('groupName') ?? query.get('GroupName') ?? undefined;
}
