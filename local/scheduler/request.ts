import type { Call } from '../front-door/service.ts';
import { invalid } from './schedule.ts';
import type { Entry } from './schedule-book.ts';

const BY_NAME: Readonly<Record<string, string>> = {
  POST: 'Create',
  GET: 'Get',
  PUT: 'Update',
  DELETE: 'Delete',
};

/** The operation that a method and a path mean (Scheduler API reference). */
export function operationIn(method: string, path: string): string | undefined {
  if (path === '/schedules' && method === 'GET') return 'ListSchedules';
  if (path === '/schedule-groups' && method === 'GET') return 'ListScheduleGroups';
  const [, collection, name] = /^\/(schedules|schedule-groups)\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined || (collection === 'schedule-groups' && method === 'PUT')) return undefined;
  const verb = BY_NAME[method];
  return verb && `${verb}${collection === 'schedules' ? 'Schedule' : 'ScheduleGroup'}`;
}

/** The schedule's or group's name, which stands in the path. */
export function nameIn({ path }: Call): string {
  const name = path.split('/')[2] ?? '';
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw invalid(
    `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9a-zA-Z-_.]+`,
  );
}

export function textIn(input: Call['input'], name: string): string | undefined {
  const value = input[name];
  return typeof value === 'string' ? value : undefined;
}

/** A schedule as GetSchedule shows it; dates are seconds since the epoch. */
export function shown({ name, group, schedule, createdAt, changedAt }: Entry) {
  const { StartDate, EndDate, ...rest } = schedule;
  return {
    ...rest,
    Name: name,
    GroupName: group,
    CreationDate: createdAt / 1000,
    LastModificationDate: changedAt / 1000,
    ...(StartDate === undefined ? {} : { StartDate: StartDate / 1000 }),
    ...(EndDate === undefined ? {} : { EndDate: EndDate / 1000 }),
  };
}

/** One page of a list, as long as `MaxResults` asks, and where the next one begins. */
export function asPage<T>(
  query: URLSearchParams,
  member: string,
  all: readonly T[],
  show: (one: T) => unknown,
) {
  const most = Number(query.get('MaxResults') ?? 100);
  if (!(most >= 1 && most <= 100)) throw invalid('MaxResults must be between 1 and 100.');
  const from = Number(query.get('NextToken') ?? 0);
  if (!Number.isInteger(from)) throw invalid('Invalid NextToken.');
  const to = from + most;
  return {
    [member]: all.slice(from, to).map(show),
    ...(to < all.length ? { NextToken: String(to) } : {}),
  };
}
