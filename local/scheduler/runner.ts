import { randomUUID } from 'node:crypto';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Deliveries } from '../events/deliveries.ts';
import { Recurrence } from './recurrence.ts';
import { runInput } from './run-input.ts';
import { scheduleTarget, timetableOf } from './schedule.ts';
import type { Entry, ScheduleBook } from './schedule-book.ts';

export interface RunnerParts {
  readonly account: Account;
  readonly clock: Clock;
  readonly book: ScheduleBook;
  readonly deliveries: Deliveries;
}

/** Makes the runs of every enabled schedule, each at its time or somewhere in its window. */
export class Runner {
  private readonly parts: RunnerParts;
  private readonly recurrences = new Map<string, Recurrence>();

  constructor(parts: RunnerParts) {
    this.parts = parts;
  }

  /** Follows a schedule as it now is, or no longer. */
  follow(entry: Entry): void {
    const { book, clock } = this.parts;
    this.forget(entry);
    const { schedule, changedAt, doneUntil } = entry;
    if (schedule.State === 'DISABLED') return;
    const isOnce = schedule.ScheduleExpression.startsWith('at(');
    const startsAt = isOnce ? undefined : schedule.StartDate;
    const endsAt = isOnce ? undefined : schedule.EndDate;
    const recurrence = new Recurrence({
      clock,
      timetable: timetableOf(schedule, changedAt),
      doneUntil: Math.max(doneUntil, (startsAt ?? 0) - 1),
      ...(endsAt === undefined ? {} : { endsAt }),
      onDue: (times, until) => {
        this.hand(entry, times);
        book.put({ ...entry, doneUntil: until });
      },
      onEnd: () => {
        if (schedule.ActionAfterCompletion === 'DELETE') book.remove(entry);
      },
    });
    this.recurrences.set(book.arnOf(entry.group, entry.name), recurrence);
    recurrence.start();
  }

  forget({ group, name }: Entry): void {
    const scheduleArn = this.parts.book.arnOf(group, name);
    this.recurrences.get(scheduleArn)?.stop();
    this.recurrences.delete(scheduleArn);
  }

  close(): void {
    for (const recurrence of this.recurrences.values()) recurrence.stop();
  }

  private hand({ schedule, group, name }: Entry, times: readonly number[]): void {
    const { account, book, deliveries } = this.parts;
    const scheduleArn = book.arnOf(group, name);
    const windowMs = (schedule.FlexibleTimeWindow.MaximumWindowInMinutes ?? 0) * 60_000;
    const due = times.map((time) => {
      const run = {
        executionId: randomUUID(),
        scheduledTime: new Date(time).toISOString().replace(/\.\d{3}/, ''),
      };
      return {
        delivery: {
          target: scheduleTarget(schedule),
          text: runInput(schedule, { ...run, scheduleArn }, account),
          sender: { service: 'scheduler.amazonaws.com' as const, sourceArn: scheduleArn },
          run,
        },
        ...(windowMs > 0 ? { dueAt: time + Math.floor(Math.random() * windowMs) } : {}),
      };
    });
    deliveries.add(...due);
  }
}
