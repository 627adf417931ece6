import { z } from 'zod';
import { type Target, targetOf, targetShape } from '../events/target.ts';
import { AwsError } from '../front-door/service.ts';
import { readTimetable, type Timetable } from './expression.ts';
import { isTimeZone } from './zone.ts';

/** ISO 8601 in a template, seconds since the epoch in a call; milliseconds since the epoch here. */
const date = z
  .union([
    z.number().transform((seconds) => seconds * 1000),
    z.string().transform((text) => Date.parse(text)),
  ])
  .refine((time) => !Number.isNaN(time), 'is no date');

const Shape = z.strictObject({
  Description: z.string().max(512).optional(),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  StartDate: date.optional(),
  EndDate: date.optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
  FlexibleTimeWindow: z.union([
    z.strictObject({ Mode: z.literal('OFF'), MaximumWindowInMinutes: z.undefined().optional() }),
    z.strictObject({
      Mode: z.literal('FLEXIBLE'),
      MaximumWindowInMinutes: z.coerce.number().int().min(1).max(1440),
    }),
  ]),
  Target: z.strictObject({ ...targetShape, RoleArn: z.string(), Input: z.string().optional() }),
});

/** What a schedule asks for; dates are milliseconds since the epoch. */
export type Schedule = Readonly<z.output<typeof Shape>>;

/** A schedule as it is kept between runs: it has been read once already. */
export const KeptSchedule = z.custom<Schedule>((value) => typeof value === 'object' && value !== null);

/** Reads a schedule of a call or a template; throws ValidationException for what Scheduler, or the local run, does not take. */
export function readSchedule(given: Readonly<Record<string, unknown>>): Schedule {
  const read = Shape.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw invalid(`${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { ScheduleExpression: expression, ScheduleExpressionTimezone: zone, StartDate, EndDate } = read.data;
  if (!isTimeZone(zone)) throw invalid(`Provided ScheduleExpressionTimezone is invalid: ${zone}.`);
  if (!readTimetable(expression, zone, 0)) throw invalid(`Invalid Schedule Expression ${expression}.`);
  if (StartDate !== undefined && EndDate !== undefined && EndDate <= StartDate) {
    throw invalid('EndDate must be after StartDate.');
  }
  return read.data;
}

/**
 * When a schedule is due. A rate has its first time at its StartDate, without one when the schedule was made or changed
 * (Scheduler user guide, "Rate-based schedules").
 */
export function timetableOf(schedule: Schedule, changedAt: number): Timetable {
  const { ScheduleExpression: expression, ScheduleExpressionTimezone: zone, StartDate } = schedule;
  const timetable = readTimetable(expression, zone, StartDate ?? changedAt);
  if (timetable) return timetable;
  throw new Error(`${expression} is no schedule`); // it was read before
}

export function scheduleTarget({ Target: given }: Schedule): Target {
  return targetOf(given);
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
