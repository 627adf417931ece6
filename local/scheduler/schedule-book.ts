import { z } from 'zod';
import { type Account, arn } from '../account.ts';
import { AwsError } from '../front-door/service.ts';
import { StateFile } from '../state-file.ts';
import { KeptSchedule, type Schedule } from './schedule.ts';

const Entry = z.object({
  name: z.string(),
  group: z.string(),
  schedule: KeptSchedule,
  /** This and the other times: milliseconds since the epoch. */
  createdAt: z.number(),
  changedAt: z.number(),
  /** Every run up to then was made. */
  doneUntil: z.number(),
  /** What makes a repeated CreateSchedule the same one. */
  clientToken: z.string().optional(),
});
export type Entry = Readonly<z.infer<typeof Entry>>;

const State = z.object({
  groups: z.record(z.string(), z.object({ createdAt: z.number() })),
  /** By ARN. */
  schedules: z.record(z.string(), Entry),
  /** By ARN: what the template said when it was last followed, so that only a changed template undoes a call's change. */
  ofTemplate: z.record(z.string(), z.string()),
});

/** Every schedule group and schedule, kept between runs. */
export class ScheduleBook {
  private readonly account: Account;
  private readonly file: StateFile<z.infer<typeof State>>;
  private readonly state: z.infer<typeof State>;

  constructor(account: Account, stateFile: string) {
    this.account = account;
    this.file = new StateFile(stateFile, State);
    this.state = this.file.read() ?? { groups: {}, schedules: {}, ofTemplate: {} };
  }

  arnOf(group: string, name: string): string {
    return arn(this.account, 'scheduler', `schedule/${group}/${name}`);
  }

  groupArn(group: string): string {
    return arn(this.account, 'scheduler', `schedule-group/${group}`);
  }

  /** Those that were made, by name; `default` is always there. */
  groups(): Readonly<Record<string, { readonly createdAt: number }>> {
    return { default: { createdAt: 0 }, ...this.state.groups };
  }

  addGroup(name: string, createdAt: number): void {
    this.state.groups[name] ??= { createdAt };
    this.save();
  }

  /** Its schedules go with it. */
  removeGroup(name: string): void {
    delete this.state.groups[name];
    for (const entry of this.list()) if (entry.group === name) this.remove(entry);
    this.save();
  }

  requireGroup(name: string): void {
    if (Object.hasOwn(this.groups(), name)) return;
    throw new AwsError('ResourceNotFoundException', `Schedule group ${name} does not exist.`, 404);
  }

  list(): Entry[] {
    return Object.values(this.state.schedules);
  }

  find(group: string, name: string): Entry | undefined {
    return this.state.schedules[this.arnOf(group, name)];
  }

  require(group: string, name: string): Entry {
    const found = this.find(group, name);
    if (found) return found;
    throw new AwsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
  }

  put(entry: Entry): void {
    this.state.schedules[this.arnOf(entry.group, entry.name)] = entry;
    this.save();
  }

  remove({ group, name }: Entry): void {
    delete this.state.schedules[this.arnOf(group, name)];
    this.save();
  }

  /** True where the template says something else of this schedule than it did in the run before, or has it anew. */
  isChanged(group: string, name: string, schedule: Schedule): boolean {
    const [scheduleArn, said] = [this.arnOf(group, name), JSON.stringify(schedule)];
    const changed = this.state.ofTemplate[scheduleArn] !== said;
    this.state.ofTemplate[scheduleArn] = said;
    this.save();
    return changed;
  }

  /** Forgets those that the template no longer has. */
  keepOnly(ofTemplate: ReadonlySet<string>): void {
    for (const gone of Object.keys(this.state.ofTemplate).filter((one) => !ofTemplate.has(one))) {
      delete this.state.ofTemplate[gone];
      delete this.state.schedules[gone];
    }
    this.save();
  }

  private save(): void {
    this.file.write(this.state);
  }
}
